import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandler } from '../status.mjs';
import { bodyOf, fakeDb, named } from './fake-db.mjs';

test('truth answers without touching a table', async () => {
  process.env.AWS_REGION = 'ap-southeast-1';
  const db = fakeDb();
  const reply = await createHandler({ db: async () => db, table: 'Books' })({ resource: '/truth' });
  assert.deepEqual(bodyOf(reply), { region: 'ap-southeast-1', ok: true });
  assert.equal(db.calls.length, 0);
});

test('truth tells by which name and path API Gateway was asked', async () => {
  const ask = async (requestContext) => bodyOf(await createHandler({})({ resource: '/truth', requestContext }));
  const own = await ask({ domainName: 'abc.execute-api.eu-west-1.amazonaws.com', path: '/prod/truth' });
  assert.equal(own.host, 'abc.execute-api.eu-west-1.amazonaws.com');
  assert.equal(own.base, '/prod');
  assert.equal((await ask({ domainName: 'api.shop.test', path: '/truth' })).base, '');
});

test('health reads the table, and is 503 when it cannot', async () => {
  const event = { resource: '/health' };
  const good = createHandler({ db: async () => fakeDb(), table: 'Books' });
  assert.equal((await good(event)).statusCode, 200);
  const db = fakeDb();
  await createHandler({ db: async () => db, table: 'Books' })(event);
  assert.deepEqual(db.calls, [{ name: 'get', input: { TableName: 'Books', Key: { id: 'health' } } }]);
  const broken = fakeDb({ get: named('ResourceNotFoundException') });
  const bad = createHandler({ db: async () => broken, table: 'Books', log: () => {} });
  const reply = await bad(event);
  assert.equal(reply.statusCode, 503);
  assert.equal(bodyOf(reply).ok, false);
});

test('health is 503 as well when the client itself cannot be made', async () => {
  const said = [];
  const broken = async () => { throw named('TimeoutError'); };
  const handler = createHandler({ db: broken, table: 'Books', log: (...words) => said.push(words) });
  assert.equal((await handler({ resource: '/health' })).statusCode, 503);
  assert.equal(said[0][1].name, 'TimeoutError', 'the log says why');
});
