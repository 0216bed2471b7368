import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, createApi } from '../../site/lib/api.mjs';

const json = (status, body, region) => new Response(JSON.stringify(body), {
  status, headers: region ? { 'x-bookstore-region': region } : {},
});

/** A fetch that gives prepared answers in turn: a Response, an Error, or a function of the request. */
function scripted(...answers) {
  const calls = [];
  const fetch = async (url, options) => {
    calls.push({ url, ...options });
    const next = answers.length > 1 ? answers.shift() : answers[0];
    const answer = typeof next === 'function' ? await next(url, options) : next;
    if (answer instanceof Error) throw answer;
    return answer.clone();
  };
  return { fetch, calls };
}

function client(answers, options = {}) {
  const waits = [];
  const seen = [];
  const { fetch, calls } = scripted(...answers);
  const api = createApi({
    base: 'https://api.shop.test/', fetch, wait: async (ms) => { waits.push(ms); }, onRegion: (region) => seen.push(region), ...options,
  });
  return { api, calls, waits, seen };
}

const status = (wanted) => (error) => error instanceof ApiError && error.status === wanted;

test('asks the API that the configuration names, and this host without one', async () => {
  const { api, calls } = client([json(200, { books: [] })]);
  await api.books({ category: 'Fairy Tales', limit: 5, after: undefined });
  assert.equal(calls[0].url, 'https://api.shop.test/books?category=Fairy%20Tales&limit=5');
  assert.equal(calls[0].cache, 'no-store');
  const here = client([json(200, {})], { base: '' });
  await here.api.book('b/1');
  assert.equal(here.calls[0].url, '/books/b%2F1');
});

test('tells the Region of every answer, from the header or from the body', async () => {
  const { api, seen } = client([
    json(200, {}, 'eu-west-1'), json(200, { region: 'ap-southeast-1' }), json(404, { message: 'No book.' }, 'eu-west-1'),
  ]);
  await api.truth();
  await api.truth();
  await assert.rejects(api.book('b1'), status(404));
  assert.deepEqual(seen, ['eu-west-1', 'ap-southeast-1', 'eu-west-1']);
});

test('asks again after no answer, an overload and an error of the server', async () => {
  const { api, calls, waits } = client([new TypeError('failed'), json(503, {}), json(429, {}), json(200, { books: [1] })]);
  assert.deepEqual((await api.books()).books, [1]);
  assert.equal(calls.length, 4);
  assert.deepEqual(waits, [300, 600, 1200]);
});

test('gives up after its tries, and says what the last one was', async () => {
  const dead = client([new TypeError('failed')]);
  await assert.rejects(dead.api.books(), status(0));
  assert.equal(dead.calls.length, 4);
  const broken = client([json(502, { message: 'Internal server error' })], { tries: 2 });
  await assert.rejects(broken.api.books(), /Internal server error/);
  assert.equal(broken.calls.length, 2);
});

test('does not repeat what was refused for good, nor wait for the best sellers', async () => {
  const refused = client([json(404, { message: 'No book b9.' })]);
  await assert.rejects(refused.api.book('b9'), /No book b9/);
  assert.equal(refused.calls.length, 1);
  const without = client([json(503, {})]);
  await assert.rejects(without.api.bestsellers(), status(503));
  assert.equal(without.calls.length, 1);
});

test('a server that stays silent is given up, and its request is aborted', async () => {
  let aborted = 0;
  const silent = (_, { signal }) => new Promise(() => { signal.addEventListener('abort', () => { aborted += 1; }); });
  const { api, calls } = client([silent, json(200, { books: [] })], { timeoutMs: 20 });
  await api.books();
  assert.equal(calls.length, 2);
  assert.equal(aborted, 1);
  const never = client([silent], { timeoutMs: 10, tries: 1 });
  await assert.rejects(never.api.books(), /in time/);
});

test('a body that never ends is given up as well', async () => {
  const endless = () => ({ clone: () => ({ ok: true, status: 200, headers: new Headers(), json: () => new Promise(() => {}) }) });
  const { api } = client([endless], { timeoutMs: 10, tries: 1 });
  await assert.rejects(api.books(), /in time/);
});

test('an answer that is no JSON is an error with its status', async () => {
  const { api } = client([new Response('<html>Bad gateway', { status: 400 })]);
  await assert.rejects(api.books(), (error) => error.status === 400 && /answered 400/.test(error.message));
});

// --- Signed requests ---------------------------------------------------------------

/** Two Regions behind one name: each takes only signatures for itself. */
function twoRegions(state, options = {}) {
  const signedFor = [];
  const fetch = async (url, { headers }) => {
    const region = state.region;
    if (url.endsWith('/truth')) {
      return json(200, { region, host: `${region}.test`, base: '/prod' }, region);
    }
    if (headers.for !== region) return options.opaque ? Promise.reject(new TypeError('blocked')) : json(403, { message: 'Forbidden' });
    return json(200, { items: [] }, region);
  };
  const sign = async ({ region, host, base, path, method, body }) => {
    signedFor.push(region);
    options.onSign?.(signedFor.length);
    return { for: region, at: `${host}${base}${path}`, method, body };
  };
  const api = createApi({ base: 'https://api.shop.test', fetch, sign, wait: async () => {} });
  return { api, signedFor };
}

test('signs for the Region that answers, and asks for it only once', async () => {
  const state = { region: 'eu-west-1' };
  const { api, signedFor } = twoRegions(state);
  await api.cart();
  await api.put('b1', 2);
  assert.deepEqual(signedFor, ['eu-west-1', 'eu-west-1']);
});

test('when DNS turns to another Region, signs again for that one', async () => {
  const state = { region: 'eu-west-1' };
  const { api, signedFor } = twoRegions(state);
  await api.cart();
  state.region = 'ap-southeast-1';
  assert.deepEqual((await api.cart()).items, []);
  assert.deepEqual(signedFor, ['eu-west-1', 'eu-west-1', 'ap-southeast-1']);
});

test('so it does when the browser hides the refusal, because it carries no CORS header', async () => {
  const state = { region: 'eu-west-1' };
  const { api, signedFor } = twoRegions(state, { opaque: true });
  await api.cart();
  state.region = 'ap-southeast-1';
  await api.cart();
  assert.deepEqual(signedFor.at(-1), 'ap-southeast-1');
});

test('a signature that is refused in the right Region is not tried for ever', async () => {
  const fetch = async (url) => (url.endsWith('/truth') ? json(200, {}, 'eu-west-1') : json(403, { message: 'Forbidden' }));
  let signed = 0;
  const api = createApi({ fetch, sign: async () => { signed += 1; return {}; }, wait: async () => {} });
  await assert.rejects(api.cart(), status(403));
  assert.equal(signed, 2);
});

test('without sign-in the request goes out unsigned, and a refusal is final', async () => {
  const { api, calls } = client([json(403, { message: 'Missing Authentication Token' })]);
  await assert.rejects(api.cart(), /Missing Authentication Token/);
  assert.deepEqual(calls.map((call) => call.url), ['https://api.shop.test/cart']);
});

test('what signing itself throws is not taken for an answer of the API', async () => {
  const fetch = async () => json(200, {}, 'eu-west-1');
  const api = createApi({ fetch, sign: async () => { throw new RangeError('no keys'); }, wait: async () => {} });
  await assert.rejects(api.cart(), RangeError);
});

test('credentials that have ended are told from a signature for the wrong Region', async () => {
  const asked = [];
  const answers = [
    json(200, { region: 'r1', host: 'r1.test', base: '' }, 'r1'),
    json(403, { message: 'The security token included in the request is expired' }),
    json(200, { region: 'r1', host: 'r1.test', base: '' }, 'r1'),
    json(200, { items: [] }, 'r1'),
  ];
  const sign = async ({ stale }) => {
    asked.push(stale);
    return {};
  };
  const api = createApi({ base: 'https://api.shop.test', fetch: async () => answers.shift(), sign, wait: async () => {} });
  await api.cart();
  assert.deepEqual(asked, [false, true]);
});
