// A document client for tests: it records the calls and gives prepared answers.
export function fakeDb(answers = {}) {
  const calls = [];
  const method = (name) => async (input) => {
    calls.push({ name, input });
    const prepared = answers[name];
    const value = typeof prepared === 'function' ? prepared(input) : prepared;
    if (value instanceof Error) throw value;
    return value ?? {};
  };
  const names = ['get', 'query', 'scan', 'put', 'update', 'delete', 'transactWrite', 'batchWrite'];
  return { calls, ...Object.fromEntries(names.map((name) => [name, method(name)])) };
}

export const named = (name) => Object.assign(new Error(name), { name });

export const signed = (event) => ({
  ...event,
  requestContext: { requestId: 'request-1', identity: { cognitoIdentityId: 'eu-west-1:reader' } },
});

export const bodyOf = (reply) => JSON.parse(reply.body);
