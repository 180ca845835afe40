import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mostCounted } from '../../src/database/most-counted.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

type Attention = { kind: string; id: string | null; name: string | null; count: number | null; at: string | null };
type Day = { day: string; count: number };
type Overview = {
  peopleSignedIn: number;
  peopleSignedInIsExact: boolean;
  revocations: { today: number; week: number; days: Day[] };
  refusedCalls: { today: number; week: number };
  attention: Attention[];
};

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
let theirs: typeof owner;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  theirs = await plantAdministrator(product, 'owner', { org: 'metacortex' });
});
afterAll(() => product?.stop());

const sql = (text: string, values: unknown[] = []) => product.context.pool.query(text, values);
const whiterabbit = () => product.orgs.whiterabbit;
const ask = async (who = owner): Promise<Overview & { code?: string }> =>
  (await who.send('GET', '/overview')).body as unknown as Overview;
const kinds = async (who = owner) => (await ask(who)).attention.map(({ kind }) => kind);

/** A revocation of some hours ago. */
const plantRevocations = (count: number, hoursAgo: number, org = whiterabbit()) =>
  sql(
    `INSERT INTO revocations (org_id, id, user_id, initiator, subject, sessions_ended, grants_ended, duration_ms, created_at)
     SELECT $1, 'rev_' || md5(random()::text || n), $2, 'admin', NULL, 1, 0, 1,
            date_trunc('day', now(), 'UTC') + interval '1 second' - make_interval(hours => $4)
     FROM generate_series(1, $3) n`,
    [org.id, org.userId, count, hoursAgo],
  );

describe('the figures', () => {
  it('count people once, however many sessions and apps they have, and only live ones', async () => {
    const before = await ask();
    const [two, revoked] = await plantUsers(product, 2, { sessions: 2 });
    const [ofApp] = await plantUsers(product, 1, { sessions: 0 });
    await plantGrants(product, { orgId: whiterabbit().id, userId: String(two?.id) }, 1);
    await plantGrants(product, { orgId: whiterabbit().id, userId: String(ofApp?.id) }, 1);
    await sql('UPDATE users SET generation = generation + 1 WHERE id = $1', [revoked?.id]);
    const after = await ask();
    expect(after.peopleSignedIn).toBe(before.peopleSignedIn + 2);
    expect(after.peopleSignedInIsExact).toBe(true);
  });

  it('count revocations by days in UTC, today last', async () => {
    const before = await ask();
    await plantRevocations(2, 0);
    await plantRevocations(3, 24);
    await plantRevocations(1, 6 * 24);
    await plantRevocations(5, 7 * 24);
    const { revocations } = await ask();
    expect(revocations.days).toHaveLength(7);
    expect(revocations.days.at(-1)?.day).toBe(new Date().toISOString().slice(0, 10));
    const grown = revocations.days.map(({ count }, index) => count - Number(before.revocations.days[index]?.count));
    expect(grown).toEqual([1, 0, 0, 0, 0, 3, 2]);
    expect(revocations.today - before.revocations.today).toBe(2);
    expect(revocations.week - before.revocations.week).toBe(6);
  });

  it('count each refused call, those too that were recorded together', async () => {
    const before = await ask();
    expect((await product.revoke({ format: 'email', email: 'nobody@whiterabbit.fake' })).status).toBe(404);
    await sql(
      `INSERT INTO audit_events (org_id, id, action, actor_type, detail)
       VALUES ($1, 'evt_together', 'call.refused', 'anonymous', '{"repeats": 40}')`,
      [whiterabbit().id],
    );
    const { refusedCalls } = await ask();
    expect(refusedCalls.today - before.refusedCalls.today).toBe(41);
    expect(refusedCalls.week - before.refusedCalls.week).toBe(41);
  });

  it('end at a bound', async () => {
    await plantRevocations(mostCounted + 5, 2 * 24);
    expect((await ask()).revocations.days.at(-3)?.count).toBe(mostCounted);
  });

  it('are the own organisation’s alone', async () => {
    const before = await ask(theirs);
    await plantUsers(product, 1);
    await plantRevocations(1, 0);
    await product.revoke({ format: 'email', email: 'nobody@whiterabbit.fake' });
    expect({ ...(await ask(theirs)), at: null }).toEqual({ ...before, at: null });
  });

  it('are for administrators', async () => {
    const member = await plantAdministrator(product, 'member');
    expect((await member.send('GET', '/overview')).status).toBe(403);
  });
});

describe('what needs attention', () => {
  beforeEach(async () => {
    await sql(`UPDATE users SET role = 'owner' WHERE org_id = $1 AND id = $2`, [
      whiterabbit().id,
      whiterabbit().userId,
    ]);
  });

  /** Does something, and puts it right again. */
  async function whileSo(
    make: [string, unknown[]],
    mend: [string, unknown[]],
    expected: Partial<Attention> & { kind: string },
  ) {
    const foreign = await kinds(theirs);
    expect(await kinds()).not.toContain(expected.kind);
    await sql(...make);
    const found = (await ask()).attention.filter(({ kind }) => kind === expected.kind);
    expect(found).toMatchObject([expected]);
    expect(await kinds(theirs)).toEqual(foreign);
    await sql(...mend);
    expect(await kinds()).not.toContain(expected.kind);
  }

  it('is an identity provider that tells no auth_time, where a fresh sign-in must be proven', async () => {
    const { connectionId: id, id: orgId } = whiterabbit();
    const set = (values: string): [string, unknown[]] => [
      `UPDATE connections SET ${values} WHERE org_id = $1 AND id = $2`,
      [orgId, id],
    ];
    const kind = 'auth_time_missing';
    await whileSo(set('tells_auth_time = false'), set('tells_auth_time = true'), { kind, id });
    await whileSo(set('tells_auth_time = false'), set(`reauthentication = 'best_effort'`), { kind, id });
    await sql(...set(`reauthentication = 'verified', tells_auth_time = NULL`));
  });

  it('is a connection that is not proven', async () => {
    const { connectionId: id, id: orgId } = whiterabbit();
    const set = (values: string): [string, unknown[]] => [
      `UPDATE connections SET ${values} WHERE org_id = $1 AND id = $2`,
      [orgId, id],
    ];
    const kind = 'connection_unproven';
    await whileSo(set('proven_at = NULL'), set('proven_at = now()'), { kind, id });
    await whileSo(set('proven_at = NULL'), set('proven_at = NULL, active = false'), { kind, id });
    await sql(...set('proven_at = now(), active = true'));
  });

  it('is that nobody can call the revocation endpoint', async () => {
    const { id: orgId } = whiterabbit();
    await sql('UPDATE orgs SET jwt_callers = false WHERE id = $1', [orgId]);
    const kind = 'no_caller';
    const keys = (values: string): [string, unknown[]] => [`UPDATE api_keys SET ${values} WHERE org_id = $1`, [orgId]];
    const callers = (values: string): [string, unknown[]] => [`UPDATE orgs SET ${values} WHERE id = $1`, [orgId]];
    await whileSo(callers('api_key_callers = false'), callers('api_key_callers = true'), { kind, id: null });
    await whileSo(keys('revoked_at = now()'), keys('revoked_at = NULL'), { kind });
    await whileSo(keys(`expires_at = now() - interval '1 minute'`), callers('jwt_callers = true'), { kind });
    await sql(...keys('expires_at = NULL'));
  });

  it('is a domain that is not verified', async () => {
    const insert = `INSERT INTO domains (org_id, id, domain) VALUES ($1, 'dom_new', 'zion.example')`;
    await whileSo([insert, [whiterabbit().id]], [`UPDATE domains SET verified_at = now() WHERE id = 'dom_new'`, []], {
      kind: 'domain_unverified',
      id: 'dom_new',
      name: 'zion.example',
    });
  });

  it('is that there is no second owner who may sign in', async () => {
    const other = (values: string): [string, unknown[]] => [
      `UPDATE users SET ${values} WHERE org_id = $1 AND id = $2`,
      [whiterabbit().id, whiterabbit().userId],
    ];
    const kind = 'no_second_owner';
    await whileSo(other(`role = 'super_admin'`), other(`role = 'owner'`), { kind, count: 1 });
    await whileSo(other('active = false'), other('active = true'), { kind, count: 1 });
  });

  it('is a message that is given up', async () => {
    const insert = `INSERT INTO deliveries (org_id, id, channel, user_id, kinds, body, status)
                    VALUES ($1, 'dlv_dead', 'email', $2, '{revocation}', '{}', 'dead')`;
    await whileSo([insert, [whiterabbit().id, whiterabbit().userId]], [`DELETE FROM deliveries`, []], {
      kind: 'dead_deliveries',
      count: 1,
    });
  });

  it('is that somebody wants e-mail where none can be sent', async () => {
    const insert = `INSERT INTO notification_readers (org_id, user_id, email_kinds) VALUES ($1, $2, '{revocation}')`;
    await whileSo([insert, [whiterabbit().id, owner.id]], [`UPDATE notification_readers SET email_kinds = '{}'`, []], {
      kind: 'email_unavailable',
    });
  });

  it('is an API key that expires soon', async () => {
    const { id: orgId } = whiterabbit();
    const keys = (values: string): [string, unknown[]] => [`UPDATE api_keys SET ${values} WHERE org_id = $1`, [orgId]];
    await whileSo(keys(`expires_at = now() + interval '13 days'`), keys(`expires_at = now() + interval '15 days'`), {
      kind: 'api_key_expires',
      name: 'test',
      at: expect.any(String) as unknown as string,
    });
    await sql(...keys('expires_at = NULL'));
  });

  it('is each shared account that isn’t as it should be, once, and none hides behind many others', async () => {
    const { id: orgId } = whiterabbit();
    // state, candidate, administrators were told, makes no progress; the account's version is 2.
    const accounts: [name: string, state: string, candidate: number, told: boolean, fails: boolean][] = [
      ...Array.from({ length: 25 }, (_, n): (typeof accounts)[number] => [`by_hand_${n}`, 'manual', 3, false, false]),
      ['nobody_knows', 'uncertain', 3, true, true],
      ['set_and_away', 'set', 3, true, true],
      ['away', 'candidate', 3, true, true],
      ['just_away', 'candidate', 3, false, true],
      ['was_away', 'promoted', 3, true, false],
      ['old_works', 'old_works', 2, false, false],
      ['old_one_works', 'old_works', 1, false, false],
      ['long_over', 'old_works', 1, false, false],
    ];
    for (const [name, state, candidate, told, fails] of accounts) {
      await sql(
        `INSERT INTO accounts (org_id, id, name, user_name, connector, settings, password_rules, version, next_version, updated_at)
         VALUES ($1, 'acc_' || $2, $2, 'u', 'manual', '{}', '{}', 2, 4, now())`,
        [orgId, name],
      );
      await sql(
        `INSERT INTO account_rotations (org_id, id, account_id, cause, state, candidate, told, failing_since, do_until, due_at)
         VALUES ($1, 'rot_' || $2, 'acc_' || $2, 'hand', $3::"AccountRotationState", $4, CASE WHEN $5 THEN ARRAY['uncertain'] ELSE '{}' END,
                 CASE WHEN $6 THEN now() END, CASE WHEN $3 = 'manual' THEN now() + interval '1 day' END, now() + interval '50 minutes')`,
        [orgId, name, state, candidate, told, fails],
      );
    }
    await sql(`UPDATE account_rotations SET finished_at = now() WHERE id = 'rot_long_over'`);
    const told = (await ask()).attention.filter(({ kind }) => kind.startsWith('account_'));
    expect(told.filter(({ kind }) => kind !== 'account_manual').map(({ kind, name }) => [kind, name])).toEqual([
      ['account_uncertain', 'nobody_knows'],
      ['account_uncertain', 'set_and_away'],
      ['account_old_works', 'old_one_works'],
      ['account_old_works', 'old_works'],
      ['account_failing', 'away'],
    ]);
    const byHand = told.filter(({ kind }) => kind === 'account_manual');
    expect([byHand.length, byHand[0]?.count]).toEqual([20, 25]);
    expect((await kinds(theirs)).filter((kind) => kind.startsWith('account_'))).toEqual([]);
    // The list shows the rest.
    const listed = async (state: string) =>
      ((await owner.send('GET', `/accounts?limit=100&state=${state}`)).body as { items: { name: string }[] }).items.map(
        ({ name }) => name,
      );
    expect((await listed('manual')).length).toBe(25);
    expect(await listed('uncertain')).toEqual(['nobody_knows', 'set_and_away']);
    expect(await listed('failing')).toEqual(['away']);
    expect(await listed('steady')).toEqual(['long_over']);
    await sql('DELETE FROM accounts WHERE org_id = $1', [orgId]);
  });

  it('is told with the gravest first', async () => {
    const { id: orgId, connectionId, userId } = whiterabbit();
    await sql(`UPDATE users SET role = 'member' WHERE org_id = $1 AND id = $2`, [orgId, userId]);
    await sql('UPDATE connections SET tells_auth_time = false WHERE org_id = $1 AND id = $2', [orgId, connectionId]);
    expect(await kinds()).toEqual(['auth_time_missing', 'no_second_owner']);
  });
});
