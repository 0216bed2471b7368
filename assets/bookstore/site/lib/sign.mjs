// AWS Signature Version 4 for API Gateway, made with the browser's own WebCrypto.
// The Region is an argument: it must be the one that DNS chose, not one in a file.

const SERVICE = 'execute-api';
const ALGORITHM = 'AWS4-HMAC-SHA256';

const bytes = (text) => new TextEncoder().encode(text);
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
const sha256 = async (subtle, text) => hex(await subtle.digest('SHA-256', bytes(text)));

async function hmac(subtle, key, text) {
  const imported = await subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return subtle.sign('HMAC', imported, bytes(text));
}

/** RFC 3986: encodeURIComponent leaves five characters that a signature must not. */
const encode = (text) => encodeURIComponent(text)
  .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

function canonicalQuery(query) {
  return query.map(([name, value]) => [encode(name), encode(String(value))])
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : (a < b ? -1 : 1)))
    .map((pair) => pair.join('='))
    .join('&');
}

/** The headers that sign a request. `path` is the path as API Gateway sees it. */
export async function sign({ method, host, path, query = [], body = '', region, credentials, now = new Date() }) {
  const { subtle } = globalThis.crypto;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const headers = { host, 'x-amz-content-sha256': await sha256(subtle, body), 'x-amz-date': time };
  if (sessionToken) headers['x-amz-security-token'] = sessionToken;
  const names = Object.keys(headers).sort();
  const canonical = [
    method,
    path.split('/').map(encode).join('/'),
    canonicalQuery(query),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${day}/${region}/${SERVICE}/aws4_request`;
  const wanted = [ALGORITHM, time, scope, await sha256(subtle, canonical)].join('\n');
  let key = bytes(`AWS4${secretAccessKey}`);
  for (const part of [day, region, SERVICE, 'aws4_request']) key = await hmac(subtle, key, part);
  const signature = hex(await hmac(subtle, key, wanted));
  // The browser sets Host by itself, and lets nobody else do it.
  const { host: _, ...sent } = headers;
  const credential = `${accessKeyId}/${scope}`;
  return {
    ...sent,
    authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}
