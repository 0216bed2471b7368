// GET /orders: the customer's orders. POST /orders: check out the cart.
import { allPages, database } from './lib/dynamo.mjs';
import { answer, customerOf } from './lib/http.mjs';

// One transaction takes 100 items: the order itself, and the cart's.
const MOST_BOOKS = 99;

const ofCustomer = (TableName, customerId) => ({
  TableName,
  KeyConditionExpression: 'customerId = :customer',
  ExpressionAttributeValues: { ':customer': customerId },
});

export const createHandler = ({ db, tables, now = () => new Date() }) => async (event) => {
  const customerId = customerOf(event);
  if (!customerId) return answer(401, { message: 'Sign the request: an order belongs to someone.' });
  const query = (input) => db.query(input);

  if (event.httpMethod === 'GET') {
    const orders = await allPages(query, ofCustomer(tables.orders, customerId));
    return answer(200, { orders });
  }

  const cart = await allPages(query, ofCustomer(tables.cart, customerId));
  if (cart.length === 0) return answer(409, { message: 'The cart is empty.' });
  if (cart.length > MOST_BOOKS) {
    return answer(409, { message: `An order has at most ${MOST_BOOKS} different books.` });
  }
  // The price comes from the catalogue, never from the client.
  const books = await Promise.all(cart.map(async ({ bookId, quantity }) => {
    const { Item } = await db.get({ TableName: tables.books, Key: { id: bookId } });
    return { bookId, quantity, price: Item?.price ?? null };
  }));
  const gone = books.filter((book) => book.price === null).map((book) => book.bookId);
  if (gone.length > 0) return answer(409, { message: `No longer in the catalogue: ${gone.join(', ')}.` });

  const order = {
    customerId,
    orderId: event.requestContext.requestId,
    date: now().toISOString(),
    books,
  };
  try {
    // All or nothing, inside this Region. Replication then carries item by item:
    // for a moment the other Region may see the order and the old cart.
    await db.transactWrite({
      TransactItems: [
        {
          Put: {
            TableName: tables.orders,
            Item: order,
            ConditionExpression: 'attribute_not_exists(orderId)',
          },
        },
        ...cart.map(({ bookId, quantity }) => ({
          Delete: {
            TableName: tables.cart,
            Key: { customerId, bookId },
            ConditionExpression: 'quantity = :quantity',
            ExpressionAttributeValues: { ':quantity': quantity },
          },
        })),
      ],
    });
  } catch (error) {
    if (error.name !== 'TransactionCanceledException') throw error;
    return answer(409, { message: 'The cart changed in the meantime. Look at it and order again.' });
  }
  return answer(201, { order });
};

export const handler = async (event) =>
  createHandler({
    db: await database(),
    tables: {
      books: process.env.BOOKS_TABLE,
      orders: process.env.ORDERS_TABLE,
      cart: process.env.CART_TABLE,
    },
  })(event);
