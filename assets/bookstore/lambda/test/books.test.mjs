import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createHandler } from '../books.mjs';
import { bodyOf, fakeDb } from './fake-db.mjs';

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
