// Addresses: URL and URLSearchParams. Evaluates to a function that makes them (see prelude.js).
() => {
  'use strict';
  class URLSearchParams {
    #pairs = [];
    constructor(from = '') {
      const plain = (text) => decodeURIComponent(text.replace(/\+/g, ' '));
      if (typeof from === 'string') {
        for (const part of from.replace(/^\?/, '').split('&').filter(Boolean)) {
          const [name, ...rest] = part.split('=');
          this.#pairs.push([plain(name), plain(rest.join('='))]);
        }
      } else for (const [name, value] of from[Symbol.iterator] ? from : Object.entries(from)) this.#pairs.push([String(name), String(value)]);
    }
    get(name) { return this.#pairs.find((pair) => pair[0] === name)?.[1] ?? null; }
    getAll(name) { return this.#pairs.filter((pair) => pair[0] === name).map((pair) => pair[1]); }
    has(name) { return this.#pairs.some((pair) => pair[0] === name); }
    append(name, value) { this.#pairs.push([String(name), String(value)]); }
    delete(name) { this.#pairs = this.#pairs.filter((pair) => pair[0] !== name); }
    set(name, value) { this.delete(name); this.append(name, value); }
    [Symbol.iterator]() { return this.#pairs[Symbol.iterator](); }
    toString() {
      const code = (text) => encodeURIComponent(text).replace(/%20/g, '+');
      return this.#pairs.map(([name, value]) => `${code(name)}=${code(value)}`).join('&');
    }
  }
  class URL {
    constructor(text, base) {
      const absolute = /^([a-z][a-z0-9+.-]*:)\/\/([^/?#:]*)(?::(\d+))?([^?#]*)(\?[^#]*)?(#.*)?$/i;
      let found = absolute.exec(text);
      if (!found && base !== undefined) {
        const { origin, pathname } = new URL(base);
        found = absolute.exec(text.startsWith('/') ? origin + text : origin + pathname.replace(/[^/]*$/, '') + text);
      }
      if (!found) throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: text });
      const [, protocol, hostname, port = '', pathname, search = '', hash = ''] = found;
      Object.assign(this, { protocol: protocol.toLowerCase(), hostname: hostname.toLowerCase(), port, pathname: pathname || '/', search, hash });
      this.searchParams = new URLSearchParams(search);
    }
    get host() { return this.port ? `${this.hostname}:${this.port}` : this.hostname; }
    get origin() { return `${this.protocol}//${this.host}`; }
    get href() {
      const query = this.searchParams.toString();
      return `${this.origin}${this.pathname}${query ? `?${query}` : ''}${this.hash}`;
    }
    toString() { return this.href; }
    toJSON() { return this.href; }
  }
  return { URL, URLSearchParams };
}
