import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

/** Sends lines as they are, and reads until the connection ends. */
function sendRaw(...lines: string[]): Promise<{ status: number; head: string; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(product.url).port), 'localhost');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject).on('close', () => {
      const [head = '', body = ''] = text.split('\r\n\r\n', 2);
      resolve({ status: Number(head.split(' ')[1]), head, body });
    });
    socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  });
}

describe('a request target', () => {
  it.each([
    ['OPTIONS *', 204],
    ['GET *', 400],
    ['GET http://[', 400],
    ['GET http://x:99999/', 400],
    ['GET ftp://x/healthz', 400],
    ['GET //', 200],
    ['GET //healthz', 404],
    ['GET //[', 404],
    ['GET /\\[', 404],
    ['GET /api/todos/%', 400],
    ['POST //[', 404],
    ['GET http://elsewhere.example', 200],
    ['GET http://elsewhere.example/healthz?x', 200],
    ['OPTIONS http://elsewhere.example/nowhere', 404],
  ])('%s is answered %s', async (line, status) => {
    const answer = await sendRaw(`${line} HTTP/1.1`, 'Host: localhost');
    expect(answer).toMatchObject({ status, head: expect.stringMatching(/^x-request-id: /im) });
  });
});

describe('Host', () => {
  it.each([
    ['twice', ['Host: localhost', 'host: evil.example']],
    ['twice the same', ['Host: localhost', 'Host: localhost']],
    ['not at all', []],
  ])('%s is refused', async (_what, hosts) => {
    expect((await sendRaw('GET /healthz HTTP/1.1', ...hosts)).status).toBe(400);
  });
});
