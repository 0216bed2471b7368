// node:buffer.
export const { Buffer } = globalThis;
export default { Buffer };
