// Chance: crypto, whose numbers come from the host (see prelude.js).
(given) => {
  'use strict';
  const { randomBytes, hex } = given;
  const randomUUID = () => {
    const bytes = randomBytes(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
  return { crypto: { randomUUID, getRandomValues: (array) => { array.set(randomBytes(array.length)); return array; } } };
}
