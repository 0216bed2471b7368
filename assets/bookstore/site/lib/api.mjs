// The shop's API. Every request may be repeated without doing more than once, so
// a request that found no answer is sent again: the name may lead elsewhere by now.

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** An answer that is no success, or none at all (status 0). */
export class ApiError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** Runs something that can be aborted, for at most so long. */
async function within(ms, run) {
  const control = new AbortController();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject(new ApiError('No answer in time.'));
      control.abort();
    }, ms);
  });
  try {
    return await Promise.race([run(control.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

const queryOf = (query) => Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== '');
const again = (status) => status === 0 || status === 429 || status >= 500;

/**
 * `base` is the API's URL, or empty for this host. `sign` gives the headers that
 * prove who asks, or null when nobody is signed in.
 */
export function createApi({
  base = '', fetch, sign = null, onRegion = () => {}, tries = 4, timeoutMs = 5000, firstWaitMs = 300, wait = pause,
}) {
  const root = base.replace(/\/+$/, '');
  // Region, host and path to sign for. Known from /truth, and forgotten when a
  // signed request fails: DNS may have chosen another Region since.
  let door = null;

  async function once(method, path, { query, body, headers }) {
    // Not URLSearchParams: its + for a space would not fit the signature.
    const search = queryOf(query).map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
    return within(timeoutMs, async (signal) => {
      let reply;
      try {
        reply = await fetch(`${root}${path}${search ? `?${search}` : ''}`, {
          method, body, headers, signal, cache: 'no-store',
        });
      } catch {
        throw new ApiError('The API cannot be reached.');
      }
      // API Gateway's own errors carry no Region; a proxy's need not be JSON.
      const answer = await reply.json().catch(() => ({}));
      const region = reply.headers.get('x-bookstore-region') ?? answer.region;
      if (region) onRegion(region);
      if (!reply.ok) throw new ApiError(answer.message ?? `The API answered ${reply.status}.`, reply.status);
      return answer;
    });
  }

  async function proof(method, path, { query, body, stale }) {
    if (!sign) return {};
    door ??= await once('GET', '/truth', {});
    const here = { host: door.host, base: door.base, region: door.region };
    return sign({ method, path, query: queryOf(query), body, stale, ...here });
  }

  async function ask(method, path, options = {}) {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    let refused = 0;
    let stale = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const signed = options.signed ? await proof(method, path, { ...options, body, stale }) : {};
        return await once(method, path, { ...options, body, headers: { ...type, ...signed } });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (options.signed) door = null;
        // AWS's clock decides, not this one: ask for new credentials, and only then.
        stale = error.status === 403 && /expired/i.test(error.message);
        // 403 is what a signature for the wrong Region gets. Once is enough to know.
        const wrongRegion = options.signed && sign && error.status === 403 && (refused += 1) === 1;
        if (attempt >= (options.tries ?? tries) || !(again(error.status) || wrongRegion)) throw error;
        await wait(wrongRegion ? 0 : firstWaitMs * 2 ** (attempt - 1));
      }
    }
  }

  return {
    books: ({ category, limit, after } = {}) => ask('GET', '/books', { query: { category, limit, after } }),
    book: (id) => ask('GET', `/books/${encodeURIComponent(id)}`),
    // A shop without its best sellers is still a shop: nobody should wait for them.
    bestsellers: () => ask('GET', '/bestsellers', { tries: 1 }),
    truth: () => ask('GET', '/truth'),
    cart: () => ask('GET', '/cart', { signed: true }),
    put: (bookId, quantity) => ask('POST', '/cart', { signed: true, body: { bookId, quantity } }),
    change: (bookId, quantity) => ask('PUT', '/cart', { signed: true, body: { bookId, quantity } }),
    remove: (bookId) => ask('DELETE', '/cart', { signed: true, body: { bookId } }),
    orders: () => ask('GET', '/orders', { signed: true }),
    order: (token) => ask('POST', '/orders', { signed: true, body: { token } }),
  };
}
