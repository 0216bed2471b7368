// The catalogue: the list by category, one book, the best sellers.
import { cents, money } from '../lib/money.mjs';
import { toBook, toCategory } from '../lib/route.mjs';
import { cover } from './cover.mjs';
import { button, el } from './dom.mjs';

const PAGE = 24;

const price = (book) => {
  const amount = cents(book.price);
  return amount === null ? 'no price' : money(amount);
};
const stars = (rating) => el('span', { role: 'img', 'aria-label': `${rating} of 5 stars` },
  '★'.repeat(rating) + '☆'.repeat(Math.max(0, 5 - rating)));

function card(book, shop) {
  return el('li', { class: 'card' },
    el('a', { href: toBook(book.id), tabindex: '-1', 'aria-hidden': 'true' }, cover(book)),
    el('div', {},
      el('h3', {}, el('a', { href: toBook(book.id) }, book.name)),
      el('p', {}, `by ${book.author}`),
      el('p', {}, `${book.category} · ${price(book)}`),
      button('Add to cart', () => shop.add(book), { 'aria-label': `Add ${book.name} to the cart` })));
}

/** Links to the categories that are known so far. */
export function categories(chosen, shop) {
  const link = (category, label) => el('li', {},
    el('a', { href: toCategory(category), 'aria-current': category === chosen && 'true' }, label));
  return el('nav', { 'aria-label': 'Categories' },
    el('ul', { class: 'tabs' }, link('', 'All books'), shop.categories().map((one) => link(one, one))));
}

export async function books({ category }, shop) {
  const list = el('ul', { class: 'cards', 'aria-label': category || 'All books' });
  const more = button('More books', load);
  let after;
  async function load() {
    const before = list.childElementCount;
    const page = await shop.api.books({ category, limit: PAGE, after });
    shop.learn(page.books);
    list.append(...page.books.map((book) => card(book, shop)));
    after = page.next;
    more.hidden = !after;
    shop.say(`${list.childElementCount} books${after ? ', and there are more' : ''}.`);
    // Who pressed the button goes on with the first new book.
    if (before > 0) list.children[before]?.querySelector('h3 a')?.focus();
  }
  await load();
  return { title: category || 'Books', nodes: [categories(category, shop), list, more] };
}

export async function book({ id }, shop) {
  const { book: found } = await shop.api.book(id);
  shop.learn([found]);
  return {
    title: found.name,
    nodes: [el('article', { class: 'book' },
      cover(found),
      el('div', {},
        el('p', {}, `by ${found.author}`),
        el('p', {}, stars(found.rating)),
        el('p', {}, found.description),
        el('p', {}, el('a', { href: toCategory(found.category) }, found.category), ` · ${price(found)}`),
        button('Add to cart', () => shop.add(found))))],
  };
}

export async function bestsellers(_, shop) {
  const { bestsellers: sold } = await shop.api.bestsellers();
  const rows = await Promise.all(sold.map(async (one) => ({ ...one, book: await shop.bookOf(one.bookId) })));
  const row = ({ bookId, sold: count, book: known }) => el('li', {},
    el('a', { href: toBook(bookId) }, known?.name ?? bookId), ` — ${count} sold`);
  return {
    title: 'Best sellers',
    nodes: rows.length === 0
      ? [el('p', {}, 'Nobody has bought a book in this Region’s memory yet.')]
      : [el('ol', {}, rows.map(row))],
  };
}
