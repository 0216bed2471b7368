import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { createHandler as createList } from '../bestsellers.mjs';
import { bestsellers, decode, encode, send } from '../lib/cache.mjs';
import { createHandler as createUpdate, soldBooks } from '../update-bestsellers.mjs';
import { bodyOf } from './fake-db.mjs';

const order = (eventName, ...books) => ({
  eventName,
  dynamodb: {
    NewImage: {
      books: { L: books.map(([id, n]) => ({ M: { bookId: { S: id }, quantity: { N: String(n) } } })) },
    },
  },
});

test('counts new orders only, and skips what is no book', () => {
  const records = [order('INSERT', ['b1', 2], ['b2', 1]), order('MODIFY', ['b1', 9]), { eventName: 'REMOVE' },
    { eventName: 'INSERT', dynamodb: { NewImage: { books: { L: [{}] } } } }];
  assert.deepEqual(soldBooks(records), [{ bookId: 'b1', quantity: 2 }, { bookId: 'b2', quantity: 1 }]);
});

test('adds each sold book; an error fails the batch, so that it is delivered again', async () => {
  const added = [];
  const list = async () => ({ add: async (...one) => { added.push(one); } });
  const event = { Records: [order('INSERT', ['b1', 2])] };
  assert.deepEqual(await createUpdate({ list })(event), { counted: 1 });
  assert.deepEqual(added, [['b1', 2]]);
  const broken = async () => { throw new Error('no cache'); };
  await assert.rejects(createUpdate({ list: broken })(event));
  assert.deepEqual(await createUpdate({ list: broken })({ Records: [] }), { counted: 0 });
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
