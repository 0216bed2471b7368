import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandler } from '../orders.mjs';
import { bodyOf, fakeDb, named, signed } from './fake-db.mjs';

const tables = { books: 'Books', orders: 'Orders', cart: 'Cart' };
const now = () => new Date('2026-11-02T10:00:00Z');
const call = (db, event) => createHandler({ db, tables, now })(signed(event));
const cart = [{ bookId: 'b1', quantity: 2 }, { bookId: 'b2', quantity: 1 }];
const cancelled = (...codes) => Object.assign(named('TransactionCanceledException'), {
  CancellationReasons: codes.map((Code) => ({ Code })),
});
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

test('lists the orders of the customer only, the newest first', async () => {
  const Items = [{ orderId: 'o1', date: '2026-11-01' }, { orderId: 'o3', date: '2026-11-03' }, { orderId: 'o2', date: '2026-11-02' }];
  const db = fakeDb({ query: { Items } });
  const { orders } = bodyOf(await call(db, { httpMethod: 'GET' }));
  assert.deepEqual(orders.map((order) => order.orderId), ['o3', 'o2', 'o1']);
  assert.equal(db.calls[0].input.TableName, 'Orders');
  assert.equal(db.calls[0].input.ExpressionAttributeValues[':customer'], 'eu-west-1:reader');
});

test('nobody orders without a signature', async () => {
  const db = fakeDb();
  const reply = await createHandler({ db, tables })({ httpMethod: 'POST', requestContext: {} });
  assert.equal(reply.statusCode, 401);
  assert.equal(db.calls.length, 0);
});

const withToken = (token) => ({ httpMethod: 'POST', body: JSON.stringify({ token }) });
/** Books cost 12.5; the Orders table holds what `order` gives. */
const holding = (order) => ({ TableName }) => ({ Item: TableName === 'Orders' ? order() : { price: 12.5 } });

test('the token of the client is the key of the order', async () => {
  const db = full({ get: holding(() => undefined) });
  const reply = await call(db, withToken('t-1'));
  assert.equal(reply.statusCode, 201);
  const [{ Put }] = db.calls.at(-1).input.TransactItems;
  assert.equal(Put.Item.orderId, 't-1');
  assert.equal(Put.ConditionExpression, 'attribute_not_exists(orderId)');
});

test('the same token again gives the order that stands, and changes nothing', async () => {
  const stands = { customerId: 'eu-west-1:reader', orderId: 't-1', books: [] };
  const db = full({ get: holding(() => stands) });
  const reply = await call(db, withToken('t-1'));
  assert.equal(reply.statusCode, 200);
  assert.deepEqual(bodyOf(reply).order, stands);
  assert.equal(bodyOf(reply).repeated, true);
  assert.deepEqual(db.calls.map((one) => one.name), ['get']);
  assert.equal(db.calls[0].input.ConsistentRead, true);
});

test('of two requests with one token that run side by side, one orders and both succeed', async () => {
  let order;
  const db = full({
    get: holding(() => order),
    transactWrite: () => {
      order = { orderId: 't-1', books: [{ bookId: 'b1' }] };
      throw cancelled('ConditionalCheckFailed', 'ConditionalCheckFailed', 'None');
    },
  });
  const reply = await call(db, withToken('t-1'));
  assert.equal(reply.statusCode, 200);
  assert.deepEqual(bodyOf(reply).order, order);
});

test('a cart that changed is 409, a conflict that passes is 503', async () => {
  const refused = (...codes) => call(full({ transactWrite: cancelled(...codes) }), { httpMethod: 'POST' });
  assert.equal((await refused('None', 'ConditionalCheckFailed', 'None')).statusCode, 409);
  assert.equal((await refused('None', 'TransactionConflict', 'None')).statusCode, 503);
  assert.equal((await refused('None', 'None', 'ThrottlingError')).statusCode, 503);
});

test('a token that is no key is 400', async () => {
  for (const token of ['', 'a b', 7, null, 'x'.repeat(65)]) {
    const db = fakeDb();
    assert.equal((await call(db, withToken(token))).statusCode, 400, String(token));
    assert.equal(db.calls.length, 0);
  }
});
