// The page's folder as it is uploaded: nothing is missing, nothing is there that a
// browser would not take, and nothing makes markup or code out of data.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { test } from 'node:test';

const site = new URL('../../site/', import.meta.url);
const names = (await readdir(site, { recursive: true })).filter((name) => extname(name) !== '');
const text = (name) => readFile(new URL(name, site), 'utf8');
const modules = names.filter((name) => name.endsWith('.mjs'));

test('only files that a browser is told the right type of', () => {
  assert.ok(names.includes('index.html') && names.includes('config.json'), names.join());
  for (const name of names) assert.ok(['.html', '.css', '.mjs', '.json'].includes(extname(name)), name);
});

test('no file has the address of a route of the API', () => {
  // CloudFront sends these paths to the API, not to the bucket.
  for (const name of names) assert.doesNotMatch(`/${name}`, /^\/(books|cart)|^\/(bestsellers|truth|orders)$/, name);
});

test('every import leads to a file of the folder', async () => {
  for (const name of modules) {
    for (const [, path] of (await text(name)).matchAll(/from '([^']+)'/g)) {
      assert.match(path, /^\.\.?\//, `${name} imports ${path}: there is no build that would find packages`);
      const target = new URL(path, new URL(name, site)).href.slice(site.href.length);
      assert.ok(names.includes(target), `${name} imports ${path}`);
    }
  }
});

test('every module is used', async () => {
  const sources = await Promise.all([...modules, 'index.html'].map(text));
  for (const name of modules) {
    const file = name.split('/').at(-1);
    assert.ok(sources.some((source) => source.includes(`/${file}'`) || source.includes(`"${file}"`)), name);
  }
});

test('data never becomes markup or code', async () => {
  for (const name of modules) {
    assert.doesNotMatch(await text(name), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/, name);
  }
  const page = await text('index.html');
  assert.doesNotMatch(page, /<style|style="|\son\w+=|<script(?![^>]* src=)/, 'nothing inline, which the policy would block');
  const policy = page.match(/Content-Security-Policy" content="([^"]+)"/)[1];
  assert.doesNotMatch(policy, /unsafe/);
  assert.match(policy, /default-src 'none'/);
});

test('no Region is written down where requests are signed and sent', async () => {
  for (const name of modules.filter((one) => one !== 'lib/region.mjs')) {
    const code = (await text(name)).replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
    assert.doesNotMatch(code, /\b(us|eu|ap|sa|ca|af|me)-[a-z]+-\d\b/, name);
  }
});

test('what the scripts look for is in the page', async () => {
  const page = await text('index.html');
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  for (const name of modules) {
    for (const [, id] of (await text(name)).matchAll(/byId\('([^']+)'\)/g)) assert.ok(ids.has(id), `${name} looks for #${id}`);
  }
  assert.match(page, /<html lang="en">/);
  assert.match(page, /id="status" role="status"/);
});
