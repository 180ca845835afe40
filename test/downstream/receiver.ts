import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Received = Readonly<{
  path: string;
  authorization: string;
  type: string;
  text: string;
  body: unknown;
  at: number;
}>;
type Answer = number | ((received: Received, res: ServerResponse) => void);

/** An app behind: a server that keeps what it was sent and answers as it is told to. */
export async function startReceiver(first: Answer = 204) {
  let answer = first;
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const server = createServer(async (req: IncomingMessage, res) => {
    const text = (await Array.fromAsync(req)).join('');
    const json = req.headers['content-type'] === 'application/json';
    const call = {
      path: req.url ?? '',
      authorization: req.headers.authorization ?? '',
      type: req.headers['content-type'] ?? '',
      text,
      body: json ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text)),
      at: performance.now(),
    };
    received.push(call);
    for (const wake of waiting) wake();
    if (typeof answer === 'number') res.writeHead(answer).end();
    else answer(call, res);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/gtr`,
    received,
    answer(next: Answer) {
      answer = next;
    },
    /** Resolves when at least `count` calls have come. */
    async until(count: number) {
      while (received.length < count)
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      return received;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>;
