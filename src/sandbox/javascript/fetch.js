// Requests of the code's own (see prelude.js).
(ask) => {
  'use strict';
  const fetch = async (url, options = {}) => {
    const reply = await ask({ kind: 'fetch', url: String(url), method: options.method ?? 'GET', headers: options.headers ?? {}, body: options.body ?? null })
      .catch((reason) => { throw Object.assign(new TypeError('fetch failed'), { cause: reason }); });
    return { ok: reply.status >= 200 && reply.status < 300, status: reply.status, text: async () => reply.body, json: async () => JSON.parse(reply.body) };
  };
  return { fetch };
}
