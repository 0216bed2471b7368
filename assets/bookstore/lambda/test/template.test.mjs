// The template and the code belong together: what the one names, the other has.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';

const bookstore = new URL('../../', import.meta.url);
const template = await readFile(new URL('templates/bookstore.yaml', bookstore), 'utf8');
const top = (await readdir(new URL('lambda/', bookstore))).filter((name) => name.endsWith('.mjs'));

/** The template's resources of a type, by logical id, as their text. */
function resources(type) {
  const blocks = template.split(/\n(?=  \w+:\n    Type: )/).slice(1);
  return blocks.filter((block) => block.includes(`    Type: ${type}\n`))
    .map((block) => ({ id: block.match(/^  (\w+):/)[1], text: block }));
}
const functions = resources('AWS::Lambda::Function');
const handlerOf = (one) => one.text.match(/Handler: ([\w-]+)\.handler/)[1];

/** The code of a handler, with all that it imports from beside it. */
async function codeOf(file, seen = new Set()) {
  if (seen.has(file.href)) return '';
  seen.add(file.href);
  const own = await readFile(file, 'utf8');
  const parts = [...own.matchAll(/from '(\.[^']+)'/g)].map(([, path]) => codeOf(new URL(path, file), seen));
  return [own, ...await Promise.all(parts)].join('\n');
}

test('every handler has a function, and every function its handler', () => {
  assert.deepEqual(functions.map(handlerOf).map((name) => `${name}.mjs`).sort(), top.sort());
});

test('every function gets the variables that its code reads, and no others', async () => {
  for (const one of functions) {
    const code = await codeOf(new URL(`lambda/${handlerOf(one)}.mjs`, bookstore));
    const read = new Set([...code.matchAll(/\benv\.([A-Z_]+)/g)].map(([, name]) => name).filter((name) => name !== 'AWS_REGION'));
    const given = [...one.text.matchAll(/^ {10}([A-Z_]+):/gm)].map(([, name]) => name);
    assert.deepEqual(given.sort(), [...read].sort(), one.id);
  }
});

test('every function has a role of its own', () => {
  const roles = functions.map((one) => one.text.match(/Role: !GetAtt (\w+)\.Arn/)[1]);
  assert.equal(new Set(roles).size, functions.length, roles.join());
});

test('a role allows the calls that the code makes, and no others', async () => {
  const ACTIONS = {
    get: ['GetItem'],
    query: ['Query'],
    scan: ['Scan'],
    put: ['PutItem'],
    update: ['UpdateItem'],
    delete: ['DeleteItem'],
    batchWrite: ['BatchWriteItem'],
    // A transaction needs the actions of its parts.
    transactWrite: ['PutItem', 'DeleteItem'],
  };
  const following = /Stream|GetRecords|GetShardIterator/;
  for (const one of functions) {
    const code = await readFile(new URL(`lambda/${handlerOf(one)}.mjs`, bookstore), 'utf8');
    const calls = [...code.matchAll(/(?:\bdb|db\(\)\))\.(\w+)\(/g)].map(([, call]) => call);
    const wanted = new Set(calls.flatMap((call) => ACTIONS[call]));
    const role = resources('AWS::IAM::Role').find(({ id }) => one.text.includes(`!GetAtt ${id}.Arn`));
    const actions = [...role.text.matchAll(/dynamodb:([A-Z]\w+)/g)].map(([, action]) => action);
    const named = [...new Set(actions)].filter((action) => !following.test(action));
    assert.deepEqual(named.sort(), [...wanted].sort(), one.id);
  }
});

test('no statement of a role is for everything', () => {
  for (const { id, text } of resources('AWS::IAM::Role')) {
    assert.doesNotMatch(text, /(Resource|Action): ["']?\*["']?\s*$/m, id);
    assert.doesNotMatch(text, /Action: [\w:]+\*/, id);
  }
});

test('CloudFront passes on every route that the page asks for', async () => {
  const client = await readFile(new URL('site/lib/api.mjs', bookstore), 'utf8');
  const asked = [...client.matchAll(/\('(GET|POST|PUT|DELETE)', ['`](\/\w+)/g)];
  assert.ok(asked.length > 9, String(asked.length));
  const behaviours = template.split(/PathPattern: /).slice(1)
    .map((block) => ({ pattern: block.match(/^\S+/)[0].replace(/\*$/, ''), writes: block.split('PathPattern')[0].includes('DELETE') }));
  for (const [, verb, path] of asked) {
    const behaviour = behaviours.find(({ pattern }) => path.startsWith(pattern));
    assert.ok(behaviour, path);
    if (verb !== 'GET') assert.ok(behaviour.writes, `${verb} ${path}`);
  }
});

test('every method and every gateway response is in the deployment', () => {
  const [deployment] = resources('AWS::ApiGateway::Deployment');
  const listed = [...deployment.text.matchAll(/^ {6}- (\w+)$/gm)].map(([, id]) => id);
  const kinds = ['AWS::ApiGateway::Method', 'AWS::ApiGateway::GatewayResponse'];
  assert.deepEqual(listed.sort(), kinds.flatMap((kind) => resources(kind)).map(({ id }) => id).sort());
});

test('every template can be passed as it is', async () => {
  for (const name of await readdir(new URL('templates/', bookstore))) {
    const bytes = (await readFile(new URL(`templates/${name}`, bookstore))).length;
    assert.ok(bytes <= 51_200, `${name}: ${bytes} bytes; CloudFormation takes 51,200 without a bucket`);
  }
});
