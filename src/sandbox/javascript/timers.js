// Timers; the prelude fires them (see prelude.js).
(given) => {
  'use strict';
  const { host, clock } = given;
  let ordinal = 0;
  class Timeout {
    constructor(after, run, every) { Object.assign(this, { at: host.elapsed() + after, run, every, ordinal: ordinal += 1 }); }
    ref() { return this; }
    unref() { return this; }
    hasRef() { return true; }
    [Symbol.toPrimitive]() { return this.ordinal; }
  }
  const add = (run, after, args, every) => {
    const wait = Math.max(1, Number(after) || 1);
    const timer = new Timeout(wait, () => run(...args), every ? wait : undefined);
    clock.timers.push(timer);
    return timer;
  };
  return {
    setTimeout: (run, after, ...args) => add(run, after, args, false),
    setInterval: (run, after, ...args) => add(run, after, args, true),
    setImmediate: (run, ...args) => {
      const timer = new Timeout(0, () => run(...args), undefined);
      clock.timers.push(timer);
      return timer;
    },
    clearTimeout: clock.remove,
    clearInterval: clock.remove,
    clearImmediate: clock.remove,
    queueMicrotask: (run) => { Promise.resolve().then(run); },
  };
}
