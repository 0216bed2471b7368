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

test('health reads the table, and is 503 when it cannot', async () => {
  const event = { resource: '/health' };
  const good = createHandler({ db: async () => fakeDb(), table: 'Books' });
  assert.equal((await good(event)).statusCode, 200);
  const broken = fakeDb({ get: named('ResourceNotFoundException') });
  const bad = createHandler({ db: async () => broken, table: 'Books', log: () => {} });
  const reply = await bad(event);
  assert.equal(reply.statusCode, 503);
  assert.equal(bodyOf(reply).ok, false);
});
