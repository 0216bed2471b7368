// GET /books (optional ?category=) and GET /books/{id}.
import { allPages, database } from './lib/dynamo.mjs';
import { answer, isBookId } from './lib/http.mjs';

export const createHandler = ({ db, table }) => async (event) => {
  const id = event.pathParameters?.id;
  if (id !== undefined && id !== null) {
    if (!isBookId(id)) return answer(400, { message: 'A book id has letters, digits and hyphens.' });
    const { Item } = await db.get({ TableName: table, Key: { id } });
    return Item ? answer(200, { book: Item }) : answer(404, { message: `No book ${id}.` });
  }
  const category = event.queryStringParameters?.category;
  const books = category
    ? await allPages((input) => db.query(input), {
      TableName: table,
      IndexName: 'category-index',
      KeyConditionExpression: 'category = :category',
      ExpressionAttributeValues: { ':category': category },
    })
    : await allPages((input) => db.scan(input), { TableName: table });
  books.sort((a, b) => (a.name < b.name ? -1 : 1));
  return answer(200, { books });
};

export const handler = async (event) =>
  createHandler({ db: await database(), table: process.env.BOOKS_TABLE })(event);
