// GET /truth: which Region runs this code. GET /health: whether that Region can
// read its own tables. A health check that only proves that the function starts
// would stay green while the shop is broken.
import { database } from './lib/dynamo.mjs';
import { answer } from './lib/http.mjs';

/**
 * The name and the path by which API Gateway was asked. A client behind
 * CloudFront cannot know them, and must sign for exactly these.
 */
function door({ requestContext = {} }) {
  const { domainName: host, path } = requestContext;
  return { host, base: path?.replace(/\/truth\/?$/, '') };
}

export const createHandler = ({ db, table, log = console.error }) => async (event) => {
  if (event.resource === '/truth') return answer(200, { ok: true, ...door(event) });
  try {
    // The item need not exist: reaching this Region's table is the proof.
    await (await db()).get({ TableName: table, Key: { id: 'health' } });
    return answer(200, { ok: true });
  } catch (error) {
    log('health: the Books table cannot be read', error);
    return answer(503, { ok: false });
  }
};

export const handler = async (event) =>
  createHandler({ db: database, table: process.env.BOOKS_TABLE })(event);
