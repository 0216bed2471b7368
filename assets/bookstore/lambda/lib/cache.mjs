// The best-seller list: a sorted set in Valkey, and beside it one a day that
// remembers which orders are in it already. Valkey speaks RESP, a line
// protocol that is small enough to write here; a library would have to be
// installed before the archive could be made.

const KEY = 'bestsellers';
const DAY_MS = 24 * 60 * 60 * 1000;
const counted = (day) => `counted:${day}`;
const CRLF = '\r\n';

/** A command as RESP: an array of bulk strings. */
export function encode(parts) {
  const strings = parts.map(String);
  return `*${strings.length}${CRLF}${strings
    .map((part) => `$${Buffer.byteLength(part)}${CRLF}${part}${CRLF}`)
    .join('')}`;
}

/**
 * Reads one reply from the start of `buffer`. Gives `{ value, rest }`, or null
 * while the reply is not complete. An error reply becomes an Error value.
 */
export function decode(buffer) {
  const end = buffer.indexOf(CRLF);
  if (end < 0) return null;
  const line = buffer.toString('utf8', 1, end);
  const rest = buffer.subarray(end + 2);
  switch (String.fromCharCode(buffer[0])) {
    case '+': return { value: line, rest };
    case ':': return { value: Number(line), rest };
    case '-': return { value: new Error(line), rest };
    case '$': {
      const length = Number(line);
      if (length < 0) return { value: null, rest };
      if (rest.length < length + 2) return null;
      return { value: rest.toString('utf8', 0, length), rest: rest.subarray(length + 2) };
    }
    case '*': {
      const value = [];
      let left = rest;
      for (let i = 0; i < Number(line); i += 1) {
        const part = decode(left);
        if (!part) return null;
        value.push(part.value);
        left = part.rest;
      }
      return { value, rest: left };
    }
    default: throw new Error(`the cache sent a reply of unknown type: ${line}`);
  }
}

/** Sends one command over an open socket and waits for its reply. */
export function send(socket, parts, timeoutMs = 2000) {
  return new Promise((resolve, reject) => {
    let buffer = Buffer.alloc(0);
    const done = (settle, value) => {
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('error', onError);
      socket.off('close', onClose);
      settle(value);
    };
    const onError = (error) => done(reject, error);
    const onClose = () => done(reject, new Error('the cache closed the connection'));
    const onData = (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      let reply;
      try {
        reply = decode(buffer);
      } catch (error) {
        done(reject, error);
        return;
      }
      if (!reply) return;
      if (reply.value instanceof Error) done(reject, reply.value);
      else done(resolve, reply.value);
    };
    const timer = setTimeout(() => done(reject, new Error('the cache did not answer')), timeoutMs);
    socket.on('data', onData);
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.write(encode(parts));
  });
}

/** The list, on any function that sends one command and gives its reply. */
export function bestsellers(command) {
  return {
    /**
     * Adds the sold copies of one book of an order, unless that was done before.
     * The mark comes first: a function that is killed between the two commands
     * leaves a book uncounted, never counted twice.
     */
    async addOnce({ bookId, quantity, orderId, day }) {
      const mark = [counted(day), `${orderId}/${bookId}`];
      const times = Number(await command(['ZINCRBY', mark[0], 1, mark[1]]));
      if (times > 1) return false;
      try {
        await command(['ZINCRBY', KEY, quantity, bookId]);
        return true;
      } catch (error) {
        // Best effort: if this fails as well, the first error is the one to report.
        await command(['ZINCRBY', mark[0], -1, mark[1]]).catch(() => {});
        throw error;
      }
    },
    /** Drops the marks of two days before: a stream keeps its records for one. */
    async forgetBefore(day) {
      const then = new Date(Date.parse(`${day}T00:00:00Z`) - 2 * DAY_MS);
      if (!Number.isNaN(then.getTime())) await command(['DEL', counted(then.toISOString().slice(0, 10))]);
    },
    /** The `count` books sold most, best first: `[{ bookId, sold }]`. */
    async top(count) {
      const flat = await command(['ZREVRANGE', KEY, 0, count - 1, 'WITHSCORES']);
      const list = [];
      for (let i = 0; i + 1 < flat.length; i += 2) {
        list.push({ bookId: flat[i], sold: Number(flat[i + 1]) });
      }
      return list;
    },
  };
}

let socket;

async function open(env) {
  if (socket && !socket.destroyed) return socket;
  const { connect } = await import('node:tls');
  socket = connect({ host: env.CACHE_HOST, port: Number(env.CACHE_PORT), servername: env.CACHE_HOST });
  // An idle connection may be closed at any time; without a listener that
  // would end the process. The next command opens a new one.
  socket.on('error', () => socket.destroy());
  return socket;
}

/** One command, on a connection that is given up when it fails: a late reply must not answer the next one. */
export async function ask(connection, parts) {
  if (connection.destroyed) throw new Error('the connection to the cache is gone');
  try {
    return await send(connection, parts);
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** The list in the cache that the environment names. */
export async function cache(env = process.env) {
  const connection = await open(env);
  // Replies come in the order of the commands: one at a time.
  let last = Promise.resolve();
  return bestsellers((parts) => {
    last = last.catch(() => {}).then(() => ask(connection, parts));
    return last;
  });
}
