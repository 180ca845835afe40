import type { Opened } from './sockets.ts';

/** An error that the server answered; its first word says which. */
export class RespError extends Error {
  get word(): string {
    return this.message.split(' ')[0] as string;
  }
}

export type Reply = string | number | null | RespError | readonly Reply[];

/**
 * Speaks RESP2, the protocol of Redis and Valkey, one command after another. The few commands of a
 * rotation don't need a client that reconnects by itself and sends again what has no answer.
 */
export function speakResp({ socket, gone }: Opened) {
  let received = Buffer.alloc(0);
  let wake = () => {};
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });

  /** @throws RespError for what the server refuses, and what the connection ends with */
  return async (...command: readonly string[]): Promise<Reply> => {
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
    socket.write(`*${parts.length}\r\n${parts.join('')}`);
    for (;;) {
      const read = readReply(received, 0, 0);
      if (read) {
        received = received.subarray(read.end);
        if (read.reply instanceof RespError) throw read.reply;
        return read.reply;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await Promise.race([promise, gone]);
    }
  };
}

/** Reads the reply that begins at `at`; null: a part of it is still to come. @throws for what is none */
function readReply(from: Buffer, at: number, depth: number): { reply: Reply; end: number } | null {
  const lineEnd = from.indexOf('\r\n', at);
  if (lineEnd === -1) return null;
  const kind = String.fromCharCode(from[at] as number);
  const rest = from.toString('utf8', at + 1, lineEnd);
  const end = lineEnd + 2;
  if (kind === '+') return { reply: rest, end };
  if (kind === '-') return { reply: new RespError(rest), end };
  if (!/^-?\d{1,15}$/.test(rest) || depth > 8) throw new Error('The answer is no RESP.');
  const count = Number(rest);
  if (kind === ':') return { reply: count, end };
  if ((kind === '$' || kind === '*') && count === -1) return { reply: null, end };
  if (kind === '$' && count >= 0) {
    if (from.length < end + count + 2) return null;
    return { reply: from.toString('utf8', end, end + count), end: end + count + 2 };
  }
  if (kind !== '*' || count < 0) throw new Error('The answer is no RESP.');
  const list: Reply[] = [];
  let next = end;
  for (let item = 0; item < count; item += 1) {
    const read = readReply(from, next, depth + 1);
    if (!read) return null;
    list.push(read.reply);
    next = read.end;
  }
  return { reply: list, end: next };
}
