// GET /books and GET /books/{id}. The list takes ?category=, and in pages ?limit=
// with ?after=, the `next` of the page before.
import { allPages, database } from './lib/dynamo.mjs';
import { answer, isBookId } from './lib/http.mjs';
import { readCursor, writeCursor } from './lib/cursor.mjs';

const MOST_IN_A_PAGE = 100;
const OTHER_LIST = 'That page does not belong to this list.';

/** What the query string asks for, or what is wrong with it. */
function asked({ category, limit, after }) {
  const size = limit === undefined ? undefined : Number(limit);
  if (size !== undefined && !(Number.isInteger(size) && size >= 1 && size <= MOST_IN_A_PAGE)) {
    return { wrong: `The limit is a whole number from 1 to ${MOST_IN_A_PAGE}.` };
  }
  const from = after === undefined ? undefined : readCursor(after);
  if (from === null) return { wrong: 'Take `after` from the `next` of a page.' };
  // The keys of a category's pages name it; those of the whole table name none.
  if (from && from.category !== (category || undefined)) return { wrong: OTHER_LIST };
  return { category, size, from };
}

const list = (db, table, category) => (category
  ? [(input) => db.query(input), {
    TableName: table,
    IndexName: 'category-index',
    KeyConditionExpression: 'category = :category',
    ExpressionAttributeValues: { ':category': category },
  }]
  : [(input) => db.scan(input), { TableName: table }]);

const byName = (a, b) => (a.name < b.name ? -1 : 1);

export const createHandler = ({ db, table }) => async (event) => {
  const id = event.pathParameters?.id;
  if (id !== undefined && id !== null) {
    if (!isBookId(id)) return answer(400, { message: 'A book id has letters, digits and hyphens.' });
    const { Item } = await db.get({ TableName: table, Key: { id } });
    return Item ? answer(200, { book: Item }) : answer(404, { message: `No book ${id}.` });
  }
  const { category, size, from, wrong } = asked(event.queryStringParameters ?? {});
  if (wrong) return answer(400, { message: wrong });
  const [call, input] = list(db, table, category);
  if (size === undefined) {
    const books = await allPages(call, { ...input, ExclusiveStartKey: from });
    return answer(200, { books: books.sort(byName) });
  }
  try {
    // A category comes in the index's order, by name. Pages of the whole table
    // come in the table's order: sorting across pages would mean reading it all.
    const page = await call({ ...input, Limit: size, ExclusiveStartKey: from });
    return answer(200, { books: page.Items ?? [], next: writeCursor(page.LastEvaluatedKey) });
  } catch (error) {
    // A cursor that was made up.
    if (error.name !== 'ValidationException' || !from) throw error;
    return answer(400, { message: OTHER_LIST });
  }
};

export const handler = async (event) =>
  createHandler({ db: await database(), table: process.env.BOOKS_TABLE })(event);
