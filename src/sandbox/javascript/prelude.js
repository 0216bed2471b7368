// What a function finds in its global scope, as far as functions of a workshop need it. Evaluates to a function that
// takes the host (see mod.rs) and gives back what the host calls. Time and chance come from the host only.
(host) => {
  'use strict';
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });

  // --- Questions to the world. The host answers them in the order of asking, between jobs.
  const open = new Map();
  let asked = 0;
  const ask = (request) => new Promise((resolve, reject) => {
    asked += 1;
    open.set(asked, { resolve, reject });
    host.ask(asked, JSON.stringify(request));
  });
  const settle = (id, ok, json) => {
    const waiting = open.get(id);
    open.delete(id);
    if (ok) waiting.resolve(JSON.parse(json));
    else waiting.reject(JSON.parse(json));
  };

  // --- Time. A machine of Lambda runs in UTC.
  const Native = Date;
  const local = (text) => (typeof text === 'string' && /T\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text}Z` : text);
  function SimulatedDate(...parts) {
    if (!new.target) return new SimulatedDate().toString();
    const given = parts.length === 0 ? [host.now()] : parts.length === 1 ? [local(parts[0])] : [Native.UTC(...parts)];
    return Reflect.construct(Native, given, new.target);
  }
  SimulatedDate.prototype = Native.prototype;
  Native.prototype.constructor = SimulatedDate;
  Object.assign(SimulatedDate, { now: () => host.now(), UTC: Native.UTC, parse: (text) => Native.parse(local(text)) });
  for (const part of ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']) {
    for (const verb of ['get', 'set']) {
      const utc = Native.prototype[`${verb}UTC${part}`];
      if (utc) Native.prototype[`${verb}${part}`] = utc;
    }
  }
  Native.prototype.getTimezoneOffset = () => 0;
  Native.prototype.toString = function toString() {
    return `${this.toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) (.*) GMT$/, '$1 $3 $2 $4 $5')} GMT+0000 (Coordinated Universal Time)`;
  };
  define('Date', SimulatedDate);
  const started = host.start;
  define('performance', { timeOrigin: started, now: () => host.now() - started });

  // --- Timers. The host moves the time to the next one when nothing else is left to do.
  let timers = [];
  let ordinal = 0;
  const elapsed = () => host.elapsed();
  class Timeout {
    constructor(after, run, every) { Object.assign(this, { at: elapsed() + after, run, every, ordinal: ordinal += 1 }); }
    ref() { return this; }
    unref() { return this; }
    hasRef() { return true; }
    [Symbol.toPrimitive]() { return this.ordinal; }
  }
  const add = (run, after, args, every) => {
    const wait = Math.max(1, Number(after) || 1);
    const timer = new Timeout(wait, () => run(...args), every ? wait : undefined);
    timers.push(timer);
    return timer;
  };
  const remove = (timer) => { timers = timers.filter((one) => one !== timer && one.ordinal !== timer); };
  define('setTimeout', (run, after, ...args) => add(run, after, args, false));
  define('setInterval', (run, after, ...args) => add(run, after, args, true));
  define('setImmediate', (run, ...args) => {
    const timer = new Timeout(0, () => run(...args), undefined);
    timers.push(timer);
    return timer;
  });
  for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate']) define(name, remove);
  define('queueMicrotask', (run) => { Promise.resolve().then(run); });
  const first = () => timers.reduce((best, one) => (!best || one.at < best.at ? one : best), undefined);
  const nextTimer = () => first()?.at ?? -1;
  const fireTimer = () => {
    const timer = first();
    if (timer.every === undefined) remove(timer);
    else timer.at += timer.every;
    timer.run();
  };

  // --- Chance.
  Math.random = () => host.random();
  const randomBytes = (count) => Uint8Array.from({ length: count }, () => Math.floor(host.random() * 256));
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const randomUUID = () => {
    const bytes = randomBytes(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
  define('crypto', { randomUUID, getRandomValues: (array) => { array.set(randomBytes(array.length)); return array; } });

  // --- Text and bytes.
  const utf8 = (text) => {
    const bytes = [];
    for (const char of String(text)) {
      let code = char.codePointAt(0);
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
      if (code < 0x80) bytes.push(code);
      else if (code < 0x800) bytes.push(0xc0 | code >> 6, 0x80 | code & 63);
      else if (code < 0x10000) bytes.push(0xe0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63);
      else bytes.push(0xf0 | code >> 18, 0x80 | code >> 12 & 63, 0x80 | code >> 6 & 63, 0x80 | code & 63);
    }
    return bytes;
  };
  const fromUtf8 = (bytes) => {
    let text = '';
    for (let i = 0; i < bytes.length;) {
      const lead = bytes[i];
      const more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : -1;
      let code = more <= 0 ? lead : lead & (0x3f >> more);
      let taken = 1;
      while (taken <= more && (bytes[i + taken] & 0xc0) === 0x80) {
        code = code << 6 | bytes[i + taken] & 0x3f;
        taken += 1;
      }
      const least = [0, 0x80, 0x800, 0x10000][more];
      const good = more >= 0 && taken === more + 1 && code >= least && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
      text += good ? String.fromCodePoint(code) : '\ufffd';
      i += taken;
    }
    return text;
  };
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const toBase64 = (bytes) => {
    let text = '';
    for (let i = 0; i < bytes.length; i += 3) {
      const word = bytes[i] << 16 | (bytes[i + 1] ?? 0) << 8 | (bytes[i + 2] ?? 0);
      const four = [18, 12, 6, 0].map((shift) => ALPHABET[word >> shift & 63]).join('');
      text += i + 2 < bytes.length ? four : i + 1 < bytes.length ? `${four.slice(0, 3)}=` : `${four.slice(0, 2)}==`;
    }
    return text;
  };
  const fromBase64 = (text) => {
    const bytes = [];
    let word = 0;
    let bits = 0;
    for (const char of String(text).replace(/-/g, '+').replace(/_/g, '/')) {
      const value = ALPHABET.indexOf(char);
      if (value < 0) continue;
      word = (word << 6 | value) & 0xffffff;
      bits += 6;
      if (bits >= 8) bytes.push(word >> (bits -= 8) & 0xff);
    }
    return bytes;
  };
  const encoded = (text, encoding = 'utf8') => {
    switch (String(encoding).toLowerCase()) {
      case 'utf8': case 'utf-8': return utf8(text);
      case 'hex': return (text.match(/[0-9a-fA-F]{2}/g) ?? []).map((two) => parseInt(two, 16));
      case 'base64': case 'base64url': return fromBase64(text);
      case 'latin1': case 'binary': case 'ascii': return Array.from(text, (char) => char.charCodeAt(0) & 0xff);
      default: throw new TypeError(`Unknown encoding: ${encoding}`);
    }
  };
  class Buffer extends Uint8Array {
    static from(value, encoding, length) {
      if (typeof value === 'string') return new Buffer(encoded(value, encoding));
      if (value instanceof ArrayBuffer) return new Buffer(value, encoding, length);
      return new Buffer(value);
    }
    static alloc(size, fill) { return fill === undefined ? new Buffer(size) : new Buffer(size).fill(fill); }
    static allocUnsafe(size) { return new Buffer(size); }
    static isBuffer(value) { return value instanceof Buffer; }
    static byteLength(value, encoding) { return typeof value === 'string' ? encoded(value, encoding).length : value.byteLength; }
    static concat(list) {
      const whole = new Buffer(list.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of list) {
        whole.set(part, at);
        at += part.length;
      }
      return whole;
    }
    toString(encoding = 'utf8', start = 0, end = this.length) {
      const bytes = Uint8Array.prototype.subarray.call(this, start, end);
      switch (String(encoding).toLowerCase()) {
        case 'utf8': case 'utf-8': return fromUtf8(bytes);
        case 'hex': return hex(bytes);
        case 'base64': return toBase64(bytes);
        case 'base64url': return toBase64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
        case 'latin1': case 'binary': case 'ascii': return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
        default: throw new TypeError(`Unknown encoding: ${encoding}`);
      }
    }
    toJSON() { return { type: 'Buffer', data: Array.from(this) }; }
    equals(other) { return this.length === other.length && this.every((byte, i) => byte === other[i]); }
    indexOf(value, from = 0) {
      if (typeof value === 'number') return super.indexOf(value, from);
      const wanted = typeof value === 'string' ? utf8(value) : value;
      for (let i = from; i + wanted.length <= this.length; i += 1) {
        let same = 0;
        while (same < wanted.length && this[i + same] === wanted[same]) same += 1;
        if (same === wanted.length) return i;
      }
      return -1;
    }
    includes(value, from) { return this.indexOf(value, from) >= 0; }
  }
  define('Buffer', Buffer);
  define('TextEncoder', class TextEncoder { get encoding() { return 'utf-8'; } encode(text = '') { return Uint8Array.from(utf8(text)); } });
  define('TextDecoder', class TextDecoder {
    get encoding() { return 'utf-8'; }
    decode(value = []) { return fromUtf8(value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer ?? [], value.byteOffset ?? 0, value.byteLength ?? 0)).replace(/^\ufeff/, ''); }
  });
  define('btoa', (text) => toBase64(encoded(text, 'latin1')));
  define('atob', (text) => fromBase64(text).map((byte) => String.fromCharCode(byte)).join(''));

  // --- Addresses.
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
  define('URLSearchParams', URLSearchParams);
  define('URL', class URL {
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
  });

  // --- What is said. Errors show their stack, objects their members.
  const stackOf = (error) => {
    const head = `${error.name}: ${error.message}`;
    return error.stack && !error.stack.startsWith(head) ? `${head}\n${error.stack}`.trimEnd() : error.stack || head;
  };
  const show = (value, depth = 0) => {
    if (typeof value === 'string') return depth === 0 ? value : `'${value}'`;
    if (value instanceof Error) return stackOf(value);
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'function') return `[Function: ${value.name || '(anonymous)'}]`;
    if (value === null || typeof value !== 'object') return String(value);
    if (value instanceof Native) return value.toISOString();
    if (depth > 3) return Array.isArray(value) ? '[Array]' : '[Object]';
    if (Array.isArray(value)) return value.length === 0 ? '[]' : `[ ${value.map((one) => show(one, depth + 1)).join(', ')} ]`;
    const members = Object.entries(value).map(([name, one]) => `${name}: ${show(one, depth + 1)}`);
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
  };
  const say = (level) => (...values) => { host.say(level, values.map((value) => show(value)).join(' ')); };
  define('console', { log: say('INFO'), info: say('INFO'), debug: say('DEBUG'), trace: say('TRACE'), warn: say('WARN'), error: say('ERROR') });
  define('process', {
    env: JSON.parse(host.environment), version: 'v22.0.0', versions: { node: '22.0.0' }, platform: 'linux', arch: 'arm64',
    pid: 1, argv: ['node'], cwd: () => '/var/task', uptime: () => (host.now() - started) / 1000,
    hrtime: Object.assign(() => [Math.floor(host.now() / 1000), (host.now() % 1000) * 1e6], { bigint: () => BigInt(host.now()) * 1000000n }),
    nextTick: (run, ...args) => { Promise.resolve().then(() => run(...args)); }, on() {}, once() {}, off() {}, emitWarning() {},
  });
  define('structuredClone', (value) => JSON.parse(JSON.stringify(value)));
  define('global', globalThis);
  define('fetch', async (url, options = {}) => {
    const reply = await ask({ kind: 'fetch', url: String(url), method: options.method ?? 'GET', headers: options.headers ?? {}, body: options.body ?? null })
      .catch((reason) => { throw Object.assign(new TypeError('fetch failed'), { cause: reason }); });
    return { ok: reply.status >= 200 && reply.status < 300, status: reply.status, text: async () => reply.body, json: async () => JSON.parse(reply.body) };
  });
  // What the modules beside this file are built on.
  define('sandboxHost', { ask, randomBytes });

  // --- CommonJS, for handlers that are no modules.
  const loaded = new Map();
  const common = (builtins) => {
    const load = (path) => {
      const known = loaded.get(path);
      if (known) return known.exports;
      const module = { exports: {} };
      loaded.set(path, module);
      const source = host.read(path);
      if (path.endsWith('.json')) module.exports = JSON.parse(source);
      else new Function('exports', 'require', 'module', '__filename', '__dirname', source)(module.exports, requireFrom(path), module, path, path.replace(/\/[^/]*$/, ''));
      return module.exports;
    };
    const requireFrom = (from) => (name) => {
      const builtin = builtins[name] ?? builtins[`node:${name}`];
      if (builtin) return builtin.default ?? builtin;
      const path = host.locate(from, name);
      if (path) return load(path);
      throw Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:\n- ${from}`), { code: 'MODULE_NOT_FOUND' });
    };
    return load;
  };

  // --- One invocation, as the runtime interface client of Lambda for Node.js does it.
  const state = { done: false, ok: false, payload: 'null' };
  const finish = (ok, value) => {
    if (state.done) return;
    Object.assign(state, { done: true, ok });
    try {
      state.payload = JSON.stringify(value === undefined ? null : value) ?? 'null';
    } catch {
      Object.assign(state, { ok: false, payload: JSON.stringify({ errorType: 'Error', errorMessage: 'Unable to stringify response body', trace: [] }) });
    }
  };
  const named = (name, message, trace) => Object.assign(new Error(message), { name, stack: trace });
  const fail = (error) => {
    if (error instanceof Error) {
      finish(false, { errorType: error.name, errorMessage: error.message, trace: stackOf(error).split('\n').map((line) => line.trimEnd()) });
    } else finish(false, { errorType: typeof error, errorMessage: String(error), trace: [] });
  };
  const invoke = async (file, exported, isModule, event, given) => {
    try {
      let module;
      try {
        if (isModule) module = await import(file);
        else {
          const builtins = {};
          for (const name of host.builtins.split(' ')) builtins[name] = await import(name);
          module = common(builtins)(file);
        }
      } catch (error) {
        if (error instanceof SyntaxError) throw named('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`, stackOf(error));
        if (error?.code === 'MODULE_NOT_FOUND') throw named('Runtime.ImportModuleError', `Error: ${error.message}`, stackOf(error));
        throw error;
      }
      const handler = exported.split('.').reduce((inside, name) => inside?.[name], module) ?? exported.split('.').reduce((inside, name) => inside?.[name], module.default);
      const shown = `${file.replace('/var/task/', '').replace(/\.[cm]?js$/, '')}.${exported}`;
      if (handler === undefined) throw named('Runtime.HandlerNotFound', `${shown} is undefined or not exported`, '');
      if (typeof handler !== 'function') throw named('Runtime.HandlerNotFound', `${shown} is not a function`, '');
      const { awsRequestId, logStreamName, timeout, ...plain } = JSON.parse(given);
      const context = {
        ...plain,
        callbackWaitsForEmptyEventLoop: true,
        get awsRequestId() { host.now(); return awsRequestId; },
        get logStreamName() { host.now(); return logStreamName; },
        getRemainingTimeInMillis: () => Math.max(0, timeout - elapsed()),
        succeed: (value) => finish(true, value), fail, done: (error, value) => (error ? fail(error) : finish(true, value)),
      };
      const answer = handler(JSON.parse(event), context, (error, value) => (error ? fail(error) : finish(true, value)));
      if (typeof answer?.then === 'function') finish(true, await answer);
    } catch (error) {
      fail(error);
    }
  };
  return { settle, nextTimer, fireTimer, invoke, state };
}
