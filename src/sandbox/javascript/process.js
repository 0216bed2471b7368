// The process (see prelude.js).
(host) => {
  'use strict';
  const process = {
    env: JSON.parse(host.environment), version: 'v22.0.0', versions: { node: '22.0.0' }, platform: 'linux', arch: 'arm64',
    pid: 1, argv: ['node'], cwd: () => '/var/task', uptime: () => (host.now() - host.start) / 1000,
    hrtime: Object.assign(() => [Math.floor(host.now() / 1000), (host.now() % 1000) * 1e6], { bigint: () => BigInt(host.now()) * 1000000n }),
    nextTick: (run, ...args) => { Promise.resolve().then(() => run(...args)); }, on() {}, once() {}, off() {}, emitWarning() {},
  };
  return { process };
}
