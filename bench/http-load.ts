import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type HttpRequest = Readonly<{
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}>;
export type Samples = Readonly<{
  /** Milliseconds each, in the order of completion. */
  latencies: Float64Array;
  /** Milliseconds from the first request to the last answer. */
  wall: number;
}>;

export type HttpJob = Readonly<{
  port: number;
  connections: number;
  /** Sent in turn from the start, again and again until `count` is reached. */
  requests: readonly HttpRequest[];
  count: number;
  /** Milliseconds after which no new request is sent. */
  budget: number;
  expect: number;
}>;

/**
 * Sends requests over kept connections, one at a time on each, and times every answer. Plain
 * sockets, because a general client costs several times what a bare handler does and would be what
 * is measured. It understands only the part of HTTP/1.1 that the servers here use.
 * @throws Error on any unexpected answer
 */
export async function loadHttp(job: HttpJob): Promise<Samples> {
  const bytes = job.requests.map((request) => encode(request, job.port));
  const sockets = await Promise.all(Array.from({ length: job.connections }, () => open(job.port)));
  const latencies = new Float64Array(job.count);
  let sent = 0;
  let done = 0;
  const begin = performance.now();
  const deadline = begin + job.budget;
  const run = (socket: Socket) =>
    new Promise<void>((resolve, reject) => {
      let received: Buffer | null = null;
      let at = 0;
      const next = () => {
        if (sent >= job.count || (sent > 0 && performance.now() > deadline)) return resolve();
        at = performance.now();
        socket.write(bytes[sent++ % bytes.length] as Buffer);
      };
      socket.on('error', reject).on('close', () => reject(new Error('the server closed a connection')));
      socket.on('data', (chunk: Buffer) => {
        received = received ? Buffer.concat([received, chunk]) : chunk;
        const status = completeStatus(received);
        if (status === null) return;
        if (status !== job.expect)
          return reject(new Error(`expected ${job.expect}: ${received.toString().slice(0, 1500)}`));
        received = null;
        latencies[done++] = performance.now() - at;
        next();
      });
      next();
    });
  try {
    await Promise.all(sockets.map(run));
    return { latencies: latencies.slice(0, done), wall: performance.now() - begin };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

function encode({ method, path, headers = {}, body }: HttpRequest, port: number): Buffer {
  const payload = body === undefined ? '' : JSON.stringify(body);
  const all: Record<string, string> = { Host: `localhost:${port}`, ...headers };
  if (method === 'POST') all['Content-Length'] = String(Buffer.byteLength(payload));
  if (payload) all['Content-Type'] = 'application/json';
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${payload}`);
}

/** The status once the answer is whole, else null. No pipelining: the bytes are of one answer. */
function completeStatus(received: Buffer): number | null {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = received.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  if (status === 204 || status === 304) return status;
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return received.length >= end + 4 + Number(length) ? status : null;
  if (!/\r\ntransfer-encoding: chunked/i.test(head)) throw new Error(`an answer without a length: ${head}`);
  return received.subarray(-5).equals(lastChunk) ? status : null;
}

const lastChunk = Buffer.from('0\r\n\r\n');
