// The cart, the check-out and the orders.
import { lines, MOST, quantityOf, total } from '../lib/cart.mjs';
import { money } from '../lib/money.mjs';
import { toBook } from '../lib/route.mjs';
import { button, el } from './dom.mjs';

const amount = (value) => (value === null ? 'no price' : money(value));

/** The lines of a list of items, after the books that it names are known. */
async function withBooks(items, shop) {
  const known = new Map(await Promise.all(items.map(async ({ bookId }) => [bookId, await shop.bookOf(bookId)])));
  return lines(items, (id) => known.get(id));
}

function table(caption, heads, rows, foot) {
  return el('table', {},
    el('caption', {}, caption),
    el('thead', {}, el('tr', {}, heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, rows),
    el('tfoot', {}, el('tr', {}, el('th', { scope: 'row', colspan: heads.length - 1 }, 'Total'), el('td', {}, foot))));
}

function cartRow(line, shop) {
  const field = el('input', {
    type: 'number', min: 1, max: MOST, value: line.quantity, 'aria-label': `Quantity of ${line.name}`, 'data-key': `quantity ${line.bookId}`,
  });
  field.addEventListener('change', () => shop.act(async () => {
    const quantity = quantityOf(field.value);
    if (quantity === null) {
      field.value = line.quantity;
      throw new Error(`A quantity is a whole number from 1 to ${MOST}.`);
    }
    await shop.api.change(line.bookId, quantity);
    await shop.show(`${line.name}: ${quantity}.`);
  }));
  const remove = button('Remove', () => shop.act(async () => {
    await shop.api.remove(line.bookId);
    await shop.show(`${line.name} is no longer in the cart.`);
  }), { 'aria-label': `Remove ${line.name}`, 'data-key': `remove ${line.bookId}` });
  return el('tr', {},
    el('th', { scope: 'row' }, el('a', { href: toBook(line.bookId) }, line.name)),
    el('td', {}, amount(line.each)),
    el('td', {}, field),
    el('td', {}, remove),
    el('td', {}, amount(line.sum)));
}

export async function cart(_, shop) {
  const { items } = await shop.api.cart();
  if (items.length === 0) return { title: 'Cart', nodes: [el('p', {}, 'The cart is empty.')] };
  const list = await withBooks(items, shop);
  const { count, sum, complete } = total(list);
  const order = button('Order', () => shop.act(async () => {
    const { order: placed, repeated } = await shop.checkOut();
    shop.go('#/orders', repeated
      ? `Order ${placed.orderId} stood already; nothing was ordered twice.`
      : `Order ${placed.orderId} is placed.`);
  }), { 'data-key': 'order' });
  return {
    title: 'Cart',
    nodes: [
      table(`${count} ${count === 1 ? 'book' : 'books'}`, ['Book', 'Price', 'Quantity', 'Change', 'Sum'],
        list.map((line) => cartRow(line, shop)), complete ? money(sum) : `${money(sum)} and more`),
      order,
    ],
  };
}

async function orderOf(order, shop) {
  const list = await withBooks(order.books, shop);
  const when = new Date(order.date);
  return el('section', {},
    table(`Order ${order.orderId}`, ['Book', 'Price', 'Quantity', 'Sum'], list.map((line) => el('tr', {},
      el('th', { scope: 'row' }, el('a', { href: toBook(line.bookId) }, line.name)),
      el('td', {}, amount(line.each)),
      el('td', {}, line.quantity),
      el('td', {}, amount(line.sum)))), money(total(list).sum)),
    el('p', {}, 'Placed ', el('time', { datetime: order.date }, Number.isNaN(when.getTime()) ? order.date : when.toLocaleString())));
}

export async function orders(_, shop) {
  const { orders: list } = await shop.api.orders();
  if (list.length === 0) return { title: 'Orders', nodes: [el('p', {}, 'No orders yet.')] };
  return { title: 'Orders', nodes: await Promise.all(list.map((order) => orderOf(order, shop))) };
}
