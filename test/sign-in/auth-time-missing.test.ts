import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type By, byOperator } from '../../src/by.ts';
import { createConnections } from '../../src/connections/connections.ts';
import { feedOf, relayed } from '../notifications/support.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { heading, type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
let owner: Browser;
let connectionId: string;
beforeAll(async () => {
  bed = await startSignInBed();
  ({ browser: owner } = await bed.attempt());
  await bed.prisma.user.updateMany({ where: { orgId: bed.org.id }, data: { role: 'owner' } });
  connectionId = (await bed.prisma.connection.findFirstOrThrow({ where: { orgId: bed.org.id } })).id;
});
afterAll(() => bed?.stop());
afterEach(async () => {
  bed.hostile.reset();
  await update({ reauthentication: 'verified', requestAuthTime: false });
  await bed.prisma.connection.updateMany({ data: { tellsAuthTime: true } });
});

const update = (changes: object, by: By = byOperator) =>
  createConnections(bed.product.context).updateConnection(bed.org.id, connectionId, changes, by);
const view = async () =>
  (await owner.get(`/api/orgs/current/connections/${connectionId}`)).json<{ tellsAuthTime: boolean | null }>();
async function signIn(claims: Record<string, unknown>) {
  bed.hostile.setIdToken({ claims });
  return (await bed.attempt()).me.status;
}
const without = { auth_time: undefined };
const recorded = () =>
  bed.prisma.auditEvent.count({ where: { orgId: bed.org.id, action: 'connection.auth_time_missing' } });
/** As if the events of so far were older than a day: the record itself never changes. */
const nextDay = async () => {
  await bed.pool.query('ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only');
  await bed.pool.query(
    `UPDATE audit_events SET at = at - interval '25 hours' WHERE action = 'connection.auth_time_missing'`,
  );
  await bed.pool.query('ALTER TABLE audit_events ENABLE TRIGGER audit_events_append_only');
};
/** What the administrators of the org are told, newest first. */
async function told() {
  await relayed(bed.product);
  return (await feedOf(owner)).items.filter(({ kind }) => kind === 'connection');
}

test('the first ID token without auth_time is told at once, to that organisation alone', async () => {
  await bed.prisma.connection.updateMany({ data: { tellsAuthTime: null } });
  const warned = vi.spyOn(bed.product.context.log, 'warn');
  expect(await signIn({})).toBe(200);
  expect([(await view()).tellsAuthTime, await recorded()]).toEqual([true, 0]);
  expect(await signIn(without)).toBe(200);
  expect((await view()).tellsAuthTime).toBe(false);
  expect(await signIn(without)).toBe(200);
  const lines = warned.mock.calls as unknown as [line: { connectionId: string }, text: string][];
  warned.mockRestore();
  expect(lines.map(([line]) => line.connectionId)).toEqual([connectionId]);
  for (const way of ['--request-auth-time on', '--reauthentication best_effort', 'optional claim'])
    expect(lines[0]?.[1]).toContain(way);
  expect(await told()).toMatchObject([
    {
      count: 1,
      text: expect.stringMatching(/^The identity provider .* does not say when people authenticated \(auth_time\)/),
      actor: { type: 'connection', id: connectionId },
      target: { type: 'connection', id: connectionId },
    },
  ]);
  const others = await bed.prisma.auditEvent.count({
    where: { orgId: { not: bed.org.id }, action: 'connection.auth_time_missing' },
  });
  expect(others).toBe(0);
});

test('whoever changes their mind at each sign-in is told of once a day', async () => {
  await nextDay();
  const before = await recorded();
  for (let i = 0; i < 3; i++) {
    expect(await signIn(without)).toBe(200);
    expect((await view()).tellsAuthTime).toBe(false);
    expect(await signIn({})).toBe(200);
    expect((await view()).tellsAuthTime).toBe(true);
  }
  expect(await recorded()).toBe(before + 1);
  await nextDay();
  await Promise.all([signIn(without), signIn(without), signIn(without)]);
  expect(await recorded()).toBe(before + 2);
});

test('an auth_time that can’t be one counts as none', async () => {
  await nextDay();
  const before = await recorded();
  expect(await signIn({ auth_time: 0 })).toBe(200);
  expect([(await view()).tellsAuthTime, await recorded()]).toEqual([false, before + 1]);
});

test('where best_effort is set there is nothing to tell, until it is set back', async () => {
  await nextDay();
  const before = await recorded();
  await update({ reauthentication: 'best_effort' });
  expect(await signIn(without)).toBe(200);
  expect([(await view()).tellsAuthTime, await recorded()]).toEqual([false, before]);
  const { id } = await bed.prisma.user.findFirstOrThrow({ where: { orgId: bed.org.id } });
  const by: By = { actor: { type: 'user', id }, ip: null, requestId: null };
  await update({ reauthentication: 'verified' }, by);
  expect(await recorded()).toBe(before + 1);
  // Of the connection, and by whoever changed it.
  const { name } = await bed.prisma.connection.findFirstOrThrow({ where: { id: connectionId } });
  expect((await told())[0]).toMatchObject({
    text: expect.stringContaining(`The identity provider ${name} does not say`),
    ...{ actor: { type: 'user', id }, target: { type: 'connection', id: connectionId } },
  });
  await update({ reauthentication: 'best_effort' });
  await update({ reauthentication: 'verified' });
  expect(await recorded()).toBe(before + 1);
  // To ask in another way may help: the next sign-in shows it.
  await update({ requestAuthTime: true });
  expect((await view()).tellsAuthTime).toBeNull();
});

test('the first ID token counts whatever a clock said when the connection was changed', async () => {
  await bed.pool.query(`UPDATE connections SET tells_auth_time = NULL, updated_at = now() + interval '1 hour'`);
  expect([await signIn(without), (await view()).tellsAuthTime]).toEqual([200, false]);
});

test('a sign-in from before a change asked in the old way, and shows nothing of the new one', async () => {
  const browser = createBrowser({ baseUrl: bed.url });
  bed.hostile.setIdToken({ claims: without });
  const callback = await bed.begin(browser);
  await update({ requestAuthTime: true });
  await browser.finish(callback);
  expect([(await browser.get('/api/users/me')).status, (await view()).tellsAuthTime]).toEqual([200, null]);
  expect([await signIn(without), (await view()).tellsAuthTime]).toEqual([200, false]);
});

test('no sign-in waits for a connection that somebody changes: the next one shows the same', async () => {
  const client = await bed.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM connections WHERE id = $1 FOR NO KEY UPDATE', [connectionId]);
  const before = performance.now();
  const signedIn = await signIn(without);
  const took = performance.now() - before;
  await client.query('ROLLBACK');
  client.release();
  expect([signedIn, (await view()).tellsAuthTime]).toEqual([200, true]);
  expect(took).toBeLessThan(4_900);
  expect([await signIn(without), (await view()).tellsAuthTime]).toEqual([200, false]);
});

test('whoever ends access is told beforehand who could not come back', async () => {
  const effects = async (path: string, json: object) => {
    const answer = await owner.open('POST', `/api/orgs/current${path}`, { json });
    return ((await answer.json()) as { effects: { withoutReturn?: string[] } }).effects.withoutReturn;
  };
  const person = await bed.prisma.user.findFirstOrThrow({ where: { orgId: bed.org.id } });
  const session = await bed.prisma.session.findFirstOrThrow({ where: { userId: person.id } });
  const { name } = await bed.prisma.connection.findFirstOrThrow({ where: { id: connectionId } });
  const all = () =>
    Promise.all([
      effects('/revocations', { everyone: true }),
      effects(`/users/${person.id}/revocations`, {}),
      effects(`/users/${person.id}/sessions/${session.id}/revocations`, {}),
    ]);
  expect(await all()).toEqual([undefined, undefined, undefined]);
  await signIn(without);
  expect(await all()).toEqual([[name], [name], undefined]);
  await update({ reauthentication: 'best_effort' });
  expect(await all()).toEqual([undefined, undefined, undefined]);
});

test('the page says whom to turn to', async () => {
  await bed.pool.query('UPDATE orgs SET revoked_at = now() WHERE id = $1', [bed.org.id]);
  bed.hostile.setIdToken({ claims: { ...without, sub: 'newcomer', email: 'newcomer@hostile.fake' } });
  const { page } = await bed.attempt();
  expect(heading(page)).toBe('It cannot be told when you signed in');
  expect(page.text).toContain('Turn to your administrator');
});
