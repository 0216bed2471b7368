// Where a page ended, as text that fits into a URL. It is DynamoDB's last key:
// both Regions hold the same items, so a list may begin in one and go on in the other.

/** Text for the key where a page ended; undefined after the last page. */
export function writeCursor(key) {
  return key ? Buffer.from(JSON.stringify(key)).toString('base64url') : undefined;
}

/** The key behind the text, or null when it is not one: a small object of strings. */
export function readCursor(text) {
  try {
    const key = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    const values = Object.values(key);
    const good = typeof key === 'object' && !Array.isArray(key) && values.length > 0 && values.length <= 4
      && values.every((value) => typeof value === 'string');
    return good ? key : null;
  } catch {
    return null;
  }
}
