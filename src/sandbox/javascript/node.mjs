// Node's own modules, as far as functions of a workshop need them.
const { ask, randomBytes: random } = globalThis.sandboxHost;

export const { process } = globalThis;

export class EventEmitter {
  #listeners = new Map();
  on(name, run) { this.#listeners.set(name, [...this.listeners(name), run]); return this; }
  off(name, run) {
    const list = this.listeners(name);
    const at = list.findLastIndex((one) => one === run || one.listener === run);
    this.#listeners.set(name, list.filter((_, i) => i !== at));
    return this;
  }
  once(name, run) {
    const wrapped = (...values) => { this.off(name, wrapped); run.apply(this, values); };
    return this.on(name, Object.assign(wrapped, { listener: run }));
  }
  addListener(name, run) { return this.on(name, run); }
  removeListener(name, run) { return this.off(name, run); }
  removeAllListeners(name) { if (name === undefined) this.#listeners.clear(); else this.#listeners.delete(name); return this; }
  listeners(name) { return this.#listeners.get(name) ?? []; }
  listenerCount(name) { return this.listeners(name).length; }
  emit(name, ...values) {
    const list = this.listeners(name);
    if (list.length === 0 && name === 'error') throw values[0];
    list.forEach((run) => run.apply(this, values));
    return list.length > 0;
  }
}

// A connection to a cache: what is written is a question, the reply comes as data.
export class Socket extends EventEmitter {
  destroyed = false;
  constructor(options) {
    super();
    this.place = { host: options.host, port: Number(options.port), tls: true };
    this.ready = ask({ kind: 'connect', ...this.place }).then(
      () => { this.emit('connect'); this.emit('secureConnect'); return true; },
      (refused) => { this.destroy(Object.assign(new Error(refused.message), { code: refused.name, syscall: 'connect' })); return false; },
    );
  }
  write(data) {
    const text = Buffer.from(data).toString('latin1');
    this.ready.then(async (open) => {
      if (!open || this.destroyed) return;
      try {
        const { data: reply } = await ask({ kind: 'send', ...this.place, data: text });
        if (!this.destroyed) this.emit('data', Buffer.from(reply, 'latin1'));
      } catch (refused) {
        this.destroy(Object.assign(new Error(refused.message), { code: refused.name }));
      }
    });
    return true;
  }
  end() { this.destroy(); return this; }
  destroy(error) {
    if (this.destroyed) return this;
    this.destroyed = true;
    queueMicrotask(() => { if (error) this.emit('error', error); this.emit('close', Boolean(error)); });
    return this;
  }
  setTimeout() { return this; }
  setNoDelay() { return this; }
  setKeepAlive() { return this; }
  ref() { return this; }
  unref() { return this; }
}
export const connect = (options, ready) => {
  const socket = new Socket(options);
  if (ready) socket.once('secureConnect', ready);
  return socket;
};

export const randomBytes = (count) => Buffer.from(random(count));
export const { randomUUID, getRandomValues } = globalThis.crypto;
export const webcrypto = globalThis.crypto;
export const setTimeout = (after, value) => new Promise((resolve) => { globalThis.setTimeout(resolve, after, value); });
export const setImmediate = (value) => new Promise((resolve) => { globalThis.setImmediate(resolve, value); });
export const promisify = (run) => (...values) => new Promise((resolve, reject) => {
  run(...values, (error, value) => (error ? reject(error) : resolve(value)));
});
export const env = globalThis.process.env;
export default { EventEmitter, Socket, connect, randomBytes, randomUUID, getRandomValues, webcrypto, promisify, env };
