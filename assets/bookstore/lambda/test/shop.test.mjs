// The page's client against the functions, in two Regions that share their tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../site/lib/api.mjs';
import { createCheckout } from '../../site/lib/checkout.mjs';
import { createRegionWatch } from '../../site/lib/region.mjs';
import { createHandler as bestsellersHandler } from '../bestsellers.mjs';
import { createHandler as booksHandler } from '../books.mjs';
import { createHandler as cartHandler } from '../cart.mjs';
import { bestsellers } from '../lib/cache.mjs';
import { catalogue } from '../lib/catalogue.mjs';
import { createHandler as ordersHandler } from '../orders.mjs';
import { createHandler as seedHandler } from '../seed-books.mjs';
import { createHandler as statusHandler } from '../status.mjs';
import { createHandler as countHandler } from '../update-bestsellers.mjs';
import { memoryDb } from './memory-db.mjs';

function sortedSets() {
  const sets = {};
  return async ([name, key, a, b]) => {
    sets[key] ??= {};
    if (name === 'ZINCRBY') return String(sets[key][b] = (sets[key][b] ?? 0) + Number(a));
    if (name === 'DEL') return delete sets[key] ? 1 : 0;
    return Object.entries(sets[key]).sort((x, y) => y[1] - x[1]).flatMap(([member, score]) => [member, String(score)]);
  };
}

/** The shop as a browser meets it: one name that leads to `state.region`. */
function shop() {
  const db = memoryDb();
  const list = async () => bestsellers(state.command);
  const state = { region: 'eu-west-1', command: sortedSets(), lose: () => false, db, list };
  const tables = { books: 'Books', orders: 'Orders', cart: 'Cart' };
  const routes = {
    books: booksHandler({ db, table: 'Books' }),
    bestsellers: bestsellersHandler({ list, log() {} }),
    cart: cartHandler({ db, table: 'Cart' }),
    orders: ordersHandler({ db, tables }),
    truth: statusHandler({}),
  };
  let requests = 0;
  const fetch = async (url, { method, body, headers = {} }) => {
    const { pathname, searchParams } = new URL(url);
    const [, route, id] = pathname.split('/');
    process.env.AWS_REGION = state.region;
    const signedFor = headers.authorization;
    const forCustomers = route === 'cart' || route === 'orders';
    if (forCustomers && signedFor !== state.region) return new Response('{"message":"Forbidden"}', { status: 403 });
    const query = [...searchParams];
    requests += 1;
    const answer = await routes[route]({
      httpMethod: method,
      resource: `/${route}`,
      pathParameters: id ? { id, bookId: id } : null,
      queryStringParameters: query.length > 0 ? Object.fromEntries(query) : null,
      requestContext: { requestId: `r-${requests}`, identity: { cognitoIdentityId: forCustomers ? 'me' : null } },
      body: body ?? null,
    });
    if (state.lose(method, pathname)) throw new TypeError('connection lost');
    return new Response(answer.body, { status: answer.statusCode, headers: answer.headers });
  };
  const watch = createRegionWatch();
  const sign = async ({ region }) => ({ authorization: region });
  const api = createApi({
    base: 'https://api.shop.test', fetch, sign, onRegion: (region) => watch.see(region), tries: 3, wait: async () => {},
  });
  const kept = new Map();
  const storage = {
    getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name),
  };
  let tokens = 0;
  const checkOut = createCheckout({ api, storage, newToken: () => `token-${tokens += 1}` });
  return { state, api, watch, db, checkOut, kept };
}

const seeded = async () => {
  const made = shop();
  await seedHandler({ db: made.db, table: 'Books' })();
  return made;
};

test('an empty shop is filled once, however often it is seeded', async () => {
  const { api, db } = shop();
  assert.deepEqual((await api.books()).books, []);
  const seed = seedHandler({ db, table: 'Books' });
  await seed();
  await seed();
  assert.equal((await api.books()).books.length, catalogue.length);
  assert.equal((await api.book('b64')).book.id, 'b64');
});

test('all pages of a category are its books, in order, whichever Region gives each page', async () => {
  const { api, state } = await seeded();
  const found = [];
  let after;
  do {
    const page = await api.books({ category: 'Fairy Tales', limit: 3, after });
    found.push(...page.books.map((book) => book.name));
    after = page.next;
    state.region = state.region === 'eu-west-1' ? 'ap-southeast-1' : 'eu-west-1';
  } while (after);
  const wanted = catalogue.filter((book) => book.category === 'Fairy Tales').map((book) => book.name).sort();
  assert.deepEqual(found, wanted);
});

test('buying: cart, order, orders, best sellers', async () => {
  const { api, checkOut, db, state } = await seeded();
  await api.put('b09', 2);
  await api.put('b21', 1);
  await api.change('b21', 3);
  await api.put('b01', 1);
  await api.remove('b01');
  const { order, repeated } = await checkOut();
  assert.equal(repeated, false);
  assert.deepEqual(order.books.map((book) => [book.bookId, book.quantity, book.price]), [['b09', 2, 12.5], ['b21', 3, 14.5]]);
  assert.deepEqual((await api.cart()).items, []);
  assert.deepEqual((await api.orders()).orders.map((one) => one.orderId), [order.orderId]);
  const Records = db.inserted().filter((one) => one.table === 'Orders').map(({ item }) => ({
    eventName: 'INSERT',
    dynamodb: {
      ApproximateCreationDateTime: Date.parse(item.date) / 1000,
      NewImage: {
        customerId: { S: item.customerId },
        orderId: { S: item.orderId },
        books: { L: item.books.map((book) => ({ M: { bookId: { S: book.bookId }, quantity: { N: String(book.quantity) } } })) },
      },
    },
  }));
  const count = countHandler({ list: state.list });
  await count({ Records });
  await count({ Records });
  assert.deepEqual((await api.bestsellers()).bestsellers, [{ bookId: 'b21', sold: 3 }, { bookId: 'b09', sold: 2 }]);
});

test('when the Region changes in the middle of shopping, the order is placed in the other one', async () => {
  const { api, checkOut, state, watch } = await seeded();
  await api.put('b09', 1);
  assert.equal(watch.current, 'eu-west-1');
  state.region = 'ap-southeast-1';
  const { order } = await checkOut();
  assert.equal(order.books.length, 1);
  assert.equal(watch.current, 'ap-southeast-1');
  assert.equal(watch.changes, 1);
});

test('an order whose answer is lost is placed once', async () => {
  const { api, checkOut, state, kept } = await seeded();
  await api.put('b09', 1);
  let losses = 0;
  state.lose = (method, path) => method === 'POST' && path === '/orders' && (losses += 1) <= 2;
  const { repeated } = await checkOut();
  assert.equal(repeated, true);
  assert.equal((await api.orders()).orders.length, 1);
  assert.equal(kept.size, 0, 'the next order gets a token of its own');
});

test('an order without any answer is found when the customer presses again', async () => {
  const { api, checkOut, state, kept } = await seeded();
  await api.put('b09', 1);
  state.lose = (method, path) => method === 'POST' && path === '/orders';
  await assert.rejects(checkOut(), { status: 0 });
  assert.deepEqual([...kept.values()], ['token-1']);
  state.lose = () => false;
  const { order, repeated } = await checkOut();
  assert.deepEqual([order.orderId, repeated], ['token-1', true]);
  await api.put('b21', 1);
  assert.equal((await checkOut()).order.orderId, 'token-2');
});

test('an order that emptied the cart before it could be seen is found among the orders', async () => {
  const { api, checkOut, state, db } = await seeded();
  await api.put('b09', 1);
  // The other Region has the emptied cart already, and gets the order a moment later.
  state.lose = (method, path) => method === 'POST' && path === '/orders';
  await assert.rejects(checkOut());
  const [[place, order]] = db.tables.Orders;
  db.tables.Orders.clear();
  state.region = 'ap-southeast-1';
  let refused = 0;
  state.lose = (method, path) => {
    if (method === 'POST' && path === '/orders' && (refused += 1)) db.tables.Orders.set(place, order);
    return false;
  };
  const found = await checkOut();
  assert.equal(refused, 1);
  assert.deepEqual(found, { order, repeated: true });
});

test('an empty cart is no order', async () => {
  const { checkOut, api } = await seeded();
  await assert.rejects(checkOut(), /The cart is empty/);
  assert.deepEqual((await api.orders()).orders, []);
});
