import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createHandler } from '../books.mjs';
import { bodyOf, fakeDb, named } from './fake-db.mjs';

beforeEach(() => { process.env.AWS_REGION = 'eu-west-1'; });

test('lists every page, sorted by name, and says which Region answers', async () => {
  const db = fakeDb({
    scan: ({ ExclusiveStartKey }) => (ExclusiveStartKey
      ? { Items: [{ id: '2', name: 'Anchors' }] }
      : { Items: [{ id: '1', name: 'Zinc' }], LastEvaluatedKey: { id: '1' } }),
  });
  const reply = await createHandler({ db, table: 'Books' })({});
  assert.equal(reply.statusCode, 200);
  assert.equal(reply.headers['x-bookstore-region'], 'eu-west-1');
  assert.deepEqual(bodyOf(reply).books.map((book) => book.id), ['2', '1']);
  assert.equal(bodyOf(reply).region, 'eu-west-1');
});

test('asks the index when a category is given', async () => {
  const db = fakeDb({ query: { Items: [] } });
  await createHandler({ db, table: 'Books' })({ queryStringParameters: { category: 'Sea' } });
  assert.equal(db.calls[0].input.IndexName, 'category-index');
  assert.deepEqual(db.calls[0].input.ExpressionAttributeValues, { ':category': 'Sea' });
});

test('gives one book, 404 for a missing one, 400 for a strange id', async () => {
  const db = fakeDb({ get: ({ Key }) => (Key.id === 'b1' ? { Item: { id: 'b1' } } : {}) });
  const get = (id) => createHandler({ db, table: 'Books' })({ pathParameters: { id } });
  assert.equal((await get('b1')).statusCode, 200);
  assert.equal((await get('b2')).statusCode, 404);
  assert.equal((await get('../x')).statusCode, 400);
});

const list = (db, queryStringParameters) => createHandler({ db, table: 'Books' })({ queryStringParameters });

test('a list in pages: the next of one is the after of the other', async () => {
  const db = fakeDb({
    query: ({ ExclusiveStartKey }) => (ExclusiveStartKey
      ? { Items: [{ id: 'b2' }] }
      : { Items: [{ id: 'b1' }], LastEvaluatedKey: { id: 'b1', category: 'Sea', name: 'Ä' } }),
  });
  const first = bodyOf(await list(db, { category: 'Sea', limit: '1' }));
  assert.deepEqual(first.books, [{ id: 'b1' }]);
  assert.match(first.next, /^[\w-]+$/, 'it fits into a URL');
  const second = bodyOf(await list(db, { category: 'Sea', limit: '1', after: first.next }));
  assert.deepEqual(second.books, [{ id: 'b2' }]);
  assert.equal('next' in second, false);
  assert.equal(db.calls[0].input.Limit, 1);
  assert.deepEqual(db.calls[1].input.ExclusiveStartKey, { id: 'b1', category: 'Sea', name: 'Ä' });
});

test('strange limits and cursors are 400, and ask nothing', async () => {
  const db = fakeDb();
  const cursor = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const limit of ['0', '101', '1.5', 'ten', '-1', '']) {
    assert.equal((await list(db, { limit })).statusCode, 400, limit);
  }
  for (const after of ['', 'x', cursor([]), cursor({}), cursor({ id: 1 }), cursor(null), cursor('b1')]) {
    assert.equal((await list(db, { limit: '5', after })).statusCode, 400, after);
  }
  assert.equal(db.calls.length, 0);
});

test('a cursor of another list is 400, and asks nothing', async () => {
  const db = fakeDb();
  const cursor = (key) => Buffer.from(JSON.stringify(key)).toString('base64url');
  const ofSea = cursor({ id: 'b1', category: 'Sea', name: 'A' });
  for (const query of [{ category: 'Poetry', after: ofSea }, { after: ofSea }, { category: 'Sea', after: cursor({ id: 'b1' }) }]) {
    assert.equal((await list(db, { limit: '5', ...query })).statusCode, 400, JSON.stringify(query));
  }
  assert.equal(db.calls.length, 0);
});

test('a cursor that DynamoDB refuses is 400; a fault of our own is not blamed on it', async () => {
  const after = Buffer.from('{"id":"b1"}').toString('base64url');
  const db = fakeDb({ scan: named('ValidationException') });
  assert.equal((await list(db, { limit: '5', after })).statusCode, 400);
  await assert.rejects(list(db, { limit: '5' }), { name: 'ValidationException' });
  await assert.rejects(list(fakeDb({ scan: named('ThrottlingException') }), { limit: '5', after }));
});
