import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** How an endpoint of the hostile IdP answers one request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Everything an IdP, or what stands in its place, can do to a client. */
export const answers = {
  json: (value: unknown, status = 200): Answer => body(JSON.stringify(value), 'application/json', status),
  /** Not necessarily JSON, nor of that type. */
  text: (text: string, type = 'text/html', status = 200): Answer => body(text, type, status),
  status: (status: number): Answer => body('', 'text/plain', status),
  redirect:
    (location: string, status = 302): Answer =>
    (_request, response) => {
      response.writeHead(status, { location }).end();
    },
  /** Takes the request and never says a word. */
  hang: (): Answer => () => {},
  /** Sends the head, then nothing. */
  hangAfterHead: (): Answer => (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  },
  /** One byte each `everyMs`, without end: no single wait is long, the whole is. */
  drip:
    (everyMs = 100): Answer =>
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), everyMs);
      response.on('close', () => clearInterval(timer));
    },
  /** A valid JSON document of that many bytes, without a Content-Length. */
  huge:
    (bytes = 50_000_000): Answer =>
    async (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"padding":"');
      const closed = once(response, 'close');
      const chunk = 'x'.repeat(65_536);
      for (let sent = 0; sent < bytes && !response.destroyed; sent += chunk.length) {
        if (!response.write(chunk)) await Promise.race([once(response, 'drain'), closed]);
      }
      response.end('"}');
    },
  /** Resets the connection before any answer. */
  reset: (): Answer => (request) => {
    request.socket.resetAndDestroy();
  },
  /** Breaks off in the middle of the body. */
  truncate: (): Answer => (request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"half":', () => request.socket.destroy());
  },
};

function body(text: string, type: string, status: number): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(text);
  };
}
