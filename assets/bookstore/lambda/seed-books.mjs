// Fills the Books table with the catalogue. It may be called again at any time:
// a book that is there already is written with the same values.
import { catalogue } from './lib/catalogue.mjs';
import { database } from './lib/dynamo.mjs';

// The most that one BatchWriteItem takes.
const BATCH = 25;
const TRIES = 6;
const FIRST_WAIT_MS = 50;

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Writes one batch. DynamoDB may take a part of it, and gives the rest back. */
async function writeAll(db, table, requests, wait) {
  let left = requests;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    if (attempt > 0) await wait(FIRST_WAIT_MS * 2 ** (attempt - 1));
    const { UnprocessedItems } = await db.batchWrite({ RequestItems: { [table]: left } });
    left = UnprocessedItems?.[table] ?? [];
    if (left.length === 0) return;
  }
  throw new Error(`${left.length} books were not written after ${TRIES} tries. Call the function again.`);
}

export const createHandler = ({ db, table, books = catalogue, wait = pause }) => async () => {
  for (let from = 0; from < books.length; from += BATCH) {
    const requests = books.slice(from, from + BATCH).map((Item) => ({ PutRequest: { Item } }));
    await writeAll(db, table, requests, wait);
  }
  return { written: books.length };
};

export const handler = async (event) =>
  createHandler({ db: await database(), table: process.env.BOOKS_TABLE })(event);
