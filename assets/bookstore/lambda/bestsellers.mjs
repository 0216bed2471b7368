// GET /bestsellers: the twenty books that this Region counted most often.
import { cache } from './lib/cache.mjs';
import { answer } from './lib/http.mjs';

const TOP = 20;

export const createHandler = ({ list, log = console.error }) => async () => {
  try {
    return answer(200, { bestsellers: await (await list()).top(TOP) });
  } catch (error) {
    // A shop without its best sellers is still a shop.
    log('bestsellers: the cache cannot be read', error);
    return answer(503, { message: 'The best sellers are not available.' });
  }
};

export const handler = async (event) => createHandler({ list: cache })(event);
