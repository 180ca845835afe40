import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
let twin: typeof owner;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  twin = await plantAdministrator(product, 'owner', { org: 'metacortex' });
});
afterAll(() => product.stop());

const noCallers = { apiKeyCount: 0, connectionCount: 0 };
const nothing = { sessionCount: 0, grantCount: 0, own: false, administratorCount: 0, eventCount: 0, ...noCallers };
const preview = async (json: object, who = owner) => {
  const { confirmation: _, ...effects } = (await who.send('POST', '/policies/preview', json)).body;
  return effects;
};
const age = (table: 'sessions' | 'grants', column: string, userIds: readonly string[], seconds: number) =>
  product.context.pool.query(
    `UPDATE ${table} SET ${column} = now() - make_interval(secs => $2) WHERE user_id = ANY ($1)`,
    [userIds, seconds],
  );
const live = async (orgId: string) => {
  const { rows } = await product.context.pool.query('SELECT count(*)::int AS n FROM live_sessions WHERE org_id = $1', [
    orgId,
  ]);
  return rows[0].n as number;
};

describe('a preview of policies', () => {
  it('counts exactly what saving ends, and ends nothing', async () => {
    const { id } = product.orgs.whiterabbit;
    const people = await plantUsers(product, 3, { sessions: 2 });
    const ids = people.map((person) => person.id);
    await age('sessions', 'last_seen_at', ids.slice(0, 2), 1_200);
    const before = await live(id);
    expect(await preview({ sessionIdleSeconds: 600 })).toEqual({ ...nothing, sessionCount: 4 });
    expect(await preview({ sessionIdleSeconds: 600 }, twin)).toEqual(nothing);
    expect(await preview({ globalLogout: true, sessionIdleSeconds: null })).toEqual(nothing);
    expect(await live(id)).toBe(before);
    expect((await owner.send('PATCH', '/policies', { sessionIdleSeconds: 600 })).status).toBe(200);
    expect(await live(id)).toBe(before - 4);
    // What ended is not counted again.
    expect(await preview({ sessionIdleSeconds: 600 })).toEqual(nothing);
  });

  it('counts what was begun too long ago, apps, and whoever asks', async () => {
    const [person] = await plantUsers(product, 1, { sessions: 3 });
    const { id } = person as { id: string };
    await plantGrants(product, { orgId: product.orgs.whiterabbit.id, userId: id }, 2);
    await age('sessions', 'created_at', [id, owner.id], 5_000);
    await age('grants', 'created_at', [id], 5_000);
    expect(await preview({ sessionAbsoluteSeconds: 4_000, grantAbsoluteSeconds: 4_000 })).toEqual({
      ...nothing,
      sessionCount: 4,
      grantCount: 2,
      own: true,
    });
    expect(await preview({ grantAbsoluteSeconds: 4_000 })).toEqual({ ...nothing, grantCount: 2 });
  });

  it('counts administrators who would have to authenticate again, and need not now', async () => {
    const [a, b] = [await plantAdministrator(product, 'admin'), await plantAdministrator(product, 'super_admin')];
    await age('sessions', 'authenticated_at', [a.id], 1_800);
    await age('sessions', 'authenticated_at', [b.id], 7_200);
    expect(await preview({ adminReauthenticationSeconds: 900 })).toEqual({ ...nothing, administratorCount: 1 });
  });

  it('counts events that would be removed', async () => {
    await product.context.pool.query(
      `INSERT INTO audit_events (org_id, id, at, action, actor_type, actor_id, target_type, target_id, detail)
       SELECT $1, 'aud_old_' || i, now() - interval '40 days', 'session.ended', 'system', NULL, 'session', 'x', '{}' FROM generate_series(1, 7) i`,
      [product.orgs.whiterabbit.id],
    );
    expect(await preview({ auditRetentionDays: 30 })).toEqual({ ...nothing, eventCount: 7 });
    expect(await preview({ auditRetentionDays: 60 })).toEqual(nothing);
    expect(await preview({ auditRetentionDays: 30 }, twin)).toEqual(nothing);
  });

  it('counts callers that would be refused, and are not now', async () => {
    await owner.send('POST', '/api-keys', { name: 'Provisioning alone', scopes: ['scim'] });
    expect(await preview({ apiKeyCallers: false })).toEqual({ ...nothing, apiKeyCount: 1 });
    expect(await preview({ jwtCallers: false })).toEqual({ ...nothing, connectionCount: 1 });
    expect(await preview({ apiKeyCallers: true, jwtCallers: true })).toEqual(nothing);
    await owner.send('PATCH', '/policies', { apiKeyCallers: false });
    expect(await preview({ apiKeyCallers: false })).toEqual(nothing);
    await owner.send('PATCH', '/policies', { apiKeyCallers: true });
  });

  it('is refused for what no policy can be', async () => {
    expect((await owner.send('POST', '/policies/preview', { sessionIdleSeconds: 1 })).status).toBe(400);
  });
});

describe('the confirmation of a preview', () => {
  // Shorter from test to test: a longer time would bring back nothing that a shorter one has ended.
  let seconds = 10_000;
  let change: object;
  beforeEach(() => {
    seconds -= 1_000;
    change = { sessionAbsoluteSeconds: seconds };
  });
  const saved = async () => {
    const { body } = await owner.send('GET', '/policies');
    const items = body.items as { name: string; value: unknown }[];
    return items.find(({ name }) => name === 'sessionAbsoluteSeconds')?.value === seconds;
  };
  const confirm = async (json: object, who = owner) =>
    String((await who.send('POST', '/policies/preview', json)).body.confirmation);
  const save = (confirmation: string, json: object = change, who = owner) =>
    who.send('PATCH', '/policies', { ...json, confirmation });
  /** Sessions that this change would end, and none before it. */
  const begin = async (sessions: number) => {
    const [person] = await plantUsers(product, 1, { sessions });
    await age('sessions', 'created_at', [(person as { id: string }).id], seconds + 500);
  };

  it('lets the very change pass while it would end about what was shown', async () => {
    await begin(4);
    const shown = await confirm(change);
    // One more became too old while the administrator read.
    await begin(1);
    expect((await save(shown)).status).toBe(200);
    expect(await saved()).toBe(true);
  });

  it('saves nothing where it would end much more, and says what that is now', async () => {
    await begin(4);
    const shown = await confirm(change);
    await begin(5);
    const refused = await save(shown);
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'confirmation_required', effects: { sessionCount: 9 } });
    expect(await saved()).toBe(false);
    expect((await save(String(refused.body.confirmation))).status).toBe(200);
    expect(await saved()).toBe(true);
  });

  it('saves nothing where nothing was to end, and now something would', async () => {
    const shown = await confirm(change);
    await begin(1);
    expect((await save(shown)).status).toBe(409);
    expect(await saved()).toBe(false);
  });

  it('counts for one person, one session and one change', async () => {
    const shown = await confirm(change);
    const second = await plantAdministrator(product, 'owner');
    for (const [confirmation, json, who] of [
      [shown, { sessionAbsoluteSeconds: seconds - 1 }, owner],
      [shown, change, second],
      [shown, change, twin],
      ['made up', change, owner],
    ] as const) {
      const refused = await save(confirmation, json, who);
      expect(refused.status).toBe(409);
      expect(refused.body).toMatchObject({ code: 'confirmation_required', effects: { grantCount: 0 } });
    }
    expect(await saved()).toBe(false);
    expect((await save(shown)).status).toBe(200);
  });

  it('is no confirmation of ending access, nor the other way round', async () => {
    const [person] = await plantUsers(product, 1, { sessions: 1 });
    const path = `/users/${(person as { id: string }).id}/revocations`;
    const asked = await owner.send('POST', path, {});
    expect((await save(String(asked.body.confirmation))).status).toBe(409);
    expect((await owner.send('POST', path, { confirmation: await confirm(change) })).status).toBe(409);
  });
});
