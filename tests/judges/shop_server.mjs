// The shop on 127.0.0.1 for a browser: the page's files and the shipped functions on
// tables in memory. `node tests/judges/shop_server.mjs` prints its address.
//
// POST /test/region/NAME is what a change in DNS would be, POST /test/silent/on an outage.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, normalize } from 'node:path';

const bookstore = new URL('../../assets/bookstore/', import.meta.url);
const lambda = (name) => import(new URL(`lambda/${name}.mjs`, bookstore));
const handler = async (name, ports) => (await lambda(name)).createHandler(ports);
const { memoryDb } = await lambda('test/memory-db');
const { bestsellers } = await lambda('lib/cache');

const db = memoryDb();
const list = async () => bestsellers(async () => ['b09', '5', 'b21', '3']);
const routes = {
  books: await handler('books', { db, table: 'Books' }),
  bestsellers: await handler('bestsellers', { list }),
  cart: await handler('cart', { db, table: 'Cart' }),
  orders: await handler('orders', { db, tables: { books: 'Books', orders: 'Orders', cart: 'Cart' } }),
  truth: await handler('status', {}),
};
await (await handler('seed-books', { db, table: 'Books' }))();
await db.put({
  TableName: 'Books',
  Item: { id: 'hostile', category: 'Sea', name: '<img src=x onerror=alert(1)>', author: '<b>A</b>', price: 1, rating: 2, description: '' },
});

const TYPES = { '.html': 'text/html', '.mjs': 'text/javascript', '.css': 'text/css', '.json': 'application/json' };
const state = { region: 'eu-west-1', silent: 'off', requests: 0 };

async function answer(request, route, id, query) {
  let body = '';
  for await (const part of request) body += part;
  process.env.AWS_REGION = state.region;
  state.requests += 1;
  return routes[route]({
    httpMethod: request.method,
    resource: `/${route}`,
    pathParameters: id ? { id: decodeURIComponent(id), bookId: id } : null,
    queryStringParameters: query.size === 0 ? null : Object.fromEntries(query),
    requestContext: { requestId: `r-${state.requests}`, identity: { userArn: 'arn:aws:iam::111122223333:user/reader' } },
    body: body || null,
  });
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const [, first, second, third] = pathname.split('/');
  if (first === 'test') {
    state[second] = third;
    response.end();
  } else if (routes[first]) {
    if (state.silent === 'on') {
      request.socket.destroy();
      return;
    }
    const { statusCode, headers, body } = await answer(request, first, second, searchParams);
    response.writeHead(statusCode, headers).end(body);
  } else {
    const path = pathname === '/' ? '/index.html' : normalize(pathname);
    try {
      const file = await readFile(new URL(`site${path}`, bookstore));
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(file);
    } catch {
      response.writeHead(404).end();
    }
  }
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
