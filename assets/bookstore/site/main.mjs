// Starts the shop: reads where the API is, and shows the page that the address names.
import { ApiError, createApi } from './lib/api.mjs';
import { oneMore } from './lib/cart.mjs';
import { createCheckout } from './lib/checkout.mjs';
import { createIdentity } from './lib/identity.mjs';
import { createRegionWatch, flagOf, wordsOf } from './lib/region.mjs';
import { parse } from './lib/route.mjs';
import { sign } from './lib/sign.mjs';
import { account } from './view/account.mjs';
import { bestsellers, book, books, categories } from './view/books.mjs';
import { byId, el } from './view/dom.mjs';
import { cart, orders } from './view/purchase.mjs';

const VIEWS = { account, bestsellers, book, books, cart, orders };
const watch = createRegionWatch();
const known = new Map();
let shop;
let shown = 0;

const say = (text) => { byId('status').textContent = text; };

function onRegion(region) {
  const news = watch.see(region);
  if (!news) return;
  byId('flag').textContent = flagOf(region);
  byId('region').textContent = wordsOf(region);
  if (!news.text) return;
  byId('change-text').textContent = news.text;
  byId('change').hidden = false;
}

function told(error) {
  // Without a signature API Gateway says 403, the shop's own functions 401.
  const nobody = error instanceof ApiError && [401, 403].includes(error.status);
  if (nobody && shop.identity && !shop.identity.email) return 'Sign in first: a cart and an order belong to someone.';
  return error.message;
}

/** Runs what a button started, and says what went wrong. */
async function act(run) {
  try {
    await run();
  } catch (error) {
    say(told(error));
  }
}

async function show(message = '') {
  const mine = (shown += 1);
  const where = parse(location.hash);
  for (const link of document.querySelectorAll('#pages a')) {
    if (parse(link.hash).page === where.page) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  byId('main').setAttribute('aria-busy', 'true');
  say('Loading…');
  let page;
  try {
    page = await VIEWS[where.page](where, shop);
    if (mine === shown && (message || byId('status').textContent === 'Loading…')) say(message);
  } catch (error) {
    page = { title: 'That did not work', nodes: [el('button', { type: 'button', onclick: () => show() }, 'Try again')] };
    if (mine === shown) say(told(error));
  }
  // Another page was asked for in the meantime.
  if (mine !== shown) return;
  byId('main').removeAttribute('aria-busy');
  byId('title').textContent = page.title;
  document.title = `${page.title} · Bookstore`;
  replace(page.nodes);
}

/** Puts new content in. Whoever was in the old one with the keyboard stays in the same place. */
function replace(nodes) {
  const here = document.activeElement;
  const inside = byId('page').contains(here);
  byId('page').replaceChildren(...nodes);
  if (!inside) return;
  const same = here.dataset.key && byId('page').querySelector(`[data-key="${CSS.escape(here.dataset.key)}"]`);
  (same || byId('title')).focus();
}

async function go(hash, message) {
  history.pushState(null, '', hash);
  await show(message);
  byId('title').focus();
}

/** Learns categories and names from the whole catalogue, beside what is shown. */
async function learnAll() {
  let after;
  do {
    const page = await shop.api.books({ limit: 100, after });
    shop.learn(page.books);
    after = page.next;
  } while (after);
  const tabs = document.querySelector('#page nav');
  if (tabs) tabs.replaceWith(categories(parse(location.hash).category, shop));
}

async function start() {
  const reply = await fetch('config.json', { cache: 'no-store' });
  const { api: base = '', signIn = null } = await reply.json();
  const origin = new URL(base || '/', location.href);
  const plain = { fetch: (...given) => fetch(...given), storage: sessionStorage };
  const identity = signIn && createIdentity({ signIn, ...plain });
  const signer = identity && (async ({ host, base: prefix, path, stale, ...rest }) => {
    const credentials = await identity.credentials(stale);
    if (!credentials) return {};
    const whole = `${prefix ?? origin.pathname.replace(/\/+$/, '')}${path}`;
    return sign({ ...rest, host: host ?? origin.host, path: whole, credentials });
  });
  const api = createApi({ base, fetch: plain.fetch, sign: signer, onRegion });
  shop = {
    api,
    identity,
    act,
    go,
    say,
    show,
    checkOut: createCheckout({ api, storage: sessionStorage, newToken: () => crypto.randomUUID() }),
    learn: (list) => list.forEach((one) => known.set(one.id, one)),
    categories: () => [...new Set([...known.values()].map((one) => one.category))].sort(),
    async bookOf(id) {
      if (!known.has(id)) await api.book(id).then(({ book: found }) => known.set(id, found), () => {});
      return known.get(id) ?? null;
    },
    add: (wanted) => act(async () => {
      const { items } = await api.cart();
      const quantity = oneMore(items, wanted.id);
      await api.put(wanted.id, quantity);
      say(`${wanted.name} is in the cart: ${quantity}.`);
    }),
  };
  byId('dismiss').addEventListener('click', () => { byId('change').hidden = true; });
  byId('ask').addEventListener('click', () => act(async () => {
    const { region } = await api.truth();
    say(`${wordsOf(region)} answered.`);
  }));
  addEventListener('hashchange', async () => {
    await show();
    byId('title').focus();
  });
  await show();
  // A shop that cannot list everything still shows what it can.
  await learnAll().catch(() => {});
}

start().catch((error) => say(`The shop could not start: ${error.message}`));
