import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lines, oneMore, quantityOf, total } from '../../site/lib/cart.mjs';
import { coverOf, hash, HEIGHT, WIDTH, wrap } from '../../site/lib/cover.mjs';
import { cents, money } from '../../site/lib/money.mjs';
import { createRegionWatch, flagOf, wordsOf } from '../../site/lib/region.mjs';
import { parse, toBook, toCategory } from '../../site/lib/route.mjs';
import { catalogue } from '../lib/catalogue.mjs';

test('money is counted in whole cents', () => {
  assert.equal(cents(19.9), 1990);
  assert.equal(cents('12.25'), 1225);
  for (const none of [null, undefined, '', 'free', -1, NaN, Infinity]) assert.equal(cents(none), null, String(none));
  assert.equal(money(1990), '€ 19.90');
  assert.equal(money(0), '€ 0.00');
});

test('a total does not lose a cent, and says when a price is missing', () => {
  const prices = { a: { name: 'A', price: 0.1 }, b: { name: 'B', price: 0.2 } };
  const list = lines([{ bookId: 'b', quantity: 1 }, { bookId: 'a', quantity: 3 }], (id) => prices[id]);
  assert.deepEqual(list.map((line) => [line.name, line.each, line.sum]), [['A', 10, 30], ['B', 20, 20]]);
  assert.deepEqual(total(list), { count: 4, sum: 50, complete: true });
  const gone = lines([{ bookId: 'a', quantity: 1 }, { bookId: 'x', quantity: 2 }], (id) => prices[id] ?? null);
  assert.deepEqual(total(gone), { count: 3, sum: 10, complete: false });
  assert.equal(gone.find((line) => line.bookId === 'x').name, 'x', 'the id stands for an unknown book');
  assert.deepEqual(total([]), { count: 0, sum: 0, complete: true });
});

test('an order keeps the price that was paid', () => {
  const [line] = lines([{ bookId: 'a', quantity: 2, price: 5 }], () => ({ name: 'A', price: 9 }));
  assert.equal(line.sum, 1000);
});

test('quantities are whole numbers from 1 to 99', () => {
  assert.equal(quantityOf(' 7 '), 7);
  for (const wrong of ['', '0', '100', '1.5', 'two', '-1']) assert.equal(quantityOf(wrong), null, wrong);
  assert.equal(oneMore([], 'b'), 1);
  assert.equal(oneMore([{ bookId: 'b', quantity: 4 }], 'b'), 5);
  assert.equal(oneMore([{ bookId: 'b', quantity: 99 }], 'b'), 99);
});

test('the first Region is no change, another one is, and the way back as well', () => {
  const watch = createRegionWatch();
  assert.equal(watch.see('eu-west-1').text, null);
  assert.equal(watch.see('eu-west-1'), null);
  assert.equal(watch.see(undefined), null, 'an answer without a Region tells nothing');
  const away = watch.see('ap-southeast-1');
  assert.deepEqual([away.before, away.region], ['eu-west-1', 'ap-southeast-1']);
  assert.equal(away.text, 'Another Region answers now: Singapore (ap-southeast-1). Before, it was Ireland (eu-west-1).');
  assert.match(watch.see('eu-west-1').text, /now: Ireland/);
  assert.equal(watch.changes, 2);
  assert.equal(watch.current, 'eu-west-1');
});

test('flags are made of the country, and unknown Regions are shown by their code', () => {
  assert.equal(flagOf('eu-west-1'), '\u{1F1EE}\u{1F1EA}');
  assert.equal(flagOf('ap-southeast-1'), '\u{1F1F8}\u{1F1EC}');
  assert.equal(flagOf('xx-new-9'), '');
  assert.equal(wordsOf('xx-new-9'), 'xx-new-9');
});

test('every book of the catalogue has a cover that fits, and always the same one', () => {
  for (const book of catalogue) {
    const cover = coverOf(book);
    assert.deepEqual(coverOf({ ...book }), cover);
    assert.ok(cover.lines.length >= 1 && cover.lines.length <= 6, book.name);
    for (const line of cover.lines) assert.ok(line.length <= 13, `${book.name}: ${line}`);
    for (const { x, y, r } of cover.circles) {
      assert.ok(x >= 0 && x < WIDTH && y > 0 && y <= HEIGHT && r > 0, book.name);
    }
  }
  const colours = new Set(catalogue.map((book) => coverOf(book).background));
  assert.equal(colours.size, new Set(catalogue.map((book) => book.category)).size, 'a colour for each category');
});

test('a cover takes any title', () => {
  assert.deepEqual(wrap(''), []);
  assert.deepEqual(wrap('Pneumonoultramicroscopic'), ['Pneumonoultr…']);
  const long = wrap('one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen');
  assert.equal(long.length, 6);
  assert.match(long.at(-1), /…$/);
  assert.ok(coverOf({}).background, 'a book without title and category');
  assert.notEqual(hash('Sea'), hash('Sae'));
});

test('addresses lead to pages, and nonsense to the books', () => {
  assert.deepEqual(parse(''), { page: 'books', id: null, category: '' });
  assert.deepEqual(parse(toBook('b/1')), { page: 'book', id: 'b/1', category: '' });
  assert.deepEqual(parse(toCategory('Fairy Tales')), { page: 'books', id: null, category: 'Fairy Tales' });
  assert.equal(parse(toCategory('')).category, '');
  assert.equal(parse('#/cart').page, 'cart');
  for (const wrong of ['#/__proto__', '#/constructor', '#nowhere', '#/books/%E0%A4%A']) {
    assert.equal(parse(wrong).page, 'books', wrong);
  }
});
