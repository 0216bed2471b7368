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

  // --- What most functions do not use is read when it is first used.
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

  // --- Timers. The host moves the time to the next one when nothing else is left to do.
  const clock = {
    timers: [],
    remove: (timer) => { clock.timers = clock.timers.filter((one) => one !== timer && one.ordinal !== timer); },
  };
  const first = () => clock.timers.reduce((best, one) => (!best || one.at < best.at ? one : best), undefined);
  const nextTimer = () => first()?.at ?? -1;
  const fireTimer = () => {
    const timer = first();
    if (timer.every === undefined) clock.remove(timer);
    else timer.at += timer.every;
    timer.run();
  };

  const Native = Date;
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const randomBytes = (count) => Uint8Array.from({ length: count }, () => Math.floor(host.random() * 256));
  Math.random = () => host.random();
  lazily('time.js', ['Date', 'performance'], { host, Native });
  lazily('timers.js', ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask'], { host, clock });
  lazily('chance.js', ['crypto'], { randomBytes, hex });
  lazily('bytes.js', ['Buffer', 'TextEncoder', 'TextDecoder', 'btoa', 'atob'], hex);
  lazily('addresses.js', ['URL', 'URLSearchParams']);
  lazily('process.js', ['process'], host);
  lazily('fetch.js', ['fetch'], ask);
  let words;
  const said = () => (words ??= host.part('said.js')({ host, Native }));
  const say = (level) => (...values) => said().say(level, values);
  define('console', { log: say('INFO'), info: say('INFO'), debug: say('DEBUG'), trace: say('TRACE'), warn: say('WARN'), error: say('ERROR') });
  define('structuredClone', (value) => JSON.parse(JSON.stringify(value)));
  define('global', globalThis);
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
      finish(false, { errorType: error.name, errorMessage: error.message, trace: said().stackOf(error).split('\n').map((line) => line.trimEnd()) });
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
        if (error instanceof SyntaxError) throw named('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`, said().stackOf(error));
        if (error?.code === 'MODULE_NOT_FOUND') throw named('Runtime.ImportModuleError', `Error: ${error.message}`, said().stackOf(error));
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
        getRemainingTimeInMillis: () => Math.max(0, timeout - host.elapsed()),
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
