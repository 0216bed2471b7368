import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandler } from '../orders.mjs';
import { bodyOf, fakeDb, named, signed } from './fake-db.mjs';

const tables = { books: 'Books', orders: 'Orders', cart: 'Cart' };
const now = () => new Date('2026-11-02T10:00:00Z');
const call = (db, event) => createHandler({ db, tables, now })(signed(event));
const cart = [{ bookId: 'b1', quantity: 2 }, { bookId: 'b2', quantity: 1 }];
const full = (more = {}) => fakeDb({ query: { Items: cart }, get: { Item: { price: 12.5 } }, ...more });

test('checks out the cart in one transaction, at the price of the catalogue', async () => {
  const db = full();
  const reply = await call(db, { httpMethod: 'POST' });
  assert.equal(reply.statusCode, 201);
  assert.deepEqual(bodyOf(reply).order, {
    customerId: 'eu-west-1:reader',
    orderId: 'request-1',
    date: '2026-11-02T10:00:00.000Z',
    books: [{ bookId: 'b1', quantity: 2, price: 12.5 }, { bookId: 'b2', quantity: 1, price: 12.5 }],
  });
  const { TransactItems } = db.calls.at(-1).input;
  assert.equal(TransactItems.length, 3);
  assert.equal(TransactItems[0].Put.TableName, 'Orders');
  assert.deepEqual(TransactItems[2].Delete.Key, { customerId: 'eu-west-1:reader', bookId: 'b2' });
});

test('an empty cart, a vanished book or a changed cart is 409, and nothing else is hidden', async () => {
  const post = { httpMethod: 'POST' };
  assert.equal((await call(fakeDb({ query: { Items: [] } }), post)).statusCode, 409);
  assert.equal((await call(full({ get: {} }), post)).statusCode, 409);
  assert.equal((await call(full({ transactWrite: named('TransactionCanceledException') }), post)).statusCode, 409);
  await assert.rejects(call(full({ transactWrite: named('ThrottlingException') }), post));
});

test('more than 99 books do not fit in one transaction', async () => {
  const db = fakeDb({ query: { Items: Array.from({ length: 100 }, (_, i) => ({ bookId: `b${i}`, quantity: 1 })) } });
  const reply = await call(db, { httpMethod: 'POST' });
  assert.equal(reply.statusCode, 409);
  assert.equal(db.calls.length, 1);
});

test('lists the orders of the customer only', async () => {
  const db = fakeDb({ query: { Items: [{ orderId: 'o1' }] } });
  assert.equal(bodyOf(await call(db, { httpMethod: 'GET' })).orders.length, 1);
  assert.equal(db.calls[0].input.TableName, 'Orders');
  assert.equal(db.calls[0].input.ExpressionAttributeValues[':customer'], 'eu-west-1:reader');
});
