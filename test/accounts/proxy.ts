import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What is held: a request that matches, in that order of patterns on one connection, or its answer. */
export type Hold = Readonly<{
  what: 'request' | 'answer';
  patterns: readonly RegExp[];
  /** The how-manieth match of the same text is held: each where nothing is said. */
  nth?: number;
  /** From then on nothing is passed on of any connection: the node stands still. */
  all?: boolean;
}>;

/**
 * A TCP proxy that a connection goes through unchanged, until one says what a test waits for: then
 * that connection stands still, and others go on. `onAnswer` hears all that the server says.
 */
export async function startProxy(
  port: number,
  { listenAt = 0, onAnswer = () => {} }: { listenAt?: number; onAnswer?: (chunk: Buffer) => void } = {},
) {
  let hold: Hold | null = null;
  let seen = new Map<string, number>();
  let held = 0;
  let frozen = false;
  const connections = new Set<{ client: Socket; server: Socket; flush(): void }>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    // How many of the patterns it has said, and of which hold.
    let stage = 0;
    let of: Hold | null = null;
    let blocked: Hold['what'] | null = null;
    const waiting = { request: [] as Buffer[], answer: [] as Buffer[] };
    const connection = {
      client,
      server: upstream,
      flush() {
        blocked = null;
        stage = 0;
        for (const chunk of waiting.request.splice(0)) upstream.write(chunk);
        for (const chunk of waiting.answer.splice(0)) client.write(chunk);
      },
    };
    connections.add(connection);
    const matches = (chunk: Buffer): boolean => {
      const text = chunk.toString('latin1');
      if (of !== hold) stage = 0;
      of = hold;
      for (let pattern = hold?.patterns[stage]; hold && pattern; pattern = hold.patterns[stage]) {
        const found = pattern.exec(text)?.[0];
        if (found === undefined) return false;
        stage += 1;
        if (stage < hold.patterns.length) continue;
        const count = (seen.get(found) ?? 0) + 1;
        seen.set(found, count);
        stage = 0;
        return hold.nth === undefined || count === hold.nth;
      }
      return false;
    };
    client.on('data', (chunk) => {
      if (blocked === null && hold && matches(chunk)) {
        blocked = hold.what;
        held += 1;
        frozen = hold.all ?? false;
      }
      if (frozen || blocked === 'request') waiting.request.push(chunk);
      else upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      onAnswer(chunk);
      if (blocked === 'answer') waiting.answer.push(chunk);
      else client.write(chunk);
    });
    const end = () => {
      client.destroy();
      upstream.destroy();
      connections.delete(connection);
    };
    for (const socket of [client, upstream]) socket.on('close', end).on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(listenAt, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    /** From now on. */
    hold(next: Hold) {
      hold = next;
      held = 0;
      seen = new Map();
    },
    /** How many connections stand still. */
    held: () => held,
    /** What stands still goes on standing still, and the others go on. */
    holdNothingMore() {
      hold = null;
    },
    /** All go on, and nothing is held any more. */
    release() {
      hold = null;
      frozen = false;
      for (const { flush } of connections) flush();
    },
    async stop() {
      for (const { client, server: upstream } of connections) {
        client.destroy();
        upstream.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type TcpProxy = Awaited<ReturnType<typeof startProxy>>;
