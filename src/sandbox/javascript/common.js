// CommonJS, for handlers that are no modules. Evaluates to a function that takes the host and gives back what makes a
// loader out of the modules that come with the runtime.
(host) => {
  'use strict';
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
  return common;
}
