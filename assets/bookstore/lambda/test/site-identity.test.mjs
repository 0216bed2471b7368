import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIdentity } from '../../site/lib/identity.mjs';

const signIn = { clientId: 'client', userPoolId: 'eu-west-1_Pool', identityPoolId: 'eu-west-1:pool' };

function memory() {
  const kept = new Map();
  return {
    kept,
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => { kept.set(name, value); },
    removeItem: (name) => { kept.delete(name); },
  };
}

/** Cognito as far as the page uses it. `over` replaces single answers. */
function cognito(over = {}) {
  const calls = [];
  const clock = { now: Date.parse('2026-11-02T10:00:00Z') };
  const answers = {
    InitiateAuth: ({ AuthFlow }) => ({
      AuthenticationResult: {
        IdToken: `id-${calls.length}`, ExpiresIn: 3600, ...(AuthFlow === 'USER_PASSWORD_AUTH' ? { RefreshToken: 'refresh' } : {}),
      },
    }),
    GetId: () => ({ IdentityId: 'eu-west-1:me' }),
    GetCredentialsForIdentity: () => ({
      Credentials: { AccessKeyId: 'A', SecretKey: 'S', SessionToken: 'T', Expiration: clock.now / 1000 + 3600 },
    }),
    SignUp: () => ({}),
    ConfirmSignUp: () => ({}),
    ...over,
  };
  const fetch = async (url, { headers, body }) => {
    const operation = headers['x-amz-target'].split('.')[1];
    const input = JSON.parse(body);
    calls.push({ url, operation, input });
    const answer = answers[operation](input);
    return new Response(JSON.stringify(answer), { status: answer.__type ? 400 : 200 });
  };
  const storage = memory();
  const identity = createIdentity({ signIn, fetch, storage, now: () => clock.now });
  return { identity, calls, clock, storage, fetch, operations: () => calls.map((call) => call.operation) };
}

test('signing in gives credentials, and they are kept until they expire', async () => {
  const { identity, calls, clock, operations } = cognito();
  assert.equal(await identity.credentials(), null);
  await identity.signIn('me@shop.test', 'secret');
  assert.equal(identity.email, 'me@shop.test');
  const given = await identity.credentials();
  assert.deepEqual([given.accessKeyId, given.secretAccessKey, given.sessionToken], ['A', 'S', 'T']);
  assert.equal(await identity.credentials(), given);
  assert.deepEqual(operations(), ['InitiateAuth', 'GetId', 'GetCredentialsForIdentity']);
  assert.equal(calls[0].url, 'https://cognito-idp.eu-west-1.amazonaws.com/');
  assert.equal(calls[1].url, 'https://cognito-identity.eu-west-1.amazonaws.com/');
  assert.deepEqual(calls[1].input.Logins, { 'cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool': 'id-1' });
  clock.now += 3590_000;
  await identity.credentials();
  assert.equal(calls[3].input.AuthFlow, 'REFRESH_TOKEN_AUTH');
  assert.equal(calls[3].input.AuthParameters.REFRESH_TOKEN, 'refresh');
});

test('a page that is loaded again is still signed in, and the password is kept nowhere', async () => {
  const { identity, storage, fetch, clock } = cognito();
  await identity.signIn('me@shop.test', 'secret');
  assert.equal([...storage.kept.values()].join().includes('secret'), false);
  const again = createIdentity({ signIn, fetch, storage, now: () => clock.now });
  assert.equal(again.email, 'me@shop.test');
  again.signOut();
  assert.equal(again.email, null);
  assert.equal(storage.kept.size, 0);
});

test('a wrong password and an account with an open step are told', async () => {
  const wrong = cognito({ InitiateAuth: () => ({ __type: 'NotAuthorizedException', message: 'Incorrect username or password.' }) });
  await assert.rejects(wrong.identity.signIn('me@shop.test', 'x'), /Incorrect username/);
  assert.equal(wrong.identity.email, null);
  const open = cognito({ InitiateAuth: () => ({ ChallengeName: 'NEW_PASSWORD_REQUIRED' }) });
  await assert.rejects(open.identity.signIn('me@shop.test', 'x'), /step that the page does not offer/);
});

test('a session that was revoked ends; an outage does not end it', async () => {
  let answer;
  const pool = cognito({
    InitiateAuth: ({ AuthFlow }) => (AuthFlow === 'USER_PASSWORD_AUTH'
      ? { AuthenticationResult: { IdToken: 'i', RefreshToken: 'r', ExpiresIn: 3600 } }
      : answer),
  });
  await pool.identity.signIn('me@shop.test', 'secret');
  pool.clock.now += 2 * 3600_000;
  answer = { __type: 'InternalErrorException', message: 'Try later.' };
  await assert.rejects(pool.identity.credentials(), /Try later/);
  assert.equal(pool.identity.email, 'me@shop.test');
  answer = { __type: 'NotAuthorizedException', message: 'Refresh Token has been revoked' };
  await assert.rejects(pool.identity.credentials(), /revoked/);
  assert.equal(pool.identity.email, null);
});

test('makes and confirms an account', async () => {
  const { identity, calls } = cognito();
  await identity.signUp('me@shop.test', 'a long password');
  await identity.confirm('me@shop.test', '123456');
  assert.deepEqual(calls[0].input.UserAttributes, [{ Name: 'email', Value: 'me@shop.test' }]);
  assert.equal(calls[1].input.ConfirmationCode, '123456');
});

test('a token that Cognito calls expired is renewed once, whatever this clock says', async () => {
  let asked = 0;
  const expired = { __type: 'NotAuthorizedException', message: 'Invalid login token. Token expired: 1 >= 2' };
  const { identity, operations } = cognito({ GetId: () => ((asked += 1) === 1 ? expired : { IdentityId: 'eu-west-1:me' }) });
  await identity.signIn('me@shop.test', 'secret');
  assert.equal((await identity.credentials()).accessKeyId, 'A');
  assert.deepEqual(operations(), ['InitiateAuth', 'GetId', 'InitiateAuth', 'GetId', 'GetCredentialsForIdentity']);

  const refused = cognito({ GetId: () => ({ ...expired, message: 'Token is not from a supported provider.' }) });
  await refused.identity.signIn('me@shop.test', 'secret');
  await assert.rejects(refused.identity.credentials(), { name: 'NotAuthorizedException' });
  assert.equal(refused.operations().filter((name) => name === 'GetId').length, 2);
});

test('endpoints of its own stand in for the addresses, and the issuer stays', async () => {
  const { fetch, calls } = cognito();
  const endpoints = { userPool: '/cognito-idp', identityPool: '/cognito-identity' };
  const identity = createIdentity({ signIn: { ...signIn, endpoints }, fetch, storage: memory() });
  await identity.signIn('me@shop.test', 'secret');
  await identity.credentials();
  assert.deepEqual(calls.map((call) => call.url), ['/cognito-idp', '/cognito-identity', '/cognito-identity']);
  assert.deepEqual(Object.keys(calls[1].input.Logins), ['cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool']);
});

test('credentials that AWS refuses are fetched again before their time', async () => {
  const { identity, operations } = cognito();
  await identity.signIn('me@shop.test', 'secret');
  await identity.credentials();
  await identity.credentials(true);
  assert.deepEqual(operations().filter((name) => name === 'GetCredentialsForIdentity').length, 2);
});
