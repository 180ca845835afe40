import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findAttention } from '../../src/admin/attention.ts';
import { byOperator } from '../../src/by.ts';
import { transaction } from '../../src/database/pool.ts';
import { type GtrSettings, gtrSettings } from '../../src/downstream/app-settings.ts';
import { createApps } from '../../src/downstream/apps.ts';
import { createForwards } from '../../src/downstream/forwards.ts';
import { sweepDownstream } from '../../src/downstream/sweep.ts';
import { erasePerson } from '../../src/revocation/erase-person.ts';
import { removePerson } from '../../src/revocation/remove-person.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { switchOff } from '../../src/revocation/switch-person.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type Receiver, startReceiver } from './receiver.ts';

// What is planned for an app that takes Global Token Revocation.

type Person = { id: string; email: string };
type Row = { status: string; error: string | null; revocation_id: string };

let product: Product;
let apps: ReturnType<typeof createApps>;
beforeAll(async () => {
  product = await startProduct();
  apps = createApps({ ...product.context, appFetch: product.context.webhookFetch });
});
afterAll(() => product?.stop());

const receivers: Receiver[] = [];
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.stop();
  for (const { id } of await apps.list(orgId())) await apps.remove(orgId(), id, byOperator);
});

const orgId = () => product.orgs.whiterabbit.id;
const sql = async <T = Record<string, unknown>>(text: string, values: unknown[] = []) =>
  (await product.context.pool.query(text, values)).rows as T[];

async function addApp(settings: Omit<Partial<GtrSettings>, 'auth'> = {}, answer = 204) {
  const receiver = await startReceiver(answer);
  receivers.push(receiver);
  const all = gtrSettings.parse({ endpoint: receiver.url, auth: { method: 'bearer' }, ...settings });
  const app = await apps.add(orgId(), { kind: 'gtr', name: 'CRM', settings: all, credential: 'a-key' }, byOperator);
  return {
    id: app.id,
    receiver,
    change: (input: Parameters<typeof apps.change>[2]) => apps.change(orgId(), app.id, input, byOperator),
  };
}
const person = async (): Promise<Person> => (await plantUsers(product, 1))[0] as Person;
const revoke = async ({ email }: Person) => expect((await product.revoke({ format: 'email', email })).status).toBe(204);

/** The person signs in again: a session as they had before. */
const signInAgain = ({ id }: Person) =>
  sql(
    `INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation, idle_expires_at, expires_at)
     SELECT s.org_id, s.id || '_', s.sid_hash || '_', s.user_id, s.connection_id, s.identity_id, u.generation, o.generation, s.idle_expires_at, s.expires_at
     FROM sessions s JOIN users u ON u.org_id = s.org_id AND u.id = s.user_id JOIN orgs o ON o.id = s.org_id
     WHERE s.user_id = $1 ORDER BY length(s.id) DESC LIMIT 1`,
    [id],
  );

/** The person's forwards in the order of their revocations, once there are `count` and they are settled. */
async function forwardsOf({ id }: Person, count: number, waiting = 0): Promise<Row[]> {
  for (;;) {
    const rows = await sql<Row>(
      'SELECT status, error, revocation_id FROM forwards WHERE org_id = $1 AND user_id = $2 ORDER BY revoked_at, id',
      [orgId(), id],
    );
    const pending = rows.filter(({ status }) => status === 'pending').length;
    if (rows.length >= count && pending === waiting) return rows;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const fates = async (user: Person, count: number, waiting = 0) =>
  (await forwardsOf(user, count, waiting)).map(({ status, error }) => `${status} ${error}`);

/** What comes meanwhile is planned together. */
const together = (work: () => Promise<void>) =>
  whileLocked(
    product,
    (blocker) => blocker.query('LOCK TABLE org_forwards IN ACCESS EXCLUSIVE MODE'),
    async () => {
      await waitForLock(product);
      await work();
    },
  );

describe('an echo', () => {
  it('takes the place of no sign-out that is planned with it', async () => {
    const { receiver } = await addApp();
    const user = await person();
    await revoke(user);
    await receiver.until(1);
    await signInAgain(user);
    await together(async () => {
      await revoke(user);
      await revoke(user);
    });
    expect(await fates(user, 3)).toEqual(['delivered null', 'delivered null', 'left_out echo']);
    expect(receiver.received).toHaveLength(2);
  });

  it('is no answer to the end of a single session', async () => {
    const app = await addApp();
    const [user] = (await plantUsers(product, 1, { sessions: 0 })) as unknown as [Person];
    await sql(
      `INSERT INTO forwards (org_id, id, app_id, user_id, event_id, sid, "full", status, revoked_at, finished_at)
       VALUES ($1, 'of-one-session', $2, $3, 'x', 'sid', false, 'delivered', now(), now())`,
      [orgId(), app.id, user.id],
    );
    await revoke(user);
    expect(await fates(user, 2)).toEqual(['delivered null', 'delivered null']);
    expect(app.receiver.received).toHaveLength(1);
  });

  it('is nothing that ended a session which somebody held at that moment', async () => {
    const { receiver } = await addApp();
    const user = await person();
    await revoke(user);
    await receiver.until(1);
    await signInAgain(user);
    await whileLocked(
      product,
      (blocker) =>
        blocker.query(`SELECT FROM sessions WHERE user_id = $1 AND revoked_at IS NULL FOR UPDATE`, [user.id]),
      async () => {
        await revoke(user);
        await forwardsOf(user, 2);
      },
    );
    expect(await fates(user, 2)).toEqual(['delivered null', 'delivered null']);
  });

  it('is known by when the app took what came back, however late that was', async () => {
    const { receiver } = await addApp();
    const user = await person();
    await revoke(user);
    await receiver.until(1);
    await forwardsOf(user, 1);
    await sql(`UPDATE forwards SET revoked_at = revoked_at - interval '30 seconds' WHERE user_id = $1`, [user.id]);
    await revoke(user);
    expect(await fates(user, 2)).toEqual(['delivered null', 'left_out echo']);
  });
});

describe('whom an app concerns that hears of who is known there', () => {
  it('are those whom it has a name for', async () => {
    const { id, receiver } = await addApp({ concerns: { who: 'seen' }, naming: 'id' });
    const [known, unknown] = [await person(), await person()];
    await sql(`INSERT INTO app_people (org_id, app_id, user_id, name_there) VALUES ($1, $2, $3, 'E-1')`, [
      orgId(),
      id,
      known.id,
    ]);
    await revoke(unknown);
    await revoke(known);
    const [call] = await receiver.until(1);
    expect(call?.body).toEqual({ sub_id: { format: 'opaque', id: 'E-1' } });
    expect(await forwardsOf(unknown, 0)).toEqual([]);
  });
});

describe('an app that knows people by an id of its own', () => {
  it('is told of whom it had no name for once it has, and administrators hear of it once', async () => {
    const { id, receiver } = await addApp({ naming: 'id' });
    const [first, second] = [await person(), await person()];
    for (const user of [first, second]) {
      await revoke(user);
      expect(await fates(user, 1)).toEqual(['left_out no_name_there']);
    }
    const events = await sql(`SELECT detail FROM audit_events WHERE action = 'app.names_missing' AND target_id = $1`, [
      id,
    ]);
    expect(events).toEqual([{ detail: { name: 'CRM' } }]);
    const forwards = createForwards({ ...product.context, wake: product.context.wakeForwarder });
    const [forward] = await sql<{ id: string }>('SELECT id FROM forwards WHERE user_id = $1', [first.id]);
    const again = () => forwards.replay(orgId(), forward?.id as string, byOperator);
    await expect(again()).rejects.toMatchObject({ code: 'conflict' });
    await sql(`INSERT INTO app_people (org_id, app_id, user_id, name_there) VALUES ($1, $2, $3, 'E-1')`, [
      orgId(),
      id,
      first.id,
    ]);
    await again();
    const [call] = await receiver.until(1);
    expect(call?.body).toEqual({ sub_id: { format: 'opaque', id: 'E-1' } });
    expect(await fates(first, 1)).toEqual(['delivered null']);
  });
});

describe('an app that concerns a group', () => {
  it('that is gone can be changed and switched off, and goes on hearing of whom it knows', async () => {
    await sql(`INSERT INTO groups (org_id, id, display_name) VALUES ($1, 'grp_gone', 'Gone')`, [orgId()]);
    const concerns = { who: 'groups' as const, groups: ['grp_gone'] };
    const { id, receiver, change } = await addApp({ concerns });
    const { pool } = product.context;
    const isNamed = async (org: string) =>
      (await findAttention({ pool, emailAvailable: true }, org)).some(({ kind }) => kind === 'app_group_gone');
    expect(await isNamed(orgId())).toBe(false);
    await sql(`DELETE FROM groups WHERE org_id = $1 AND id = 'grp_gone'`, [orgId()]);
    expect(await isNamed(orgId())).toBe(true);
    expect(await isNamed(product.orgs.metacortex.id)).toBe(false);
    for (const input of [
      { name: 'Another' },
      { settings: { member: 'subject' } },
      { state: 'disabled' },
      { state: 'enabled' },
    ] as const)
      expect(await change(input)).toMatchObject({ id });
    await expect(change({ settings: { concerns } })).rejects.toMatchObject({ code: 'invalid_request' });
    const [known, unknown] = [await person(), await person()];
    await sql('INSERT INTO app_people (org_id, app_id, user_id) VALUES ($1, $2, $3)', [orgId(), id, known.id]);
    await revoke(unknown);
    await revoke(known);
    const [call] = await receiver.until(1);
    expect(call?.body).toEqual({ subject: { format: 'email', email: known.email } });
    expect(await forwardsOf(unknown, 0)).toEqual([]);
  });
});

describe('an app that is switched on again', () => {
  it('hears nothing of what was planned while it was being switched off', async () => {
    const { id, receiver, change } = await addApp();
    await change({ state: 'paused' });
    const user = await person();
    await whileLocked(
      product,
      (blocker) => blocker.query(`UPDATE apps SET state = 'disabled' WHERE org_id = $1 AND id = $2`, [orgId(), id]),
      async () => {
        await revoke(user);
        await forwardsOf(user, 1, 1);
      },
    );
    await change({ state: 'enabled' });
    expect(await fates(user, 1)).toEqual(['cancelled app_disabled']);
    expect(receiver.received).toEqual([]);
  });
});

describe('what was held for longer than a day', () => {
  const dayLater = () => sql(`UPDATE forwards SET tried_until = tried_until - interval '25 hours'`);

  it('is tried for a day more when the app is switched on again', async () => {
    const { change } = await addApp({}, 503);
    await change({ state: 'paused' });
    const user = await person();
    await revoke(user);
    await forwardsOf(user, 1, 1);
    await dayLater();
    await change({ state: 'enabled' });
    expect(await failed(user)).toMatchObject({ status: 'pending', error: 'unavailable' });
  });

  it('is tried for a day more when the app answers again', async () => {
    const { id, change, receiver } = await addApp();
    await change({ state: 'paused' });
    const people = [await person(), await person(), await person()];
    for (const user of people) await revoke(user);
    for (const user of people) await forwardsOf(user, 1, 1);
    await dayLater();
    receiver.answer((_call, res) => res.writeHead(receiver.received.length === 1 ? 204 : 503).end());
    await sql(`UPDATE apps SET state = 'enabled', away_since = now(), probe_at = now() WHERE id = $1`, [id]);
    await receiver.until(3);
    while ((await sql(`SELECT FROM forwards WHERE app_id = $1 AND attempts = 1`, [id])).length < 3)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const rows = await sql<Row>(`SELECT status FROM forwards WHERE app_id = $1 ORDER BY status`, [id]);
    expect(rows.map(({ status }) => status)).toEqual(['delivered', 'pending', 'pending']);
  });
});

/** The person's only forward once a try has failed. */
async function failed({ id }: Person): Promise<Row> {
  for (;;) {
    const [row] = await sql<Row>('SELECT status, error FROM forwards WHERE user_id = $1 AND attempts > 0', [id]);
    if (row) return row;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('somebody who left', () => {
  const scim = () => ({ orgId: orgId(), initiator: 'scim', by: byOperator, asked: null }) as const;

  it('is called by the address of the removal, though they were renamed that day', async () => {
    const { receiver } = await addApp();
    const { id, email } = await person();
    const renamed = `new-${email}`;
    const rename = { email: renamed, emailKey: renamed, userName: null, userNameKey: null };
    const { accessPool } = product.context;
    await transaction(accessPool, (client) => switchOff(client, id, { ...scim(), rename }, null));
    await receiver.until(1);
    await transaction(accessPool, async (client) => {
      await client.query('SELECT FROM users WHERE org_id = $1 AND id = $2 FOR UPDATE', [orgId(), id]);
      await removePerson(client, { id, active: false }, scim());
    });
    await receiver.until(2);
    expect(receiver.received[1]?.body).toEqual({ sub_id: { format: 'email', email: renamed } });
  });

  it('leaves no name behind where the app refuses, if they were erased', async () => {
    await addApp({}, 422);
    const user = await person();
    await sql('UPDATE orgs SET keep_names_of_removed = true WHERE id = $1', [orgId()]);
    await transaction(product.context.accessPool, (client) =>
      erasePerson(client, user.id, { ...scim(), initiator: 'admin' }, { locked: new Map() } as never),
    );
    expect(await fates(user, 1)).toEqual(['dead refused']);
    const rows = await sql('SELECT * FROM forwards WHERE user_id = $1', [user.id]);
    expect(JSON.stringify(rows)).not.toContain(user.email);
    await transaction(product.context.pool, sweepDownstream);
    expect(await sql('SELECT FROM departed_people WHERE user_id = $1', [user.id])).toEqual([]);
  });

  it('is still named in what an app refused, where the organisation keeps the names', async () => {
    await addApp({}, 422);
    const user = await person();
    await revoke(user);
    await fates(user, 1);
    await transaction(product.context.accessPool, async (client) => {
      await client.query('SELECT FROM users WHERE org_id = $1 AND id = $2 FOR UPDATE', [orgId(), user.id]);
      await removePerson(client, { id: user.id, active: true }, scim());
    });
    expect(await fates(user, 2)).toEqual(['dead refused', 'dead refused']);
    const rows = await sql('SELECT names FROM forwards WHERE user_id = $1', [user.id]);
    expect(rows.map(({ names }) => (names as Person).email)).toEqual([user.email, user.email]);
  });
});

describe('a step of a sign-out of everyone', () => {
  it('that is late takes the place of no later sign-out', async () => {
    const { change } = await addApp();
    await change({ state: 'paused' });
    const user = await person();
    const everyone = { orgId: orgId(), initiator: 'operator', by: byOperator, asked: null } as const;
    await revokeOrgAccess(product.context.pool, everyone);
    await forwardsOf(user, 1, 1);
    await signInAgain(user);
    await revoke(user);
    await forwardsOf(user, 2, 1);
    await sql('DELETE FROM forwards WHERE user_id = $1 AND mass', [user.id]);
    await sql(`UPDATE org_forwards SET done_at = NULL, up_to = '' WHERE org_id = $1`, [orgId()]);
    expect(await fates(user, 2, 1)).toEqual(['superseded null', 'pending null']);
  });
});
