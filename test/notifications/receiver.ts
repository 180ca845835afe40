import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { until } from './support.ts';

export type Received = Readonly<{
  path: string;
  headers: IncomingHttpHeaders;
  raw: string;
  message: { type: string; timestamp: string; data: Record<string, unknown> };
}>;

/** A receiver of webhooks: keeps what comes, and answers as it is told, 204 if it isn't. */
export async function startReceiver() {
  const received: Received[] = [];
  let answer: (res: ServerResponse, one: Received) => void = (res) => void res.writeHead(204).end();
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const raw = Buffer.concat(chunks).toString();
    const one = { path: req.url ?? '', headers: req.headers, raw, message: JSON.parse(raw) };
    received.push(one);
    answer(res, one);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    at: (path: string) => received.filter((one) => one.path === path),
    /** Waits for that many at a path. */
    async arrived(path: string, count = 1): Promise<Received[]> {
      return until(async () => {
        const here = received.filter((one) => one.path === path);
        return here.length >= count && here;
      });
    },
    answerWith(next: typeof answer) {
      answer = next;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** @throws when the signature isn't one by this secret */
export function verify(secret: string, { raw, headers }: Received): unknown {
  return new Webhook(secret).verify(raw, headers as Record<string, string>);
}
