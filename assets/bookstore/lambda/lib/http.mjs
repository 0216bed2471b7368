// What every route answers with, and who is asking.

/** A JSON answer that says which Region it came from. */
export function answer(statusCode, body, region = process.env.AWS_REGION) {
  return {
    statusCode,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      // A cached answer would hide a failover.
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'x-bookstore-region',
      'x-bookstore-region': region,
    },
    body: JSON.stringify({ region, ...body }),
  };
}

/** The customer of a signed request: the Cognito identity, else the IAM identity. */
export function customerOf(event) {
  const identity = event.requestContext?.identity ?? {};
  return identity.cognitoIdentityId ?? identity.userArn ?? null;
}

/** The JSON body of a request, or null when it is not a JSON object. */
export function bodyOf(event) {
  if (!event.body) return null;
  const text = event.isBase64Encoded
    ? Buffer.from(event.body, 'base64').toString('utf8')
    : event.body;
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** A book id that may be used as a key. */
export function isBookId(value) {
  return typeof value === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(value);
}

/** A quantity that may be ordered. */
export function isQuantity(value) {
  return Number.isInteger(value) && value >= 1 && value <= 99;
}
