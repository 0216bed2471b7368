import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sign } from '../../site/lib/sign.mjs';

// The signatures were made with botocore, the AWS CLI's own signer.
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const now = new Date('2026-11-02T10:00:00.123Z');
const signatureOf = (headers) => headers.authorization.match(/Signature=([0-9a-f]{64})$/)[1];
const post = (region) => sign({
  method: 'POST',
  host: 'api.shop.test',
  path: '/cart',
  body: '{"bookId":"b1","quantity":2}',
  region,
  credentials: { ...keys, sessionToken: 'TOKEN' },
  now,
});

test('signs for the Region that it is told, and for that one only', async () => {
  const ireland = await post('eu-west-1');
  const singapore = await post('ap-southeast-1');
  assert.equal(signatureOf(ireland), '3373791cd7b4731499be7ec173e0fce9c7a2d427a4ee81c1a4779bb261af1b21');
  assert.equal(signatureOf(singapore), 'bb646ba2ab227a3d31e42455ab4d543e114aeeff2024f17559c013ddf8b0f596');
  assert.match(singapore.authorization, /Credential=AKIDEXAMPLE\/20261102\/ap-southeast-1\/execute-api\/aws4_request, /);
  assert.equal(ireland['x-amz-date'], '20261102T100000Z');
  assert.equal(ireland['x-amz-security-token'], 'TOKEN');
  assert.equal('host' in ireland, false, 'a browser refuses to set Host');
});

test('a query is sorted and escaped as the signature wants it', async () => {
  const headers = await sign({
    method: 'GET',
    host: 'abc.execute-api.eu-west-1.amazonaws.com',
    path: '/prod/books',
    query: [['x', "!()*'"], ['category', 'Fairy Tales'], ['after', 'a/b+']],
    region: 'eu-west-1',
    credentials: keys,
    now,
  });
  assert.equal(signatureOf(headers), '021839a8fd0d15ee192591dc7e3c31a4b46e1045ddd22d54fbb880b45d31df8e');
  assert.equal('x-amz-security-token' in headers, false);
});

test('a path is escaped once more than it is sent', async () => {
  const headers = await sign({
    method: 'GET',
    host: 'abc.execute-api.eu-west-1.amazonaws.com',
    path: '/prod/books/a%20b',
    region: 'eu-west-1',
    credentials: keys,
    now,
  });
  assert.equal(signatureOf(headers), '71ab19f64c530df43691ca14f423ec33b8766f14d4c833e1ea2a06dd9579ae1a');
});
