import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRoutes } from '../../src/api/endpoint.ts';
import { toEndpoints } from '../../src/api/operation.ts';
import { loadConfig } from '../../src/config.ts';
import { createNotes } from '../../src/database/notes.ts';
import { createPool } from '../../src/database/pool.ts';
import { createTurns } from '../../src/http/turns.ts';
import { meOperations } from '../../src/me/me-routes.ts';
import { createLiveChannel } from '../../src/sessions/live-channel.ts';
import { createSessionMiddleware } from '../../src/sessions/session.ts';
import { sessionCookie } from '../../src/sessions/session-store.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { inParallel, plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct({ processes: 1 });
  for (const node of product.nodes)
    while ((await fetch(`${node}/readyz`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
});
afterAll(() => product.stop());

/** An open page's stream at a node: what it says until the server ends it. */
async function openStream(cookie: string, node = product.nodes[1] as string) {
  return openStreamWith({ cookie }, node);
}
async function openStreamWith(credential: Record<string, string>, node = product.nodes[1] as string) {
  const headers = { ...credential, accept: 'text/event-stream' };
  const response = await fetch(`${node}/api/users/me/events`, { headers });
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  // The first chunk comes after the stream is registered; what follows is read to the end.
  const first = await reader?.read();
  text += decoder.decode(first?.value, { stream: true });
  const ended = (async () => {
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read())
      text += decoder.decode(chunk.value, { stream: true });
    return text;
  })();
  return { status: response.status, headers: response.headers, ended };
}
const plant = async (sessions = 1) =>
  (await plantUsers(product, 1, { sessions }))[0] as Awaited<ReturnType<typeof plantUsers>>[number];

it('tells an open page on another node why it was signed out, then closes; nothing personal is in it', async () => {
  const user = await plant();
  const stream = await openStream(user.cookies[0] as string);
  expect(stream.status).toBe(200);
  expect(stream.headers.get('content-type')).toBe('text/event-stream');
  expect(stream.headers.get('cache-control')).toBe('no-store');
  const asked = performance.now();
  await product.revoke({ format: 'email', email: user.email });
  const text = await stream.ended;
  console.log(`told after ${Math.round(performance.now() - asked)} ms on another node`);
  expect(text).toMatch(/event: signed-out\ndata: {"reason":"session_revoked","at":"[^"]+"}\n\n$/);
  for (const personal of [user.id, user.email, product.orgs.whiterabbit.id]) expect(text).not.toContain(personal);
});

it('tells all of 200 open pages, and only them', async () => {
  const leaving = await plantUsers(product, 200);
  const staying = await plant();
  const heard: string[] = [];
  // As a browser's EventSource does: a node that got no answer in time closes its streams, and each
  // page opens another.
  const listen = async (cookie: string) => {
    let stream = await openStream(cookie);
    expect(stream.status).toBe(200);
    const told = (async () => {
      for (;;) {
        if (stream.status === 401) return;
        const text = stream.status === 200 ? await stream.ended : '';
        if (text.includes('event: signed-out')) return;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        stream = await openStream(cookie);
      }
    })();
    void told.then(() => heard.push(cookie));
    return { told };
  };
  const stays = await listen(staying.cookies[0] as string);
  const others = await Promise.all(leaving.map((user) => listen(user.cookies[0] as string)));
  await inParallel(leaving, 8, async (user) => {
    await product.revoke({ format: 'email', email: user.email });
  });
  await Promise.all(others.map(({ told }) => told));
  expect(heard).not.toContain(staying.cookies[0]);
  await product.revoke({ format: 'email', email: staying.email });
  await stays.told;
});

it("tells of the person's own sign-out in another tab, of an expired session, and of an org-wide sign-out", async () => {
  const user = await plant(2);
  const [first, second] = user.cookies as [string, string];
  const tab = await openStream(first);
  const other = await openStream(second);
  await fetch(`${product.url}/api/signout`, { method: 'POST', headers: { cookie: first } });
  expect(await tab.ended).toContain('"reason":"session_ended"');
  await product.context.pool.query(
    `UPDATE sessions SET idle_expires_at = now() - interval '1 second' WHERE user_id = $1`,
    [user.id],
  );
  expect(await other.ended).toContain('"reason":"session_expired"');
});

const orgId = () => product.orgs.whiterabbit.id;
async function plantApp(idpSid: string | null = null) {
  const user = await plant();
  const grants = await plantGrants(product, { orgId: orgId(), userId: user.id }, 2, { idpSid });
  const streams = await Promise.all(
    grants.map(({ accessToken }) => openStreamWith({ authorization: `Bearer ${accessToken}` })),
  );
  return { user, grants, streams };
}

it("tells apps by their grants, beside open pages: of a revocation, and of the person's own end of one", async () => {
  const { user, grants, streams } = await plantApp();
  const page = await openStream(user.cookies[0] as string);
  await fetch(`${product.url}/api/users/me/sessions/${grants[0]?.id}`, {
    method: 'DELETE',
    headers: { cookie: user.cookies[0] as string },
  });
  expect(await streams[0]?.ended).toMatch(/event: signed-out\ndata: {"reason":"session_ended","at":"[^"]+"}\n\n$/);
  await product.revoke({ format: 'email', email: user.email });
  expect(await streams[1]?.ended).toMatch(/event: signed-out\ndata: {"reason":"session_revoked","at":"[^"]+"}\n\n$/);
  expect(await page.ended).toContain('"reason":"session_revoked"');
});

it("keeps an app's stream open when its access token alone expires, until the grant ends", async () => {
  const { user, grants, streams } = await plantApp();
  let over = false;
  void streams[0]?.ended.then(() => {
    over = true;
  });
  const { pool } = product.context;
  await pool.query(`UPDATE tokens SET expires_at = now() - interval '1 second' WHERE grant_id = $1`, [grants[0]?.id]);
  // Ended by the check that comes after this change: so the first has passed at least one, too.
  await pool.query('UPDATE grants SET ended_at = now() WHERE id = $1', [grants[1]?.id]);
  expect(await streams[1]?.ended).toContain('"reason":"session_ended"');
  expect(over).toBe(false);
  await product.revoke({ format: 'email', email: user.email });
  expect(await streams[0]?.ended).toContain('"reason":"session_revoked"');
});

it('tells pages and apps of the end of their IdP session, with its time, also where it left no tombstone', async () => {
  const { user, streams } = await plantApp('sid of the IdP');
  const { pool } = product.context;
  await pool.query("UPDATE sessions SET idp_sid = 'sid of the IdP' WHERE user_id = $1", [user.id]);
  for (const table of ['sessions', 'grants'])
    await pool.query(`UPDATE ${table} SET created_at = now() - interval '1 hour' WHERE user_id = $1`, [user.id]);
  const page = await openStream(user.cookies[0] as string);
  const at = new Date(Date.now() - 600_000).toISOString();
  await pool.query(
    `INSERT INTO spent (org_id, kind, id, expires_at) VALUES ($1, 'idp_session', $2, $3::timestamptz + interval '1 day')`,
    [orgId(), `${product.orgs.whiterabbit.connectionId} sid of the IdP`, at],
  );
  for (const stream of [...streams, page])
    expect(await stream.ended).toContain(`{"reason":"session_revoked","at":"${at}"}`);
});

it('refuses a stream for a dead session with the reason', async () => {
  const user = await plant();
  await product.revoke({ format: 'email', email: user.email });
  const response = await fetch(`${product.url}/api/users/me/events`, {
    headers: { cookie: user.cookies[0] as string },
  });
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([401, 'session_revoked']);
});

it('closes every stream when its LISTEN connection is lost, and takes new ones when it is back', async () => {
  const user = await plant();
  const cookie = user.cookies[0] as string;
  const stream = await openStream(cookie);
  await product.context.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'universal-logout live channel%'`,
  );
  expect(await stream.ended).not.toContain('signed-out');
  const statuses = new Set<number>();
  for (let tries = 0; tries < 200 && !statuses.has(200); tries += 1) {
    const again = await fetch(`${product.nodes[1]}/api/users/me/events`, { headers: { cookie } });
    statuses.add(again.status);
    await again.body?.cancel();
    if (again.status === 503) expect(again.headers.get('retry-after')).toBe('2');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(statuses).toContain(200);
});

it('finds out within its poll when the notification is lost', async () => {
  const user = await plant();
  const stream = await openStream(user.cookies[0] as string);
  // Straight in the database: nobody notifies.
  await product.context.pool.query('UPDATE users SET generation = generation + 1, revoked_at = now() WHERE id = $1', [
    user.id,
  ]);
  expect(await stream.ended).toContain('"reason":"session_revoked"');
});

it('keeps at most ten streams a session: the oldest gives way', async () => {
  const user = await plant();
  const streams = [];
  for (let count = 0; count < 11; count += 1) streams.push(await openStream(user.cookies[0] as string));
  expect(await streams[0]?.ended).not.toContain('signed-out');
  await product.revoke({ format: 'email', email: user.email });
  for (const stream of streams.slice(1)) expect(await stream.ended).toContain('signed-out');
});

it('keeps at most twenty streams a person: 429 beyond, and nobody else hears of it', async () => {
  const [user, other] = await plantUsers(product, 2, { sessions: 3 });
  const [first = '', second = '', third = ''] = user?.cookies ?? [];
  const streams = [];
  for (const cookie of [first, second])
    for (let count = 0; count < 10; count += 1) streams.push(await openStream(cookie));
  const refused = await fetch(`${product.nodes[1]}/api/users/me/events`, { headers: { cookie: third } });
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([429, 'too_many_requests']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const theirs = await openStream(other?.cookies[0] as string);
  expect(theirs.status).toBe(200);
  // The eleventh of a session takes the place of that session's oldest.
  streams.push(await openStream(first));
  expect(await streams[0]?.ended).not.toContain('signed-out');
  for (const one of [user, other]) await product.revoke({ format: 'email', email: one?.email });
  for (const stream of [...streams.slice(1), theirs]) expect(await stream.ended).toContain('signed-out');
});

/** An app of two routes on a live channel of its own, as a node has it. */
async function startChannel(options: { databaseUrl: string; checkEveryMs: number; before?: () => Promise<void> }) {
  const config = loadConfig({ ...product.env, DATABASE_URL: options.databaseUrl }, 'development');
  const log = pino({ level: 'silent' });
  const pool = createPool({ connectionString: options.databaseUrl, max: 4, applicationName: 'test', log });
  const channel = createLiveChannel({ ...options, pool, directDatabaseUrl: options.databaseUrl, log });
  const app = express();
  app.use(createSessionMiddleware({ pool, config, note: createNotes({ pool }) }));
  app.use((_req, _res, next) => void (options.before?.() ?? Promise.resolve()).then(() => next(), next));
  const operations = meOperations({
    liveChannel: channel,
    findIdpLogout: async () => null,
    devices: { endDevice: async () => false },
    globalLogout: async () => false,
    wayOut: { leadOn: async (_session, href) => href },
    cookie: sessionCookie(config),
  });
  app.use(createRoutes(toEndpoints({ pool, inTurn: createTurns() }, operations)));
  const server = createServer(app).listen(0);
  while (!channel.isListening()) await new Promise((resolve) => setTimeout(resolve, 10));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async stop() {
      await channel.stop();
      server.closeAllConnections();
      server.close();
      await pool.end();
    },
  };
}

it('hears by the notification alone that the endpoint revoked', async () => {
  const node = await startChannel({ databaseUrl: product.databaseUrl, checkEveryMs: 1_000_000 });
  const user = await plant();
  const stream = await openStream(user.cookies[0] as string, node.url);
  await product.revoke({ format: 'email', email: user.email });
  expect(await stream.ended).toContain('"reason":"session_revoked"');
  await node.stop();
});

it('tells a page whose session died between its loading and the opening of the stream', async () => {
  const user = await plant();
  const before = () =>
    product.context.pool
      .query('UPDATE users SET generation = generation + 1, revoked_at = now() WHERE id = $1', [user.id])
      .then(() => {});
  const node = await startChannel({ databaseUrl: product.databaseUrl, checkEveryMs: 1_000_000, before });
  const stream = await openStream(user.cookies[0] as string, node.url);
  expect(await stream.ended).toContain('"reason":"session_revoked"');
  await node.stop();
});

it('closes its streams, and can stop, when the database goes silent without a word', async () => {
  const proxy = await startProxy(product.databaseUrl);
  const node = await startChannel({ databaseUrl: proxy.url, checkEveryMs: 200 });
  const user = await plant();
  const stream = await openStream(user.cookies[0] as string, node.url);
  proxy.freeze();
  expect((await product.revoke({ format: 'email', email: user.email })).status).toBe(204);
  // Nothing can be told, but nothing stays open.
  expect(await stream.ended).not.toContain('signed-out');
  proxy.thaw();
  await node.stop();
  proxy.stop();
});

it('writes nothing when a stream ends: a database that is silent could not hold it open', async () => {
  const node = await startChannel({ databaseUrl: product.databaseUrl, checkEveryMs: 1_000_000 });
  const user = await plant();
  const age = `UPDATE sessions SET last_seen_at = now() - interval '2 minutes' WHERE user_id = $1 RETURNING last_seen_at`;
  const { rows } = await product.context.pool.query(age, [user.id]);
  const stream = await openStream(user.cookies[0] as string, node.url);
  await node.stop();
  await stream.ended;
  const session = await product.context.prisma.session.findFirstOrThrow({ where: { userId: user.id } });
  expect(session.lastSeenAt).toEqual(rows[0].last_seen_at);
});

/** A way to the database that can fall silent: connections stay open, and no byte gets through. */
async function startProxy(databaseUrl: string) {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createTcpServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
    thaw: () => {
      for (const socket of sockets) socket.resume();
    },
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
