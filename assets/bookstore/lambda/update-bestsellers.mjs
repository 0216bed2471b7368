// Follows the stream of this Region's Orders table. Orders that were placed in
// the other Region arrive here too, as soon as they are replicated.
import { cache } from './lib/cache.mjs';

/** The books of the orders that a batch of stream records adds: `[{ bookId, quantity }]`. */
export function soldBooks(records) {
  return records
    .filter((record) => record.eventName === 'INSERT')
    .flatMap((record) => record.dynamodb?.NewImage?.books?.L ?? [])
    .map(({ M }) => ({ bookId: M?.bookId?.S, quantity: Number(M?.quantity?.N) }))
    .filter(({ bookId, quantity }) => bookId && quantity > 0);
}

export const createHandler = ({ list }) => async (event) => {
  const books = soldBooks(event.Records ?? []);
  if (books.length === 0) return { counted: 0 };
  const bestsellers = await list();
  // A failed batch is delivered again, so a count may be a little too high:
  // good enough for a list, not for accounts.
  for (const { bookId, quantity } of books) await bestsellers.add(bookId, quantity);
  return { counted: books.length };
};

export const handler = async (event) => createHandler({ list: cache })(event);
