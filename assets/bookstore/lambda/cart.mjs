// GET, POST, PUT and DELETE /cart, and GET /cart/{bookId}. The last write wins:
// a cart that is changed in both Regions within a second keeps one change.
import { allPages, database } from './lib/dynamo.mjs';
import { answer, bodyOf, customerOf, isBookId, isQuantity } from './lib/http.mjs';

const bad = (message) => answer(400, { message });

export const createHandler = ({ db, table }) => async (event) => {
  const customerId = customerOf(event);
  if (!customerId) return answer(401, { message: 'Sign the request: a cart belongs to someone.' });

  if (event.httpMethod === 'GET') {
    const bookId = event.pathParameters?.bookId;
    if (bookId === undefined || bookId === null) {
      const items = await allPages((input) => db.query(input), {
        TableName: table,
        KeyConditionExpression: 'customerId = :customer',
        ExpressionAttributeValues: { ':customer': customerId },
      });
      return answer(200, { items });
    }
    if (!isBookId(bookId)) return bad('A book id has letters, digits and hyphens.');
    const { Item } = await db.get({ TableName: table, Key: { customerId, bookId } });
    return Item ? answer(200, { item: Item }) : answer(404, { message: `No book ${bookId} in the cart.` });
  }

  const body = bodyOf(event);
  if (!body || !isBookId(body.bookId)) return bad('The body needs a bookId.');
  const Key = { customerId, bookId: body.bookId };
  if (event.httpMethod === 'DELETE') {
    await db.delete({ TableName: table, Key });
    return answer(200, { removed: body.bookId });
  }
  if (!isQuantity(body.quantity)) return bad('The quantity is a whole number from 1 to 99.');
  const item = { ...Key, quantity: body.quantity };
  if (event.httpMethod === 'POST') {
    await db.put({ TableName: table, Item: item });
    return answer(201, { item });
  }
  try {
    await db.update({
      TableName: table,
      Key,
      UpdateExpression: 'SET quantity = :quantity',
      ConditionExpression: 'attribute_exists(bookId)',
      ExpressionAttributeValues: { ':quantity': body.quantity },
    });
    return answer(200, { item });
  } catch (error) {
    if (error.name !== 'ConditionalCheckFailedException') throw error;
    return answer(404, { message: `No book ${body.bookId} in the cart.` });
  }
};

export const handler = async (event) =>
  createHandler({ db: await database(), table: process.env.CART_TABLE })(event);
