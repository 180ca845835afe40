import { type Opened, TooLargeError } from './sockets.ts';

/** An error that the server answered; its first word says which. */
export class RespError extends Error {
  get word(): string {
    return this.message.split(' ')[0] as string;
  }
}

export type Reply = string | number | null | RespError | readonly Reply[];

/** Bytes of an element that isn't whole yet; of a user's rights Redis answers some thousands. */
const mostBytes = 16_384;
const deepest = 8;

/**
 * Speaks RESP2, the protocol of Redis and Valkey, one command after another. The few commands of a
 * rotation don't need a client that reconnects by itself and sends again what has no answer.
 */
export function speakResp({ socket, gone }: Opened) {
  const read = readReplies();
  const replies: Reply[] = [];
  let wake = () => {};
  socket.on('data', (chunk: Buffer) => {
    replies.push(...read(chunk));
    wake();
  });

  /** @throws RespError for what the server refuses, and what the connection ends with */
  return async (...command: readonly string[]): Promise<Reply> => {
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
    socket.write(`*${parts.length}\r\n${parts.join('')}`);
    for (;;) {
      const reply = replies.shift();
      if (reply instanceof RespError) throw reply;
      if (reply !== undefined) return reply;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await Promise.race([promise, gone]);
    }
  };
}

/**
 * Takes what has come, chunk by chunk, and returns the replies that are whole with it. Each element
 * is read once: a server that sends a long list in small pieces costs no more than their number.
 * @throws TooLargeError, and Error for what is no RESP
 */
export function readReplies(): (chunk: Buffer) => readonly Reply[] {
  let unread: Buffer = Buffer.alloc(0);
  /** The lists that have begun, the innermost last. */
  const open: Readonly<{ items: Reply[]; count: number }>[] = [];

  return (chunk) => {
    const replies: Reply[] = [];
    unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
    let at = 0;
    for (let element = readElement(unread, at); element; element = readElement(unread, at)) {
      at = element.end;
      if ('count' in element && element.count > 0) {
        if (open.length >= deepest) throw new Error('The answer is no RESP.');
        open.push({ items: [], count: element.count });
        continue;
      }
      let reply: Reply = 'count' in element ? [] : element.reply;
      for (let list = open.at(-1); list; list = open.at(-1)) {
        list.items.push(reply);
        if (list.items.length < list.count) break;
        open.pop();
        reply = list.items;
      }
      if (open.length === 0) replies.push(reply);
    }
    unread = unread.subarray(at);
    if (unread.length > mostBytes) throw new TooLargeError('The answer is too large.');
    return replies;
  };
}

/** One value, or the beginning of a list. */
type Element = Readonly<{ end: number }> & Readonly<{ reply: Reply } | { count: number }>;

/** Reads what begins at `at`; null: a part of it is still to come. */
function readElement(from: Buffer, at: number): Element | null {
  const lineEnd = from.indexOf('\r\n', at);
  if (lineEnd === -1) return null;
  const kind = String.fromCharCode(from[at] as number);
  const rest = from.toString('utf8', at + 1, lineEnd);
  const end = lineEnd + 2;
  if (kind === '+') return { reply: rest, end };
  if (kind === '-') return { reply: new RespError(rest), end };
  if (!/^-?\d{1,15}$/.test(rest)) throw new Error('The answer is no RESP.');
  const count = Number(rest);
  if (kind === ':') return { reply: count, end };
  if ((kind === '$' || kind === '*') && count === -1) return { reply: null, end };
  if ((kind !== '$' && kind !== '*') || count < 0) throw new Error('The answer is no RESP.');
  if (kind === '*') return { count, end };
  const after = end + count + 2;
  return from.length < after ? null : { reply: from.toString('utf8', end, end + count), end: after };
}
