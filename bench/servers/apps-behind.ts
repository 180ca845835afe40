import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerCalls } from '../child.ts';

/** When each person's call came, by path: milliseconds since 1970, of this machine's fine clock. */
const came = new Map<string, Map<string, number>>();

const server = createServer(async (req, res) => {
  const path = req.url ?? '';
  if (path === '/hangs') return;
  let text = '';
  for await (const chunk of req) text += chunk;
  const at = performance.timeOrigin + performance.now();
  const here = came.get(path) ?? new Map<string, number>();
  came.set(path, here);
  const { email } = JSON.parse(text).sub_id;
  if (!here.has(email)) here.set(email, at);
  res.writeHead(204).end();
});

/** Apps behind, by path: all answer at once but `/hangs`. */
answerCalls({
  async start() {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },
  /** People of whom the app has heard. */
  count: (path: string) => came.get(path)?.size ?? 0,
  /** The moments of these people; null: nothing came. */
  when: ({ path, emails }: { path: string; emails: readonly string[] }) =>
    emails.map((email) => came.get(path)?.get(email) ?? null),
  forget: () => came.clear(),
});
