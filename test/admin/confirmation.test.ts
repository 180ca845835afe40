import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { type Answer, clientOf, plantAdministrator } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let nodes: [string, string];
let orgId: string;
let admin: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct({ processes: 1 });
  nodes = product.nodes as [string, string];
  orgId = product.orgs.whiterabbit.id;
  admin = await plantAdministrator(product, 'admin', { sessions: 2 });
});
afterAll(() => product.stop());

const plantOne = async (sessions = 1) => {
  const [user] = await plantUsers(product, 1, { sessions });
  if (!user) throw new Error('nobody was planted');
  return { ...user, cookie: user.cookies[0] as string };
};
const end = (id: string, confirmation?: unknown, { by = admin, at }: { by?: typeof admin; at?: string } = {}) =>
  by.send('POST', `/users/${id}/revocations`, confirmation === undefined ? {} : { confirmation }, at);
const confirmationFor = async (id: string, by = admin) => tokenOf(await end(id, undefined, { by }));
function tokenOf(answer: Answer): string {
  expect([answer.status, answer.body.code]).toEqual([409, 'confirmation_required']);
  expect(answer.body.confirmation).toMatch(/^[\w-]+(\.[\w-]*){4}$/);
  return answer.body.confirmation as string;
}
/** Refused for this reason, nothing ended, and the fresh one in the answer is good. */
async function expectRefused(answer: Answer, why: RegExp, person: { id: string; cookie: string }) {
  const fresh = tokenOf(answer);
  expect(answer.body.detail).toMatch(why);
  expect(answer.body.effects).toMatchObject({ user: { id: person.id } });
  expect(await statusOfMe(nodes[1], person.cookie)).toBe(200);
  expect((await end(person.id, fresh)).status).toBe(200);
  expect(await statusOfMe(nodes[1], person.cookie)).toBe(401);
}
const revocationsOf = (userId: string) => product.context.prisma.revocation.count({ where: { orgId, userId } });

describe('without a confirmation', () => {
  it('nothing ends, and the answer says what would', async () => {
    const person = await plantOne(2);
    await plantGrants(product, { orgId, userId: person.id }, 1);
    await plantGrants(product, { orgId, userId: person.id }, 1, { clientId: 'cli' });
    await product.context.pool.query(`UPDATE sessions SET user_agent = 'curl/8.5.0' WHERE user_id = $1`, [person.id]);
    const answer = await end(person.id);
    tokenOf(answer);
    expect(answer.body.effects).toEqual({
      user: { id: person.id, name: 'Planted', email: person.email, role: 'member' },
      people: 1,
      roles: [{ role: 'member', people: 1 }],
      unknown: [],
      sessionCount: 2,
      grantCount: 2,
      sessions: expect.arrayContaining([
        expect.objectContaining({ type: 'session', device: 'curl', current: false }),
        expect.objectContaining({ type: 'grant', client: 'Command line' }),
      ]),
      apps: ['Command line', 'Mobile app'],
      toTell: [],
      devices: ['Unknown device', 'curl'].sort(),
    });
    expect(await statusOfMe(nodes[0], person.cookie)).toBe(200);
    expect(await revocationsOf(person.id)).toBe(0);
  });

  it('lists 20 at most, and counts all', async () => {
    const person = await plantOne(25);
    const { effects } = (await end(person.id)).body as { effects: { sessions: unknown[]; sessionCount: number } };
    expect([effects.sessions.length, effects.sessionCount]).toEqual([20, 25]);
  });
});

it('with it access ends, on every node', async () => {
  const person = await plantOne(3);
  const answer = await end(person.id, await confirmationFor(person.id));
  expect(answer).toMatchObject({ status: 200, body: { sessionsEnded: 3, grantsEnded: 0, more: false } });
  for (const node of nodes) for (const cookie of person.cookies) expect(await statusOfMe(node, cookie)).toBe(401);
});

describe('a confirmation', () => {
  it.each(['x', 'a.b.c.d.e', `${'A'.repeat(4000)}`])('that is no such thing is refused (%#)', async (text) => {
    const person = await plantOne();
    await expectRefused(await end(person.id, text), /not one that was given here/, person);
  });

  it.each(['', 7, null, ['x'], 'x'.repeat(4097)])('of another form is a wrong request', async (value) => {
    const person = await plantOne();
    const answer = await end(person.id, value);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect(await statusOfMe(nodes[0], person.cookie)).toBe(200);
  });

  it('that was changed, or was sealed for another purpose, is refused', async () => {
    const person = await plantOne();
    const good = await confirmationFor(person.id);
    const parts = good.split('.');
    const cipher = parts[3] as string;
    parts[3] = (cipher[0] === 'A' ? 'B' : 'A') + cipher.slice(1);
    tokenOf(await end(person.id, parts.join('.')));
    const content = await open(good);
    const moved = await product.context.keyring.encrypt(JSON.stringify(content), 'another purpose');
    await expectRefused(await end(person.id, moved), /not one that was given here/, person);
  });

  it('of another administrator, or of another session of one’s own, is refused', async () => {
    const [person, another] = [await plantOne(), await plantOne()];
    const other = await plantAdministrator(product, 'owner');
    await expectRefused(await end(person.id, await confirmationFor(person.id, other)), /another session/, person);
    await product.context.pool.query('UPDATE sessions SET authenticated_at = now() WHERE user_id = $1', [admin.id]);
    const asOther = { ...admin, send: clientOf(product.url, admin.cookies[1]) };
    await expectRefused(await end(another.id, await confirmationFor(another.id, asOther)), /another session/, another);
  });

  it('for another person, or for another action on the same one, is refused', async () => {
    const [person, another] = [await plantOne(), await plantOne()];
    await expectRefused(await end(person.id, await confirmationFor(another.id)), /another action or target/, person);
    expect(await statusOfMe(nodes[0], another.cookie)).toBe(200);
    const ofList = await admin.send('POST', '/revocations', { users: [another.id] });
    await expectRefused(await end(another.id, tokenOf(ofList)), /another action or target/, another);
    const third = await plantOne();
    const list = await admin.send('POST', '/revocations', {
      users: [third.id],
      confirmation: await confirmationFor(third.id),
    });
    expect(list.body).toMatchObject({ code: 'confirmation_required', detail: expect.stringMatching(/another action/) });
    expect(await statusOfMe(nodes[0], third.cookie)).toBe(200);
  });

  it('of another org’s administrator is refused, also where both orgs have a person of the same id', async () => {
    const person = await plantOne();
    const stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const notTheirs = await end(person.id, undefined, { by: stranger });
    expect([notTheirs.status, notTheirs.body.code]).toEqual([404, 'not_found']);
    await product.context.pool.query(
      `INSERT INTO users (org_id, id, email, email_key, name) SELECT $1, id, email, email_key, name FROM users WHERE org_id = $2 AND id = $3`,
      [product.orgs.metacortex.id, orgId, person.id],
    );
    const theirs = await confirmationFor(person.id, stranger);
    await expectRefused(await end(person.id, theirs), /another session/, person);
    expect(
      await product.context.prisma.revocation.count({
        where: { orgId: product.orgs.metacortex.id, userId: person.id },
      }),
    ).toBe(0);
  });

  it('counts for five minutes', async () => {
    const [person, another] = [await plantOne(), await plantOne()];
    const aged = async (id: string, leftMs: number) => {
      const content = await open(await confirmationFor(id));
      expect(Math.abs(content.expiresAt - Date.now() - 300_000)).toBeLessThan(10_000);
      return seal({ ...content, expiresAt: Date.now() + leftMs });
    };
    await expectRefused(await end(person.id, await aged(person.id, -1)), /has expired/, person);
    expect((await end(another.id, await aged(another.id, 5_000))).status).toBe(200);
  });

  it('counts once', async () => {
    const person = await plantOne();
    const confirmation = await confirmationFor(person.id);
    expect((await end(person.id, confirmation)).status).toBe(200);
    const again = await end(person.id, confirmation, { at: nodes[1] });
    tokenOf(again);
    expect(again.body.detail).toMatch(/used before/);
    expect(await revocationsOf(person.id)).toBe(1);
  });

  it('counts once on two nodes at the same moment, in 30 trials', async () => {
    for (let trial = 0; trial < 30; trial += 1) {
      const person = await plantOne();
      const confirmation = await confirmationFor(person.id);
      const answers = await Promise.all(
        [0, 1, 0, 1].map((node) => end(person.id, confirmation, { at: nodes[node] as string })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
      expect(await revocationsOf(person.id)).toBe(1);
    }
  });

  it('is outdated when the person’s access has ended otherwise since', async () => {
    const person = await plantOne();
    const confirmation = await confirmationFor(person.id);
    expect((await product.revoke({ format: 'opaque', id: person.id })).status).toBe(204);
    const answer = await end(person.id, confirmation);
    tokenOf(answer);
    expect(answer.body.detail).toMatch(/ended otherwise/);
    expect(await revocationsOf(person.id)).toBe(1);
    // Not spent by that, and as outdated as before.
    expect((await end(person.id, confirmation)).body.detail).toMatch(/ended otherwise/);
  });

  it('is outdated when that comes while it waits for the person’s row', async () => {
    const person = await plantOne();
    const confirmation = await confirmationFor(person.id);
    let answer: ReturnType<typeof end> | undefined;
    const bump = (blocker: PoolClient) =>
      blocker.query('UPDATE users SET generation = generation + 1 WHERE id = $1', [person.id]);
    await whileLocked(product, bump, async () => {
      answer = end(person.id, confirmation);
      await waitForLock(product);
    });
    expect((await answer)?.body.detail).toMatch(/ended otherwise/);
    expect(await revocationsOf(person.id)).toBe(0);
  });

  it('is outdated when everyone has been signed out since', async () => {
    const boss = await plantAdministrator(product, 'owner');
    const person = await plantOne();
    const confirmation = await confirmationFor(person.id, boss);
    const keep = await sessionOf(boss.id);
    await revokeOrgAccess(product.context.pool, {
      orgId,
      initiator: 'operator',
      by: byOperator,
      keep: { type: 'session', id: keep },
    });
    const answer = await end(person.id, confirmation, { by: boss });
    tokenOf(answer);
    expect(answer.body.detail).toMatch(/ended otherwise/);
    expect(await revocationsOf(person.id)).toBe(0);
  });
});

const purpose = 'confirmation of ending access';
const open = async (confirmation: string) =>
  JSON.parse(await product.context.keyring.decrypt(confirmation, purpose)) as { expiresAt: number };
const seal = (content: object) => product.context.keyring.encrypt(JSON.stringify(content), purpose);
const sessionOf = async (userId: string) =>
  (await product.context.prisma.session.findFirstOrThrow({ where: { orgId, userId } })).id;
