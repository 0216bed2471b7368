import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { catalogue } from '../lib/catalogue.mjs';
import { isBookId } from '../lib/http.mjs';
import { createHandler } from '../seed-books.mjs';
import { fakeDb, named } from './fake-db.mjs';

const books = Array.from({ length: 60 }, (_, i) => ({ id: `b${i}` }));
const requestsOf = (call) => call.input.RequestItems.Books;
const idsOf = (call) => requestsOf(call).map((request) => request.PutRequest.Item.id);

test('the catalogue has at least sixty books, each whole and by itself', () => {
  assert.ok(catalogue.length >= 60, `${catalogue.length} books`);
  for (const book of catalogue) {
    assert.ok(isBookId(book.id), book.id);
    for (const field of ['category', 'name', 'author', 'description']) {
      assert.ok(typeof book[field] === 'string' && book[field].trim() === book[field] && book[field], `${book.id} ${field}`);
    }
    assert.ok(Number.isInteger(book.rating) && book.rating >= 1 && book.rating <= 5, book.id);
    assert.ok(book.price > 0 && book.price < 100, book.id);
    assert.equal(Math.round(book.price * 100), Number((book.price * 100).toFixed(6)), `${book.id}: whole cents`);
  }
  for (const field of ['id', 'name']) {
    assert.equal(new Set(catalogue.map((book) => book[field])).size, catalogue.length, `${field} twice`);
  }
  const categories = [...new Set(catalogue.map((book) => book.category))];
  assert.ok(categories.length >= 6);
  for (const one of categories) {
    assert.ok(catalogue.filter((book) => book.category === one).length >= 4, one);
  }
});

test('the files that the guide writes by hand are the catalogue, 25 books in each at most', async () => {
  const folder = new URL('../../policies/', import.meta.url);
  const files = (await readdir(folder)).filter((name) => /^seed-books-\d\.json$/.test(name)).sort();
  const plain = ({ PutRequest: { Item } }) => Object.fromEntries(Object.entries(Item)
    .map(([name, value]) => [name, 'N' in value ? Number(value.N) : value.S]));
  const books = [];
  for (const file of files) {
    const [requests] = Object.values(JSON.parse(await readFile(new URL(file, folder), 'utf8')));
    assert.ok(requests.length <= 25, `${file}: the most that one call takes`);
    books.push(...requests.map(plain));
  }
  assert.deepEqual(books, catalogue);
});

test('writes 25 at a time, every book once', async () => {
  const db = fakeDb();
  assert.deepEqual(await createHandler({ db, table: 'Books', books })(), { written: 60 });
  assert.deepEqual(db.calls.map((call) => requestsOf(call).length), [25, 25, 10]);
  assert.deepEqual(db.calls.flatMap(idsOf), books.map((book) => book.id));
});

test('what DynamoDB gives back is sent again, after longer and longer pauses', async () => {
  const waits = [];
  let round = 0;
  const db = fakeDb({
    batchWrite: ({ RequestItems }) => {
      round += 1;
      return round < 3 ? { UnprocessedItems: { Books: RequestItems.Books.slice(1) } } : { UnprocessedItems: {} };
    },
  });
  const handler = createHandler({ db, table: 'Books', books: books.slice(0, 3), wait: async (ms) => { waits.push(ms); } });
  assert.deepEqual(await handler(), { written: 3 });
  assert.deepEqual(db.calls.map(idsOf), [['b0', 'b1', 'b2'], ['b1', 'b2'], ['b2']]);
  assert.ok(waits.length === 2 && waits[1] > waits[0], String(waits));
});

test('a table that takes nothing is an error that says how much is missing', async () => {
  const db = fakeDb({ batchWrite: ({ RequestItems }) => ({ UnprocessedItems: RequestItems }) });
  const handler = createHandler({ db, table: 'Books', books: books.slice(0, 4), wait: async () => {} });
  await assert.rejects(handler(), /4 books were not written/);
  assert.equal(db.calls.length, 6);
});

test('an error of the table is not hidden', async () => {
  const db = fakeDb({ batchWrite: named('ResourceNotFoundException') });
  await assert.rejects(createHandler({ db, table: 'Books', books })(), { name: 'ResourceNotFoundException' });
});
