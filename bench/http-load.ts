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
export type HttpSamples = Samples & {
  /** Answers by status; `closed`: connections that ended without an answer. */
  statuses: Readonly<Record<string, number>>;
};

export type HttpJob = Readonly<{
  port: number;
  connections: number;
  /** Sent in turn from the start, again and again until `count` is reached. */
  requests: readonly HttpRequest[];
  count: number;
  /** Milliseconds after which no new request is sent. */
  budget: number;
  /** null: any answer counts, and a connection that the server closes is opened again. */
  expect: number | null;
  /** Whether requests that still wait at the end of the budget are given up. */
  cut?: boolean;
}>;

/**
 * Sends requests over kept connections, one at a time on each, and times every answer. Plain
 * sockets, because a general client costs several times what a bare handler does and would be what
 * is measured. It understands only the part of HTTP/1.1 that the servers here use.
 * @throws Error on any unexpected answer
 */
export async function loadHttp(job: HttpJob): Promise<HttpSamples> {
  const bytes = job.requests.map((request) => encode(request, job.port));
  const sockets = new Set(await Promise.all(Array.from({ length: job.connections }, () => open(job.port))));
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const note = (status: number | 'closed') => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  let sent = 0;
  const begin = performance.now();
  const deadline = begin + job.budget;
  const isOver = () => sent >= job.count || (sent > 0 && performance.now() > deadline);

  const run = (socket: Socket) =>
    new Promise<void>((resolve, reject) => {
      const answer = createAnswer();
      let at = 0;
      const next = () => {
        if (isOver()) return resolve();
        at = performance.now();
        socket.write(bytes[sent++ % bytes.length] as Buffer);
      };
      socket.on('error', reject).on('close', () => reject(new Error('the server closed a connection')));
      socket.on('data', (chunk: Buffer) => {
        const status = answer.take(chunk);
        if (status === null) return;
        if (job.expect !== null && status !== job.expect)
          return reject(new Error(`expected ${job.expect}: ${answer.begin()}`));
        latencies.push(performance.now() - at);
        note(status);
        next();
      });
      next();
    });

  const runAgain = async (first: Socket) => {
    for (let socket: Socket | null = first; socket !== null; socket = await open(job.port).catch(() => null)) {
      sockets.add(socket);
      try {
        return await run(socket);
      } catch (error) {
        if (job.expect !== null) throw error;
        sockets.delete(socket);
        if (isOver()) return;
        note('closed');
      }
    }
  };

  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const cut = job.cut ? setTimeout(destroyAll, job.budget) : undefined;
  try {
    await Promise.all([...sockets].map(runAgain));
    return { latencies: Float64Array.from(latencies), wall: performance.now() - begin, statuses };
  } finally {
    clearTimeout(cut);
    destroyAll();
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

/** Takes the pieces of one answer after another. It keeps no body: an export has hundreds of MB. */
function createAnswer() {
  let kept: Buffer = Buffer.alloc(0);
  let shown = kept;
  let head: ReturnType<typeof readHead> | null = null;

  return {
    /** The status once the answer is whole, else null. No pipelining: the bytes are of one answer. */
    take(chunk: Buffer): number | null {
      kept = kept.length > 0 ? Buffer.concat([kept, chunk]) : chunk;
      if (head === null) {
        const end = kept.indexOf('\r\n\r\n');
        if (end < 0) return null;
        shown = kept;
        head = readHead(kept.toString('latin1', 0, end));
        kept = kept.subarray(end + 4);
      }
      const { status } = head;
      if (head.left !== null) head.left -= kept.length;
      const whole = head.left === null ? kept.subarray(-5).equals(lastChunk) : head.left <= 0;
      kept = whole || head.left !== null ? Buffer.alloc(0) : kept.subarray(-5);
      if (!whole) return null;
      head = null;
      return status;
    },
    /** How the last answer begins. */
    begin: () => shown.toString().slice(0, 1500),
  };
}

/** `left`: bytes of the body that are still to come; null: it comes in chunks. */
function readHead(head: string): { status: number; left: number | null } {
  const status = Number(head.slice(9, 12));
  if (status === 204 || status === 304) return { status, left: 0 };
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return { status, left: Number(length) };
  if (!/\r\ntransfer-encoding: chunked/i.test(head)) throw new Error(`an answer without a length: ${head}`);
  return { status, left: null };
}

const lastChunk = Buffer.from('0\r\n\r\n');
