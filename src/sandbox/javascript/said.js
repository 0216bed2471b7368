// What is said: errors show their stack, objects their members (see prelude.js).
(given) => {
  'use strict';
  const { host, Native } = given;
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
  const say = (level, values) => { host.say(level, values.map((value) => show(value)).join(' ')); };
  return { say, stackOf };
}
