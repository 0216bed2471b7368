// What is in a cart, and what it costs.
import { cents } from './money.mjs';

export const MOST = 99;

/** A quantity between 1 and the most that one line may hold, or null. */
export function quantityOf(text) {
  const value = Number(String(text).trim());
  return Number.isInteger(value) && value >= 1 && value <= MOST ? value : null;
}

/**
 * The lines of a cart or an order with what the page knows of each book. A line
 * may have a price of its own, as the lines of an order do: what was paid.
 */
export function lines(items, bookOf) {
  return items.map(({ bookId, quantity, price }) => {
    const book = bookOf(bookId);
    const each = cents(price ?? book?.price ?? null);
    return {
      bookId,
      quantity,
      name: book?.name ?? bookId,
      each,
      sum: each === null ? null : each * quantity,
    };
  }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** How many books, what they cost, and whether every price is known. */
export function total(list) {
  return {
    count: list.reduce((sum, line) => sum + line.quantity, 0),
    sum: list.reduce((sum, line) => sum + (line.sum ?? 0), 0),
    complete: list.every((line) => line.sum !== null),
  };
}

/** The quantity of a book after one more was put into the cart. */
export function oneMore(items, bookId) {
  const held = items.find((item) => item.bookId === bookId)?.quantity ?? 0;
  return Math.min(held + 1, MOST);
}
