import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct, trinity } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct({ env: { TRUST_PROXY: '1' } });
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

describe('X-Forwarded-For', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:5678', '203.0.113.7'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['198.51.100.1, 203.0.113.7:5678', '203.0.113.7'],
    ['unknown, 203.0.113.7', '203.0.113.7'],
    ['203.0.113.7, unknown', expect.stringMatching(/^(::1|(::ffff:)?127\.0\.0\.1)$/)],
    ['<script>', expect.stringMatching(/^(::1|(::ffff:)?127\.0\.0\.1)$/)],
  ])('of %s is recorded as the address alone', async (forwarded, ip) => {
    const answer = await fetch(`${product.url}/global-token-revocation`, {
      method: 'POST',
      headers: {
        'X-Forwarded-For': forwarded,
        Authorization: `Bearer ${product.orgs.whiterabbit.apiKey}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ sub_id: { format: 'email', email: trinity.email } }),
    });
    expect(answer.status).toBe(204);
    const { rows } = await product.context.pool.query('SELECT ip FROM audit_events WHERE request_id = $1', [
      answer.headers.get('x-request-id'),
    ]);
    expect(rows[0]).toEqual({ ip });
  });
});
