import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Received = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

/**
 * An app that takes whatever is posted to it, keeps it, and answers as it is told; 204 otherwise.
 */
export async function startReceiver() {
  const received: Received[] = [];
  let answer: ((response: ServerResponse) => void) | null = null;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    if (answer) answer(response);
    else response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    received,
    /**
     * The only request there was, forgotten hereby. @throws Error if there was none, or several.
     */
    take(): Received {
      const [only, ...more] = received.splice(0);
      if (!only || more.length > 0) throw new Error(`${more.length + (only ? 1 : 0)} requests instead of one`);
      return only;
    },
    /** From now on answers so; null: 204. */
    answer(how: typeof answer) {
      answer = how;
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
