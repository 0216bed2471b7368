// GET /orders: the customer's orders. POST /orders: check out the cart. The body
// may carry a token, { "token": "…" }: with the same one an order is placed once,
// however often, and in whichever Region, the client has to ask.
import { allPages, database } from './lib/dynamo.mjs';
import { answer, bodyOf, customerOf, isBookId } from './lib/http.mjs';

// One transaction takes 100 items: the order itself, and the cart's.
const MOST_BOOKS = 99;
// Why a part of a transaction was refused: its condition did not hold.
const FAILED = 'ConditionalCheckFailed';

const ofCustomer = (TableName, customerId) => ({
  TableName,
  KeyConditionExpression: 'customerId = :customer',
  ExpressionAttributeValues: { ':customer': customerId },
});

/**
 * The order is put and the cart emptied: all or nothing, inside this Region.
 * Replication then carries item by item: for a moment the other Region may see
 * the order and the old cart. DynamoDB's own token would not do here: it must
 * come with the same input, and a repetition has another date.
 */
function checkOut(tables, order) {
  const { customerId } = order;
  const put = {
    TableName: tables.orders,
    Item: order,
    ConditionExpression: 'attribute_not_exists(orderId)',
  };
  return [{ Put: put }, ...order.books.map(({ bookId, quantity }) => ({
    Delete: {
      TableName: tables.cart,
      Key: { customerId, bookId },
      ConditionExpression: 'quantity = :quantity',
      ExpressionAttributeValues: { ':quantity': quantity },
    },
  }))];
}

export const createHandler = ({ db, tables, now = () => new Date() }) => async (event) => {
  const customerId = customerOf(event);
  if (!customerId) return answer(401, { message: 'Sign the request: an order belongs to someone.' });
  const query = (input) => db.query(input);

  if (event.httpMethod === 'GET') {
    const orders = await allPages(query, ofCustomer(tables.orders, customerId));
    return answer(200, { orders: orders.sort((a, b) => (a.date < b.date ? 1 : -1)) });
  }

  const token = bodyOf(event)?.token;
  if (token !== undefined && !isBookId(token)) {
    return answer(400, { message: 'A token has letters, digits and hyphens.' });
  }
  // The token is the order's key. Should both Regions be asked before they have
  // told each other, each writes the same key, and replication leaves one order.
  const orderId = token ?? event.requestContext.requestId;
  const placed = async () => {
    const { Item } = await db.get({
      TableName: tables.orders,
      Key: { customerId, orderId },
      ConsistentRead: true,
    });
    return Item && answer(200, { order: Item, repeated: true });
  };
  const before = token && await placed();
  if (before) return before;

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

  const order = { customerId, orderId, date: now().toISOString(), books };
  try {
    await db.transactWrite({ TransactItems: checkOut(tables, order) });
  } catch (error) {
    if (error.name !== 'TransactionCanceledException') throw error;
    const [ofOrder, ...ofCart] = (error.CancellationReasons ?? []).map((reason) => reason.Code);
    if (ofOrder === FAILED) {
      // A repetition that ran beside this request came first.
      const other = await placed();
      if (other) return other;
    }
    const passing = [ofOrder, ...ofCart].find((code) => code && code !== 'None' && code !== FAILED);
    if (passing) return answer(503, { message: `The tables are busy (${passing}). Try again with the same token.` });
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
