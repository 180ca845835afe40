import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepAuditEvents } from '../../src/audit/retention.ts';
import { clean } from '../../src/database/chores.ts';
import { relayed } from '../notifications/support.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { trinity } from '../support/product.ts';
import { type Event, type Named, type RecordBed, startRecordBed } from './support.ts';

let product: RecordBed['product'];
let owner: RecordBed['owner'];
let foreign: RecordBed['foreign'];
let scim: RecordBed['scim'];
beforeAll(async () => {
  ({ product, owner, foreign, scim } = await startRecordBed());
});
afterAll(() => product?.stop());

const db = () => product.context.pool;
const orgId = () => product.orgs.whiterabbit.id;
const timeline = async (id: string, who = owner) => {
  const { body } = await who.send('GET', `/audit-events?person=${id}&order=asc&limit=200`);
  return body.items as Event[];
};
const keepNamesOfRemoved = (keep: boolean) =>
  db().query('UPDATE orgs SET keep_names_of_removed = $2 WHERE id = $1', [orgId(), keep]);

/** Somebody with an ending on record: by address, and with a reason that says a lot. */
async function somebody(address: string) {
  const { id } = await scim.user(address, { displayName: 'Agent Brown' });
  expect((await product.revoke({ format: 'email', email: address })).status).toBe(204);
  await db().query(`UPDATE revocations SET reason = 'Agent Brown is ill' WHERE org_id = $1 AND user_id = $2`, [
    orgId(),
    id,
  ]);
  return id as string;
}
const erase = async (id: string, who = owner) => {
  const { status, body } = await who.send('POST', `/users/${id}/erasure`, {});
  if (status !== 409 || body.code !== 'confirmation_required') return { status, body };
  return who.send('POST', `/users/${id}/erasure`, { confirmation: body.confirmation });
};
const meansOf = (body: Record<string, unknown>) => (body.effects as { means: string[] }).means;
/** Everything that an owner can read of the record, and what stands behind it. */
async function allThatIsLeft(address: string, name: string) {
  const url = `${product.url}/api/orgs/current/audit-events/export`;
  const exported = await (await fetch(url, { headers: { cookie: owner.cookie } })).text();
  const tables = await Promise.all(
    ['audit_events', 'audit_names', 'revocations', 'users', 'identities'].map(async (table) =>
      JSON.stringify((await db().query(`SELECT * FROM ${table} WHERE org_id = $1`, [orgId()])).rows),
    ),
  );
  const text = [exported, ...tables].join('\n');
  return [text.includes(address), text.includes(name)];
}

describe('provisioning that removes somebody', () => {
  it('erases their names on record, and the reasons; the events stay, each with its hash', async () => {
    const id = await somebody('brown@whiterabbit.fake');
    const before = await timeline(id);
    expect(before.every(({ target }) => target?.name === 'Agent Brown')).toBe(true);
    expect((await scim.remove(`/Users/${id}`)).status).toBe(204);
    const after = await timeline(id);
    expect(after.map(({ action }) => action)).toEqual([
      'user.added',
      'access.revoked',
      'user.deactivated',
      'user.removed',
    ]);
    expect(after.map(({ target }) => [target?.id, target?.name, target?.email])).toEqual(
      after.map(() => [id, null, null]),
    );
    expect(after.map(({ reason }) => reason)).toEqual([null, null, 'Removed by provisioning.', null]);
    expect(after.slice(0, 2).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    const { rows } = await db().query(
      'SELECT count(target_ref)::int AS hashes FROM audit_events WHERE target_id = $1',
      [id],
    );
    expect(rows).toEqual([{ hashes: 3 }]);
    expect(await allThatIsLeft('brown@whiterabbit.fake', 'Agent Brown')).toEqual([false, false]);
  });

  it('leaves them where the org keeps the names of removed people, until an owner erases them', async () => {
    await keepNamesOfRemoved(true);
    const id = await somebody('jones@whiterabbit.fake');
    await scim.remove(`/Users/${id}`);
    await keepNamesOfRemoved(false);
    const kept = await timeline(id);
    expect(kept.map(({ action, target }) => [action, target?.email])).toEqual(
      ['user.added', 'access.revoked', 'user.deactivated', 'user.removed'].map((action) => [
        action,
        'jones@whiterabbit.fake',
      ]),
    );
    expect(kept[1]?.reason).toBe('Agent Brown is ill');
    const means = async () => meansOf((await owner.send('POST', `/users/${id}/erasure`, {})).body);
    expect(await means()).toEqual([
      'This person was removed before. The record still has these names of theirs: Agent Brown (jones@whiterabbit.fake).',
      expect.stringMatching(/^All their names/),
      'This cannot be undone.',
    ]);
    expect(await erase(id)).toMatchObject({ status: 200, body: { revocationId: null, sessionsEnded: 0 } });
    expect((await means())[0]).toBe('This person was removed before, and the record has no name of theirs any more.');
    const erased = await timeline(id);
    expect(erased.map(({ target }) => target?.name)).toEqual(erased.map(() => null));
    expect(erased.at(-1)).toMatchObject({ action: 'user.erased', actor: { id: owner.id, email: owner.email } });
    expect(await allThatIsLeft('jones@whiterabbit.fake', 'Agent Brown')).toEqual([false, false]);
  });
});

describe('an owner who erases somebody', () => {
  it('ends their access, frees their address and leaves no name, after seeing what would end', async () => {
    const [person] = await plantUsers(product, 1, { sessions: 2 });
    const id = person?.id as string;
    await owner.send('PATCH', `/users/${id}`, { name: 'Forgotten Person' });
    const asked = await owner.send('POST', `/users/${id}/erasure`, {});
    expect(asked).toMatchObject({
      status: 409,
      body: { effects: { sessionCount: 2, user: { name: 'Forgotten Person' } } },
    });
    const who = `Forgotten Person (${person?.email})`;
    expect(meansOf(asked.body)).toEqual([
      `${who} is removed for good, with their todos.`,
      'All access of Forgotten Person ends.',
      `${person?.email} is free then, for somebody else.`,
      expect.stringMatching(/^All their names and addresses go from the record, and the reasons/),
      'This cannot be undone.',
    ]);
    const todo = {
      method: 'POST',
      headers: { cookie: person?.cookies[0] as string, 'content-type': 'application/json' },
    };
    expect((await fetch(`${product.url}/api/todos`, { ...todo, body: '{"task":"Buy a gift"}' })).status).toBe(201);
    expect((await timeline(id)).map(({ action }) => action)).not.toContain('user.erased');
    const { confirmation } = asked.body;
    // A confirmation of another ending doesn't count, nor does this one twice.
    const other = await owner.send('POST', `/users/${id}/revocations`, {});
    expect((await owner.send('POST', `/users/${id}/erasure`, { confirmation: other.body.confirmation })).status).toBe(
      409,
    );
    const done = await owner.send('POST', `/users/${id}/erasure`, { confirmation });
    expect(done).toMatchObject({ status: 200, body: { revocationId: expect.any(String), sessionsEnded: 2 } });
    const cookie = person?.cookies[0] as string;
    expect((await fetch(`${product.url}/api/users/me`, { headers: { cookie } })).status).toBe(401);
    expect((await owner.send('GET', `/users/${id}`)).status).toBe(404);
    expect(await product.context.prisma.todo.count({ where: { orgId: orgId(), userId: id } })).toBe(0);
    expect(await allThatIsLeft(person?.email as string, 'Forgotten Person')).toEqual([false, false]);
    expect((await scim.user(person?.email as string)).id).not.toBe(id);
  });

  it('leaves no address where a call meant two people by it, and lists as they were asked for', async () => {
    const [person, other, third] = await plantUsers(product, 3);
    const ids = [person?.id as string, other?.id as string];
    const address = `contested-${ids[0]}@whiterabbit.fake`;
    const key = address.toLowerCase();
    const call = 'UPDATE users SET email = $2, email_key = $2, user_name = $3, user_name_key = $3 WHERE id = $1';
    await db().query(call, [ids[0], key, 'contested']);
    await db().query(call, [ids[1], other?.email, key]);
    expect((await product.revoke({ format: 'email', email: address })).status).toBe(204);
    const list = { users: [ids[0], third?.id] };
    const { confirmation } = (await owner.send('POST', '/revocations', list)).body;
    expect((await owner.send('POST', '/revocations', { ...list, confirmation })).status).toBe(200);
    const subjects = async (userId?: string) =>
      (
        await db().query('SELECT subject FROM revocations WHERE org_id = $1 AND user_id = $2 ORDER BY created_at', [
          orgId(),
          userId,
        ])
      ).rows.map(({ subject }) => subject);
    expect(await subjects(ids[1])).toEqual([{ format: 'email', email: address }]);
    expect(await erase(ids[0] as string)).toMatchObject({ status: 200 });
    expect(await subjects(ids[1])).toEqual([null]);
    expect(await subjects(third?.id)).toEqual([{ users: 2 }]);
  });

  it('is told to administrators, each time', async () => {
    const [person] = await plantUsers(product, 1);
    const id = person?.id as string;
    for (const _ of [1, 2]) expect(await erase(id)).toMatchObject({ status: 200 });
    await relayed(product);
    const { body } = await owner.send('GET', '/notifications?limit=200');
    const told = (body.items as { kind: string; action: string; text: string; target: Named }[]).filter(
      ({ action, target }) => action === 'user.erased' && target.id === id,
    );
    expect(told.map(({ kind, text }) => [kind, text])).toEqual(
      [1, 2].map(() => [
        'identity_change',
        expect.stringMatching(/ removed somebody for good, with their names on record$/),
      ]),
    );
  });

  it('reaches nobody of another organisation, and no namesake there', async () => {
    const { userId } = product.orgs.metacortex;
    expect(await erase(userId)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await erase('usr_nobody')).toMatchObject({ status: 404 });
    expect(await erase(product.orgs.whiterabbit.userId)).toMatchObject({ status: 200 });
    expect((await timeline(userId, foreign))[0]?.target).toMatchObject({ email: trinity.email });
  });

  it('is an owner, and never the last one who erases themself', async () => {
    const superAdmin = await plantAdministrator(product, 'super_admin');
    const [person] = await plantUsers(product, 1);
    expect(await erase(person?.id as string, superAdmin)).toMatchObject({ status: 403 });
    const last = await erase(foreign.id, foreign);
    expect(last).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await timeline(foreign.id, foreign)).map(({ action }) => action)).not.toContain('user.erased');
  });
});

it('of two owners who erase each other at once, one is left', async () => {
  await db().query(`UPDATE users SET role = 'member' WHERE org_id = $1`, [product.orgs.metacortex.id]);
  const owners = [
    await plantAdministrator(product, 'owner', { org: 'metacortex' }),
    await plantAdministrator(product, 'owner', { org: 'metacortex' }),
  ] as const;
  const [first, second] = owners;
  const ask = async (who: RecordBed['owner'], whom: RecordBed['owner']) =>
    (await who.send('POST', `/users/${whom.id}/erasure`, {})).body.confirmation;
  const confirmations = [await ask(first, second), await ask(second, first)];
  const answers = await Promise.all([
    first.send('POST', `/users/${second.id}/erasure`, { confirmation: confirmations[0] }),
    second.send('POST', `/users/${first.id}/erasure`, { confirmation: confirmations[1] }),
  ]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const { rows } = await db().query(
    `SELECT count(*)::int AS owners FROM users WHERE org_id = $1 AND role = 'owner' AND deleted_at IS NULL`,
    [product.orgs.metacortex.id],
  );
  expect(rows).toEqual([{ owners: 1 }]);
});

it('what the retention lets go takes the names with it that no event is left of', async () => {
  const [gone, staying] = await plantUsers(product, 2);
  for (const { id } of [gone, staying] as { id: string }[]) {
    await owner.send('PATCH', `/users/${id}`, { name: 'Second' });
    await owner.send('PATCH', `/users/${id}`, { name: 'Third' });
  }
  const ids = [gone?.id, staying?.id];
  // Events of a year ago, and names that came to be then.
  await db().query(
    `ALTER TABLE audit_names DISABLE TRIGGER USER; ALTER TABLE audit_events DISABLE TRIGGER USER;
     UPDATE audit_names SET made_at = made_at - interval '1 year' WHERE subject_id IN ('${ids.join("','")}');
     UPDATE audit_events SET at = at - interval '1 year' WHERE target_id = '${gone?.id}';
     UPDATE audit_events SET at = at - interval '1 year' WHERE target_id = '${staying?.id}' AND id <> (
       SELECT id FROM audit_events WHERE target_id = '${staying?.id}' ORDER BY at LIMIT 1);
     UPDATE orgs SET audit_retention_days = 30 WHERE id = '${orgId()}';
     ALTER TABLE audit_names ENABLE TRIGGER USER; ALTER TABLE audit_events ENABLE TRIGGER USER`,
  );
  while (!(await clean(db(), [sweepAuditEvents])));
  const { rows } = await db().query(
    'SELECT subject_id, name FROM audit_names WHERE subject_id = ANY ($1) ORDER BY made_at, subject_id',
    [ids],
  );
  const namesOf = (id?: string) => rows.filter(({ subject_id }) => subject_id === id).map(({ name }) => name);
  // Who is there keeps their present names; of an event that stays the name stays.
  expect([namesOf(gone?.id), namesOf(staying?.id)]).toEqual([['Third'], ['Second', 'Third']]);
});
