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

  // --- Text, bytes and addresses: most functions use none of them, so they are read when they are first used.
  const lazily = (part, names, given) => {
    let made;
    for (const name of names) {
      const get = () => {
        made ??= host.part(part)(given);
        define(name, made[name]);
        return made[name];
      };
      Object.defineProperty(globalThis, name, { configurable: true, get, set: (value) => define(name, value) });
    }
  };
  lazily('bytes.js', ['Buffer', 'TextEncoder', 'TextDecoder', 'btoa', 'atob'], hex);
  lazily('addresses.js', ['URL', 'URLSearchParams']);

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
          module = host.part('common.js')(host)(builtins)(file);
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
