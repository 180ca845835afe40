import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createContext } from '../../src/context.ts';
import { startServer } from '../../src/server.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let node: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  product = await startProduct();
  // The access log of production is another one, and keeps less.
  const context = createContext(loadConfig({ ...product.env, HOST: '127.0.0.1' }, 'production'));
  node = await startServer(context, { port: 0 });
  while (!context.liveChannel.isListening()) await delay(20);
});
afterAll(async () => {
  await node.stop();
  await product.stop();
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as NodeJS.GCFunction;

/**
 * Opens a stream for each cookie, then closes them, three times. Returns the bytes of the heap for
 * each, the least: what else the process keeps meanwhile only adds to it.
 */
async function heapOfEach(port: number, cookies: readonly string[]): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < 3; round += 1) rounds.push(await heapOnce(port, cookies));
  return Math.min(...rounds);
}

async function heapOnce(port: number, cookies: readonly string[]): Promise<number> {
  const used = async () => {
    await delay(200);
    collect({ type: 'major', execution: 'sync' });
    return process.memoryUsage().heapUsed;
  };
  const before = await used();
  const sockets = await Promise.all(
    cookies.map(async (cookie) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(`GET /api/users/me/events HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n\r\n`);
      let text = '';
      while (!text.includes('retry: ')) text += (await once(socket, 'data'))[0];
      expect(text).toMatch(/^HTTP\/1.1 200 /);
      return socket;
    }),
  );
  const after = await used();
  for (const socket of sockets) socket.destroy();
  return (after - before) / cookies.length;
}

it('keeps of an open page little more than Node itself does', async () => {
  const users = await plantUsers(product, 40, { sessions: 2 });
  const cookies = users.flatMap((user) => user.cookies).flatMap((cookie) => Array<string>(10).fill(cookie));
  const bare = createServer((_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('retry: 1000\n\n');
  }).listen(0, '127.0.0.1');
  await once(bare, 'listening');
  const ports = [node.port, (bare.address() as AddressInfo).port] as const;
  // The first streams bring what stays: compiled code, connections to the database.
  for (const port of ports) await heapOfEach(port, cookies);
  const ours = await heapOfEach(ports[0], cookies);
  const nodes = await heapOfEach(ports[1], cookies);
  bare.close();
  console.log(`an open page keeps ${Math.round(ours)} bytes of the heap, at a bare server ${Math.round(nodes)}`);
  expect(ours - nodes).toBeLessThan(6_000);
});
