// Time: Date and performance. A machine of Lambda runs in UTC (see prelude.js).
(given) => {
  'use strict';
  const { host, Native } = given;
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
  return { Date: SimulatedDate, performance: { timeOrigin: host.start, now: () => host.now() - host.start } };
}
