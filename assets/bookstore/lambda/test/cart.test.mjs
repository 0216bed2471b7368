import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandler } from '../cart.mjs';
import { bodyOf, fakeDb, named, signed } from './fake-db.mjs';

const call = (db, event) => createHandler({ db, table: 'Cart' })(signed(event));
const json = (httpMethod, body) => ({ httpMethod, body: JSON.stringify(body) });

test('an unsigned request is refused', async () => {
  const reply = await createHandler({ db: fakeDb(), table: 'Cart' })({ httpMethod: 'GET' });
  assert.equal(reply.statusCode, 401);
});

test('an IAM identity without Cognito has a cart as well', async () => {
  const db = fakeDb({ query: { Items: [] } });
  await createHandler({ db, table: 'Cart' })({
    httpMethod: 'GET',
    requestContext: { identity: { cognitoIdentityId: null, userArn: 'arn:aws:iam::111122223333:user/u' } },
  });
  assert.equal(db.calls[0].input.ExpressionAttributeValues[':customer'], 'arn:aws:iam::111122223333:user/u');
});

test('puts, changes and removes a book of the customer', async () => {
  const db = fakeDb();
  assert.equal((await call(db, json('POST', { bookId: 'b1', quantity: 2 }))).statusCode, 201);
  assert.equal((await call(db, json('PUT', { bookId: 'b1', quantity: 3 }))).statusCode, 200);
  assert.equal((await call(db, json('DELETE', { bookId: 'b1' }))).statusCode, 200);
  assert.deepEqual(db.calls.map((one) => one.name), ['put', 'update', 'delete']);
  assert.deepEqual(db.calls[0].input.Item, { customerId: 'eu-west-1:reader', bookId: 'b1', quantity: 2 });
  assert.deepEqual(db.calls[2].input.Key, { customerId: 'eu-west-1:reader', bookId: 'b1' });
});

test('lists the cart and finds one book in it', async () => {
  const db = fakeDb({ query: { Items: [{ bookId: 'b1' }] }, get: { Item: { bookId: 'b1' } } });
  assert.equal(bodyOf(await call(db, { httpMethod: 'GET' })).items.length, 1);
  const one = await call(db, { httpMethod: 'GET', pathParameters: { bookId: 'b1' } });
  assert.equal(bodyOf(one).item.bookId, 'b1');
});

test('changing what is not there is 404; other errors are not hidden', async () => {
  const missing = fakeDb({ update: named('ConditionalCheckFailedException') });
  assert.equal((await call(missing, json('PUT', { bookId: 'b1', quantity: 1 }))).statusCode, 404);
  const broken = fakeDb({ update: named('InternalServerError') });
  await assert.rejects(call(broken, json('PUT', { bookId: 'b1', quantity: 1 })));
});

test('refuses bodies that make no sense', async () => {
  for (const body of ['', '[1]', '{', '{"bookId":"b1"}', '{"bookId":"b1","quantity":0}', '{"quantity":1}']) {
    const reply = await call(fakeDb(), { httpMethod: 'POST', body });
    assert.equal(reply.statusCode, 400, body);
  }
});
