// Text and bytes: Buffer, the encoders, base64. Evaluates to a function that makes them (see prelude.js).
(hex) => {
  'use strict';
  const utf8 = (text) => {
    const bytes = [];
    for (const char of String(text)) {
      let code = char.codePointAt(0);
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
      if (code < 0x80) bytes.push(code);
      else if (code < 0x800) bytes.push(0xc0 | code >> 6, 0x80 | code & 63);
      else if (code < 0x10000) bytes.push(0xe0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63);
      else bytes.push(0xf0 | code >> 18, 0x80 | code >> 12 & 63, 0x80 | code >> 6 & 63, 0x80 | code & 63);
    }
    return bytes;
  };
  const fromUtf8 = (bytes) => {
    let text = '';
    for (let i = 0; i < bytes.length;) {
      const lead = bytes[i];
      const more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : -1;
      let code = more <= 0 ? lead : lead & (0x3f >> more);
      let taken = 1;
      while (taken <= more && (bytes[i + taken] & 0xc0) === 0x80) {
        code = code << 6 | bytes[i + taken] & 0x3f;
        taken += 1;
      }
      const least = [0, 0x80, 0x800, 0x10000][more];
      const good = more >= 0 && taken === more + 1 && code >= least && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
      text += good ? String.fromCodePoint(code) : '\ufffd';
      i += taken;
    }
    return text;
  };
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const toBase64 = (bytes) => {
    let text = '';
    for (let i = 0; i < bytes.length; i += 3) {
      const word = bytes[i] << 16 | (bytes[i + 1] ?? 0) << 8 | (bytes[i + 2] ?? 0);
      const four = [18, 12, 6, 0].map((shift) => ALPHABET[word >> shift & 63]).join('');
      text += i + 2 < bytes.length ? four : i + 1 < bytes.length ? `${four.slice(0, 3)}=` : `${four.slice(0, 2)}==`;
    }
    return text;
  };
  const fromBase64 = (text) => {
    const bytes = [];
    let word = 0;
    let bits = 0;
    for (const char of String(text).replace(/-/g, '+').replace(/_/g, '/')) {
      const value = ALPHABET.indexOf(char);
      if (value < 0) continue;
      word = (word << 6 | value) & 0xffffff;
      bits += 6;
      if (bits >= 8) bytes.push(word >> (bits -= 8) & 0xff);
    }
    return bytes;
  };
  const encoded = (text, encoding = 'utf8') => {
    switch (String(encoding).toLowerCase()) {
      case 'utf8': case 'utf-8': return utf8(text);
      case 'hex': return (text.match(/[0-9a-fA-F]{2}/g) ?? []).map((two) => parseInt(two, 16));
      case 'base64': case 'base64url': return fromBase64(text);
      case 'latin1': case 'binary': case 'ascii': return Array.from(text, (char) => char.charCodeAt(0) & 0xff);
      default: throw new TypeError(`Unknown encoding: ${encoding}`);
    }
  };
  class Buffer extends Uint8Array {
    static from(value, encoding, length) {
      if (typeof value === 'string') return new Buffer(encoded(value, encoding));
      if (value instanceof ArrayBuffer) return new Buffer(value, encoding, length);
      return new Buffer(value);
    }
    static alloc(size, fill) { return fill === undefined ? new Buffer(size) : new Buffer(size).fill(fill); }
    static allocUnsafe(size) { return new Buffer(size); }
    static isBuffer(value) { return value instanceof Buffer; }
    static byteLength(value, encoding) { return typeof value === 'string' ? encoded(value, encoding).length : value.byteLength; }
    static concat(list) {
      const whole = new Buffer(list.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of list) {
        whole.set(part, at);
        at += part.length;
      }
      return whole;
    }
    toString(encoding = 'utf8', start = 0, end = this.length) {
      const bytes = Uint8Array.prototype.subarray.call(this, start, end);
      switch (String(encoding).toLowerCase()) {
        case 'utf8': case 'utf-8': return fromUtf8(bytes);
        case 'hex': return hex(bytes);
        case 'base64': return toBase64(bytes);
        case 'base64url': return toBase64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
        case 'latin1': case 'binary': case 'ascii': return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
        default: throw new TypeError(`Unknown encoding: ${encoding}`);
      }
    }
    toJSON() { return { type: 'Buffer', data: Array.from(this) }; }
    equals(other) { return this.length === other.length && this.every((byte, i) => byte === other[i]); }
    indexOf(value, from = 0) {
      if (typeof value === 'number') return super.indexOf(value, from);
      const wanted = typeof value === 'string' ? utf8(value) : value;
      for (let i = from; i + wanted.length <= this.length; i += 1) {
        let same = 0;
        while (same < wanted.length && this[i + same] === wanted[same]) same += 1;
        if (same === wanted.length) return i;
      }
      return -1;
    }
    includes(value, from) { return this.indexOf(value, from) >= 0; }
  }
  class TextEncoder { get encoding() { return 'utf-8'; } encode(text = '') { return Uint8Array.from(utf8(text)); } }
  class TextDecoder {
    get encoding() { return 'utf-8'; }
    decode(value = []) { return fromUtf8(value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer ?? [], value.byteOffset ?? 0, value.byteLength ?? 0)).replace(/^\ufeff/, ''); }
  }
  const btoa = (text) => toBase64(encoded(text, 'latin1'));
  const atob = (text) => fromBase64(text).map((byte) => String.fromCharCode(byte)).join('');
  return { Buffer, TextEncoder, TextDecoder, btoa, atob };
}
