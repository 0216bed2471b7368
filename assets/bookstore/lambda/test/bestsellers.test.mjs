import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { createHandler as createList } from '../bestsellers.mjs';
import { ask, bestsellers, decode, encode, send } from '../lib/cache.mjs';
import { createHandler as createUpdate, soldBooks } from '../update-bestsellers.mjs';
import { bodyOf } from './fake-db.mjs';

const DAY = '2026-11-02';
const AT = Date.parse(`${DAY}T10:00:00Z`) / 1000;
const order = (eventName, ...books) => ({
  eventName,
  dynamodb: {
    ApproximateCreationDateTime: AT,
    NewImage: {
      customerId: { S: 'c' },
      orderId: { S: 'o1' },
      books: { L: books.map(([id, n]) => ({ M: { bookId: { S: id }, quantity: { N: String(n) } } })) },
    },
  },
});
const sold = (bookId, quantity) => ({ bookId, quantity, orderId: 'c/o1', day: DAY });

/** A cache that holds sorted sets; `fails` names the set whose next change is refused. */
function fakeCache() {
  const sets = {};
  const state = { sets, fails: null };
  state.command = async ([name, key, by, member]) => {
    if (state.fails === key) {
      state.fails = null;
      throw new Error('no reply');
    }
    if (name === 'DEL') return delete sets[key] ? 1 : 0;
    assert.equal(name, 'ZINCRBY');
    sets[key] ??= {};
    sets[key][member] = (sets[key][member] ?? 0) + Number(by);
    return String(sets[key][member]);
  };
  return state;
}

test('counts new orders only, and skips what is no book', () => {
  const records = [order('INSERT', ['b1', 2], ['b2', 1]), order('MODIFY', ['b1', 9]), { eventName: 'REMOVE' },
    { eventName: 'INSERT', dynamodb: { NewImage: { books: { L: [{}] } } } }];
  assert.deepEqual(soldBooks(records), [sold('b1', 2), sold('b2', 1)]);
});

test('a record without a time is counted as well', () => {
  const record = order('INSERT', ['b1', 2]);
  delete record.dynamodb.ApproximateCreationDateTime;
  assert.equal(soldBooks([record])[0].day, 'undated');
});

test('a batch that is delivered again adds nothing', async () => {
  const state = fakeCache();
  const update = createUpdate({ list: async () => bestsellers(state.command) });
  const event = { Records: [order('INSERT', ['b1', 2], ['b2', 1])] };
  assert.deepEqual(await update(event), { counted: 2 });
  assert.deepEqual(await update(event), { counted: 0 });
  assert.deepEqual(state.sets.bestsellers, { b1: 2, b2: 1 });
});

test('a count that failed is made up for when the batch comes again', async () => {
  const state = fakeCache();
  const update = createUpdate({ list: async () => bestsellers(state.command) });
  const event = { Records: [order('INSERT', ['b1', 2])] };
  state.fails = 'bestsellers';
  await assert.rejects(update(event), /no reply/);
  assert.deepEqual(await update(event), { counted: 1 });
  assert.deepEqual(state.sets.bestsellers, { b1: 2 });
});

test('the marks of two days before are dropped, those of yesterday stay', async () => {
  const state = fakeCache();
  state.sets['counted:2026-10-31'] = { old: 1 };
  state.sets['counted:2026-11-01'] = { kept: 1 };
  const list = bestsellers(state.command);
  await list.forgetBefore(DAY);
  await list.forgetBefore('undated');
  assert.deepEqual(Object.keys(state.sets), ['counted:2026-11-01']);
});

test('without a cache the batch fails, so that it is delivered again', async () => {
  const broken = async () => { throw new Error('no cache'); };
  await assert.rejects(createUpdate({ list: broken })({ Records: [order('INSERT', ['b1', 2])] }));
  assert.deepEqual(await createUpdate({ list: broken })({ Records: [] }), { counted: 0 });
  assert.deepEqual(await createUpdate({ list: broken })({}), { counted: 0 });
});

test('the list is best first, and 503 without a cache', async () => {
  const command = async (parts) => {
    assert.deepEqual(parts, ['ZREVRANGE', 'bestsellers', 0, 19, 'WITHSCORES']);
    return ['b2', '7', 'b1', '3'];
  };
  const reply = await createList({ list: async () => bestsellers(command) })();
  assert.deepEqual(bodyOf(reply).bestsellers, [{ bookId: 'b2', sold: 7 }, { bookId: 'b1', sold: 3 }]);
  const broken = createList({ list: async () => { throw new Error('no cache'); }, log: () => {} });
  assert.equal((await broken()).statusCode, 503);
});

test('RESP: commands are counted in bytes, replies are read in parts', () => {
  assert.equal(encode(['ZINCRBY', 'k', 2, 'é']), '*4\r\n$7\r\nZINCRBY\r\n$1\r\nk\r\n$1\r\n2\r\n$2\r\né\r\n');
  const whole = Buffer.from('*2\r\n$2\r\nb1\r\n$1\r\n7\r\n+OK\r\n');
  for (let i = 0; i < 19; i += 1) assert.equal(decode(whole.subarray(0, i)), null, `after ${i} bytes`);
  const first = decode(whole);
  assert.deepEqual(first.value, ['b1', '7']);
  assert.equal(decode(first.rest).value, 'OK');
  assert.equal(decode(Buffer.from(':42\r\n')).value, 42);
  assert.equal(decode(Buffer.from('$-1\r\n')).value, null);
  assert.match(decode(Buffer.from('-WRONGTYPE x\r\n')).value.message, /WRONGTYPE/);
  assert.throws(() => decode(Buffer.from('!\r\n')));
});

test('a reply in two packets, an error reply, a closed connection', async () => {
  const socket = Object.assign(new EventEmitter(), { write() {} });
  const waiting = send(socket, ['PING']);
  socket.emit('data', Buffer.from('+PO'));
  socket.emit('data', Buffer.from('NG\r\n'));
  assert.equal(await waiting, 'PONG');
  const refused = send(socket, ['PING']);
  socket.emit('data', Buffer.from('-ERR no\r\n'));
  await assert.rejects(refused, /ERR no/);
  const closed = send(socket, ['PING']);
  socket.emit('close');
  await assert.rejects(closed, /closed/);
  assert.equal(socket.listenerCount('data'), 0);
});

test('a connection that failed is given up, so that no late reply answers the next command', async () => {
  const socket = Object.assign(new EventEmitter(), { write() {}, destroyed: false });
  socket.destroy = () => { socket.destroyed = true; };
  const refused = ask(socket, ['PING']);
  socket.emit('data', Buffer.from('-ERR no\r\n'));
  await assert.rejects(refused, /ERR no/);
  assert.equal(socket.destroyed, true);
  await assert.rejects(ask(socket, ['PING']), /gone/);
});

test('a cache that stays silent is an error, and leaves no listener behind', async () => {
  const socket = Object.assign(new EventEmitter(), { write() {} });
  await assert.rejects(send(socket, ['PING'], 5), /did not answer/);
  assert.deepEqual(socket.eventNames(), []);
});
