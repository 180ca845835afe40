import { afterAll, beforeAll, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { chores } from '../../src/context.ts';
import { clean } from '../../src/database/chores.ts';
import { endIdpSession, revokeDevice } from '../../src/revocation/end-rows.ts';
import { revokeAccess, revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { startReceiver } from '../notifications/receiver.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { type PlantedUser, plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

// Whoever asks what is alive must hear the same: the view and the loading, lists and previews, a
// revocation's counts in its answer, its record, its event, and what goes out.
let product: Product;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
let orgId: string;
beforeAll(async () => {
  product = await startProduct();
  receiver = await startReceiver();
  orgId = product.orgs.whiterabbit.id;
  owner = await plantAdministrator(product, 'owner');
  const hook = await owner.send('POST', '/webhooks', { url: `${receiver.url}/hook`, kinds: ['revocation'] });
  expect(hook.status).toBe(201);
});
afterAll(async () => {
  await product.stop();
  await receiver.stop();
});

/** Minutes since each was made and last seen; and what else was done to it. */
const rows = [
  { made: 0, seen: 0 },
  { made: 6, seen: 6 },
  { made: 20, seen: 20 },
  { made: 120, seen: 0 },
  { made: 1, seen: 1, also: "expires_at = now() - interval '1 second'" },
  { made: 1, seen: 1, also: "idle_expires_at = now() - interval '1 second'" },
  { made: 1, seen: 1, also: 'ended_at = now()' },
  { made: 1, seen: 1, also: "idp_sid = 'ended at the IdP'" },
];
const untouched = 4;

const policies: [policy: string, lifetimes: string[], alive: number][] = [
  ['no policy', ['NULL, NULL'], untouched],
  ['ten minutes idle', ['600, NULL'], 3],
  ['half an hour idle', ['1800, NULL'], 4],
  ['an hour in all', ['NULL, 3600'], 3],
  ['ten minutes idle and an hour in all', ['600, 3600'], 2],
  // What a policy has ended stays dead.
  ['a policy that became longer', ['600, 3600', '86400, 86400'], 2],
  ['a policy that was dropped', ['600, 3600', 'NULL, NULL'], 2],
];

const lifetimesOf = (of: string) => `${of}_idle_seconds, ${of}_absolute_seconds`;
const floorsOf = (of: string) => `${of}_seen_after, ${of}_born_after`;

/** One after another, from a clean slate. */
async function setPolicies(lifetimes: readonly string[]): Promise<void> {
  const client = await product.context.pool.connect();
  for (const [index, set] of lifetimes.entries()) {
    await client.query('BEGIN');
    // Beside the trigger that keeps in mind what a policy has ended.
    if (index === 0) await client.query('SET LOCAL session_replication_role = replica');
    const clean = `, (${floorsOf('sessions')}, ${floorsOf('grants')}) = ROW ('-infinity', '-infinity', '-infinity', '-infinity')`;
    await client.query(
      `UPDATE orgs SET (${lifetimesOf('session')}, ${lifetimesOf('grant')}) = ROW (${set}, ${set})${index === 0 ? clean : ''} WHERE id = $1`,
      [orgId],
    );
    await client.query('COMMIT');
  }
  client.release();
}

type Counts = { sessions: number; grants: number };
type Way = (user: PlantedUser) => Promise<Counts | null>;
const toCounts = ({ sessionsEnded, grantsEnded }: Record<string, unknown>) =>
  ({ sessions: sessionsEnded, grants: grantsEnded }) as Counts;
async function confirmed(path: string, body: object) {
  const first = await owner.send('POST', path, body);
  expect(first.body.code).toBe('confirmation_required');
  const effects = first.body.effects as Record<string, number>;
  const done = await owner.send('POST', path, { ...body, confirmation: first.body.confirmation });
  expect(done.status).toBe(200);
  return { effects: { sessions: effects.sessionCount, grants: effects.grantCount }, done: done.body };
}
const ways: Record<string, Way> = {
  'the endpoint': async ({ email }) => {
    expect((await product.revoke({ format: 'email', email })).status).toBe(204);
    return null;
  },
  'an administrator': async ({ id }) => {
    const { effects, done } = await confirmed(`/users/${id}/revocations`, {});
    expect(effects).toEqual(toCounts(done));
    return toCounts(done);
  },
  'an administrator’s list': async ({ id }) => {
    const { effects, done } = await confirmed('/revocations', { users: [id] });
    const [one] = done.results as Record<string, unknown>[];
    expect(effects).toEqual(toCounts(one ?? {}));
    return toCounts(one ?? {});
  },
};

async function plant(org: 'whiterabbit' | 'metacortex') {
  const [user] = (await plantUsers(product, 1, { org, sessions: rows.length })) as [PlantedUser];
  await plantGrants(product, { orgId: product.orgs[org].id, userId: user.id }, rows.length);
  const { pool } = product.context;
  for (const table of ['sessions', 'grants']) {
    const planted = await pool.query(`SELECT id FROM ${table} WHERE user_id = $1 ORDER BY id`, [user.id]);
    for (const [index, { made, seen, also }] of rows.entries())
      await pool.query(
        `UPDATE ${table} SET created_at = now() - make_interval(mins => $2), last_seen_at = now() - make_interval(mins => $3)
           ${also ? `, ${also}` : ''} WHERE id = $1`,
        [planted.rows[index].id, made, seen],
      );
  }
  await pool.query(
    `INSERT INTO spent (org_id, kind, id, expires_at)
     SELECT DISTINCT org_id, 'idp_session', connection_id || ' ended at the IdP', now() + interval '1 day'
     FROM sessions WHERE user_id = $1 ON CONFLICT DO NOTHING`,
    [user.id],
  );
  return user;
}

async function view({ id }: PlantedUser): Promise<Counts> {
  const { rows } = await product.context.pool.query<Counts>(
    `SELECT (SELECT count(*)::int FROM live_sessions WHERE user_id = $1) AS sessions,
            (SELECT count(*)::int FROM live_grants WHERE user_id = $1) AS grants`,
    [id],
  );
  return rows[0] as Counts;
}

const cases = policies.flatMap(([policy, lifetimes, count]) =>
  Object.keys(ways).map((way) => [policy, way, lifetimes, count] as const),
);

it.each(cases)('under %s all say the same of what %s ended', async (_policy, way, lifetimes, count) => {
  const { prisma } = product.context;
  await setPolicies(lifetimes);
  const [user, twin] = [await plant('whiterabbit'), await plant('metacortex')];
  const expected = { sessions: count, grants: count };

  expect(await view(user)).toEqual(expected);
  const loads = await Promise.all(user.cookies.map((cookie) => statusOfMe(product.url, cookie)));
  expect(loads.filter((status) => status === 200)).toHaveLength(count);
  const person = (await owner.send('GET', `/users/${user.id}`)).body;
  expect({ sessions: person.liveSessions, grants: person.liveGrants }).toEqual(expected);

  const answered = await ways[way]?.(user);
  expect(answered ?? expected).toEqual(expected);
  const record = await prisma.revocation.findFirstOrThrow({ where: { orgId, userId: user.id } });
  expect(toCounts(record)).toEqual(expected);
  const event = await prisma.auditEvent.findFirstOrThrow({ where: { orgId, targetId: user.id } });
  expect(toCounts(event.detail as Record<string, unknown>)).toEqual(expected);
  const told = await receiver.arrived('/hook', sent + 1);
  sent = told.length;
  expect(told.at(-1)?.message.data).toMatchObject({ target: { id: user.id } });
  expect(toCounts(told.at(-1)?.message.data.detail as Record<string, unknown>)).toEqual(expected);

  expect(await view(user)).toEqual({ sessions: 0, grants: 0 });
  expect(await view(twin)).toEqual({ sessions: untouched, grants: untouched });
});
let sent = 0;

const by = { initiator: 'operator', by: byOperator } as const;
const deadByPolicy = async (user: PlantedUser, table: 'sessions' | 'grants') => {
  const { rows } = await product.context.pool.query<{ id: string; user_generation: number; org_generation: number }>(
    `SELECT d.id, user_generation, org_generation FROM ${table} d
     WHERE user_id = $1 AND ended_at IS NULL AND NOT EXISTS (SELECT FROM live_${table} l WHERE l.id = d.id) ORDER BY id`,
    [user.id],
  );
  expect(rows.length).toBeGreaterThan(0);
  return rows;
};
const tables = [['session', 'sessions'] as const, ['grant', 'grants'] as const];

it('what a policy has ended is neither kept nor ended again', async () => {
  await setPolicies(['600, NULL']);
  for (const [type, table] of tables) {
    const user = await plant('whiterabbit');
    const { pool } = product.context;
    for (const { id } of await deadByPolicy(user, table))
      expect(await revokeDevice(pool, { ...by, orgId, userId: user.id, id })).toBeNull();
    const [dead] = await deadByPolicy(user, table);
    if (!dead) throw new Error('nothing is dead');
    const keep = { type, id: dead.id };
    await revokeAccess(pool, { ...by, orgId, subject: { userIds: [user.id] }, keep });
    await revokeOrgAccess(pool, { ...by, orgId, keep });
    expect(await deadByPolicy(user, table)).toContainEqual(dead);
  }
  owner = await plantAdministrator(product, 'owner');
});

it('of an IdP session only what is alive is ended and counted', async () => {
  await setPolicies(['600, NULL']);
  const user = await plant('whiterabbit');
  const { pool } = product.context;
  await pool.query(`UPDATE sessions SET idp_sid = 'one at the IdP' WHERE user_id = $1 AND idp_sid IS NULL`, [user.id]);
  await pool.query(`UPDATE grants SET idp_sid = 'one at the IdP' WHERE user_id = $1 AND idp_sid IS NULL`, [user.id]);
  const { connectionId } = product.orgs.whiterabbit;
  const end = { orgId, by: byOperator, connectionId, sid: 'one at the IdP' };
  expect(await endIdpSession(pool, end)).toEqual({ result: 'ended', sessionsEnded: 3, grantsEnded: 3 });
  expect(await endIdpSession(pool, end)).toEqual({ result: 'ended', sessionsEnded: 0, grantsEnded: 0 });
});

it('of very many the job counts what was alive, and nothing that a sign-out of everyone had ended', async () => {
  await setPolicies(['600, NULL']);
  const { pool } = product.context;
  const [user] = (await plantUsers(product, 1, { sessions: 300 })) as [PlantedUser];
  await pool.query(
    `UPDATE sessions SET last_seen_at = now() - interval '20 minutes'
     WHERE id IN (SELECT id FROM sessions WHERE user_id = $1 ORDER BY id LIMIT 120)`,
    [user.id],
  );
  const counted = async () => {
    const outcome = await revokeAccess(pool, { ...by, orgId, subject: { userIds: [user.id] } });
    while (!(await clean(pool, chores))) await new Promise((resolve) => setTimeout(resolve, 50));
    const id = outcome.result === 'revoked' ? outcome.revocationId : '';
    return (await product.context.prisma.revocation.findFirstOrThrow({ where: { orgId, id } })).sessionsEnded;
  };
  expect(await counted()).toBe(180);
  expect(await counted()).toBe(0);
});
