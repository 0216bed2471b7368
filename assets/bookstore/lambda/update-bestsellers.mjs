// Follows the stream of this Region's Orders table. Orders that were placed in
// the other Region arrive here too, as soon as they are replicated.
import { cache } from './lib/cache.mjs';

/** The day of a stream record. It is the same when the record is delivered again. */
const dayOf = ({ dynamodb }) => {
  const seconds = Number(dynamodb?.ApproximateCreationDateTime);
  return seconds > 0 ? new Date(seconds * 1000).toISOString().slice(0, 10) : 'undated';
};

/** The books that a batch of stream records adds: `[{ bookId, quantity, orderId, day }]`. */
export function soldBooks(records) {
  return records
    .filter((record) => record.eventName === 'INSERT')
    .flatMap((record) => {
      const order = record.dynamodb?.NewImage;
      return (order?.books?.L ?? []).map(({ M }) => ({
        bookId: M?.bookId?.S,
        quantity: Number(M?.quantity?.N),
        orderId: `${order.customerId?.S}/${order.orderId?.S}`,
        day: dayOf(record),
      }));
    })
    .filter(({ bookId, quantity }) => bookId && quantity > 0);
}

export const createHandler = ({ list }) => async (event) => {
  const books = soldBooks(event.Records ?? []);
  if (books.length === 0) return { counted: 0 };
  const bestsellers = await list();
  let counted = 0;
  // An error fails the batch, which is then delivered again as a whole.
  for (const book of books) if (await bestsellers.addOnce(book)) counted += 1;
  await bestsellers.forgetBefore(books.at(-1).day);
  return { counted };
};

export const handler = async (event) => createHandler({ list: cache })(event);
