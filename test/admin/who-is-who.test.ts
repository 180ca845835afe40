import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createConnections } from '../../src/connections/connections.ts';
import { discover } from '../../src/connections/discovery.ts';
import { relayed } from '../notifications/support.ts';
import { type SignInBed, startSignInBed } from '../sign-in/support.ts';
import { createBrowser } from '../support/browser.ts';
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts';
import { atTheirInsert, letSignInsWait, waitForLock, whileLocked } from '../support/locks.ts';
import { type Answer, plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import type { Product } from '../support/product.ts';

type Administrator = Awaited<ReturnType<typeof plantAdministrator>>;
type Listed = { id: string; subject: string } & Record<string, unknown>;
type Effects = { means: string[]; linking?: unknown; user: { id: string } } & Record<string, unknown>;

let bed: SignInBed;
/** A second connection of the same org. */
let guest: HostileIdp;
let orgId: string;
let connectionId: string;
let guestId: string;
/** The product, with the org of the hostile IdP in place of whiterabbit, for what is planted. */
let product: Product;
let owner: Administrator;
/** The owner of another org. */
let stranger: Administrator;
let made = 0;

beforeAll(async () => {
  bed = await startSignInBed();
  guest = await startHostileIdp({ clientId: 'guest' });
  orgId = bed.org.id;
  const { prisma, keyring, guardedFetch } = bed.product.context;
  connectionId = (await prisma.connection.findFirstOrThrow({ where: { orgId } })).id;
  const { clientId, clientSecret } = guest;
  const input = { ...(await discover(guardedFetch, guest.issuer)), clientId, clientSecret, name: 'Guests' };
  guestId = (await createConnections({ prisma, keyring }).addConnection(orgId, input, byOperator)).id;
  const { whiterabbit } = bed.product.orgs;
  const planted = { ...whiterabbit, id: orgId, issuer: bed.hostile.issuer, connectionId };
  product = { ...bed.product, orgs: { ...bed.product.orgs, whiterabbit: planted } };
  stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
  await renewOwner();
});
afterEach(async () => {
  bed.hostile.reset();
  guest.reset();
});
afterAll(async () => {
  await guest?.stop();
  await bed?.stop();
});

/** Signs somebody in at the org's first connection, which speaks for hostile.fake. */
async function signIn(sub: string, email: string, claims: Record<string, unknown> = {}) {
  bed.hostile.setIdToken({ claims: { sub, email, email_verified: false, name: sub, ...claims } });
  const { browser, me, page } = await bed.attempt();
  return { browser, status: me.status, id: String(me.json().id), page };
}
async function newcomer(domain = 'hostile.fake') {
  made += 1;
  const sub = `sub-${made}`;
  const email = `person-${made}@${domain}`;
  const { browser, status, id } = await signIn(sub, email, { email_verified: true });
  expect(status).toBe(200);
  return { id, sub, email, browser, me: async () => (await browser.get('/api/users/me')).status };
}
/** Whoever was the owner may have been signed out by the test before. */
async function renewOwner(at: 'first' | 'guest' = 'first') {
  await bed.pool.query(`UPDATE users SET role = 'member' WHERE org_id = $1 AND role = 'owner'`, [orgId]);
  owner = await plantHere('owner');
  if (at === 'guest')
    await bed.pool.query('UPDATE identities SET connection_id = $2 WHERE user_id = $1', [owner.id, guestId]);
}
/** Somebody with a subject at the first connection, whose address is of no domain of the org. */
async function plantHere(role: 'owner' | 'member') {
  const planted = await plantAdministrator(product, role);
  await bed.pool.query('UPDATE identities SET connection_id = $2 WHERE user_id = $1', [planted.id, connectionId]);
  return planted;
}
const asked = (answer: Answer): Effects => {
  expect([answer.status, answer.body.code]).toEqual([409, 'confirmation_required']);
  return answer.body.effects as Effects;
};
/** Asks twice, as an administrator does. */
async function confirmed(method: string, path: string, body: Record<string, unknown> = {}, by = owner) {
  const first = await by.send(method, path, body);
  asked(first);
  return by.send(method, path, { ...body, confirmation: first.body.confirmation });
}
const listed = async (id: string) =>
  (await owner.send('GET', `/users/${id}/identities`)).body.items as unknown as Listed[];
const identityOf = async (id: string) => (await listed(id))[0] as Listed;
const actionsOf = async (targetId: string) =>
  (await bed.prisma.auditEvent.findMany({ where: { orgId, targetId }, orderBy: [{ at: 'asc' }, { id: 'asc' }] })).map(
    ({ action }) => action,
  );
/** What an identity provider named at the last sign-in. */
const setClaim = (id: string, email: string | null) =>
  bed.pool.query(
    `UPDATE identities SET claimed_email = $2, claimed_email_key = $2, claim_verified = true, claimed_at = now() WHERE user_id = $1`,
    [id, email],
  );
const unlinking = async (id: string) => `/users/${id}/identities/${(await identityOf(id)).id}/unlinking`;
const setAddress = (id: string, email: string, by = owner) => confirmed('PATCH', `/users/${id}`, { email }, by);
/** A call by an address, as of an API key. */
async function revokeBy(email: string) {
  const key = await bed.product.context.apiKeys.create(orgId, { name: 'revoke', scopes: ['revoke'] }, byOperator);
  return product.revoke({ format: 'email', email }, { apiKey: key.apiKey });
}
/** Removes somebody as provisioning does. */
const remove = async (id: string) => {
  const { apiKey } = await bed.product.context.apiKeys.create(orgId, { name: 'scim', scopes: ['scim'] }, byOperator);
  const response = await fetch(`${bed.url}/scim/v2/Users/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${apiKey}` },
  });
  expect(response.status).toBe(204);
};

describe('the identities of a person', () => {
  it('are listed with what they are, and not to another org, nor of somebody who was removed', async () => {
    const person = await newcomer();
    await setClaim(person.id, person.email);
    expect((await owner.send('GET', `/users/${person.id}/identities`)).body).toEqual({
      items: [
        {
          id: expect.stringMatching(/^idn_/),
          connection: { id: connectionId, name: expect.any(String) },
          issuer: bed.hostile.issuer,
          subject: person.sub,
          claimedEmail: person.email,
          claimVerified: true,
          claimedAt: expect.stringMatching(/^20.*Z$/),
          createdAt: expect.stringMatching(/^20.*Z$/),
          lastUsedAt: expect.stringMatching(/^20.*Z$/),
        },
      ],
      next: null,
    });
    expect((await stranger.send('GET', `/users/${person.id}/identities`)).status).toBe(404);
    await remove(person.id);
    expect((await owner.send('GET', `/users/${person.id}/identities`)).status).toBe(404);
  });

  it('come in pages', async () => {
    const person = await newcomer();
    expect(
      (await confirmed('POST', `/users/${person.id}/identities`, { connection: guestId, subject: 'p' })).status,
    ).toBe(201);
    const first = await owner.send('GET', `/users/${person.id}/identities?limit=1`);
    const second = await owner.send('GET', `/users/${person.id}/identities?limit=1&cursor=${first.body.next}`);
    const subjects = [first, second].map(({ body }) => (body.items as Listed[]).map(({ subject }) => subject));
    expect([subjects, second.body.next]).toEqual([[[person.sub], ['p']], null]);
  });
});

describe('another address', () => {
  it('is confirmed first, ends all access, and the person is found by it alone', async () => {
    const person = await newcomer();
    const email = `Married-${made}@hostile.fake`;
    await setClaim(person.id, person.email);
    expect(asked(await owner.send('PATCH', `/users/${person.id}`, { email })).means).toContain(
      `${person.email} means ${person.sub} too, until they have signed in again: their identity provider called them so last.`,
    );
    await setClaim(person.id, null);
    const first = await owner.send('PATCH', `/users/${person.id}`, { email });
    const { means, user, sessionCount } = asked(first);
    expect([user.id, sessionCount]).toEqual([person.id, 1]);
    expect(means.join(' ')).toContain(`${email} means ${person.sub} from then on`);
    expect(means).toContain(`${person.email} is free then, for somebody else.`);
    expect(means).toContain(`All access of ${person.sub} ends.`);
    expect(await person.me()).toBe(200);

    const { confirmation } = first.body;
    const changed = await owner.send('PATCH', `/users/${person.id}`, { email, confirmation });
    expect([changed.status, changed.body.email]).toEqual([200, email]);
    expect(await person.me()).toBe(401);
    expect(await actionsOf(person.id)).toEqual(['user.added', 'access.revoked', 'user.address_changed']);
    expect((await owner.send('GET', `/users?search=${person.email}`)).body.items).toEqual([]);
    // The subject still says who it is, and the old address means somebody new.
    expect(await signIn(person.sub, email)).toMatchObject({ status: 200, id: person.id });
    const other = await signIn(`${person.sub}-other`, person.email);
    expect(other.status).toBe(200);
    expect(other.id).not.toBe(person.id);
  });

  it('says where provisioning keeps it, and leaves the user name', async () => {
    const person = await newcomer();
    await bed.pool.query(
      `UPDATE users SET provisioned = true, user_name = 'Upn', user_name_key = 'upn' WHERE id = $1`,
      [person.id],
    );
    const { means } = asked(await owner.send('PATCH', `/users/${person.id}`, { email: 'kept@hostile.fake' }));
    expect(means.join(' ')).toMatch(/Provisioning keeps the address .* Change it there too/);
    expect((await setAddress(person.id, 'kept@hostile.fake')).status).toBe(200);
    const row = await bed.prisma.user.findFirstOrThrow({ where: { id: person.id } });
    expect(row).toMatchObject({ emailKey: 'kept@hostile.fake', userName: 'Upn', userNameKey: 'upn' });
  });

  it('leaves the address of before as the user name that provisioning finds them by', async () => {
    const person = await newcomer();
    await bed.pool.query('UPDATE users SET provisioned = true WHERE id = $1', [person.id]);
    const email = `beside-${made}@hostile.fake`;
    const { means } = asked(await owner.send('PATCH', `/users/${person.id}`, { email }));
    expect(means.join(' ')).toMatch(/stays their user name, by which provisioning finds them/);
    expect(means.join(' ')).not.toContain('is free then');
    expect((await setAddress(person.id, email)).status).toBe(200);
    const { apiKey } = await bed.product.context.apiKeys.create(orgId, { name: 'scim', scopes: ['scim'] }, byOperator);
    const filter = new URLSearchParams({ filter: `userName eq "${person.email}"` });
    const found = await fetch(`${bed.url}/scim/v2/Users?${filter}`, { headers: { authorization: `Bearer ${apiKey}` } });
    expect(await found.json()).toMatchObject({ Resources: [{ id: person.id, emails: [{ value: email }] }] });
  });

  it('says whom an identity provider called so before: it means them no longer', async () => {
    const [alice, bob] = [await newcomer(), await newcomer()];
    const email = `tiffany-${made}@hostile.fake`;
    await bed.pool.query('UPDATE users SET provisioned = true WHERE id = $1', [alice.id]);
    await setClaim(alice.id, email);
    expect((await revokeBy(email)).status).toBe(204);
    expect(await alice.me()).toBe(401);
    const { means } = asked(await owner.send('PATCH', `/users/${bob.id}`, { email }));
    expect(means[1]).toMatch(
      new RegExp(
        `^The identity provider .+ called ${alice.sub} \\(${alice.email}\\) so on .+ 20..: from now on ${email} means ${bob.sub} alone, until`,
      ),
    );
    expect((await setAddress(bob.id, email)).status).toBe(200);
    expect((await revokeBy(email)).status).toBe(204);
    expect(await bed.prisma.revocation.count({ where: { orgId, userId: alice.id } })).toBe(1);
    // What the connection doesn't say for its own domain isn't believed, and nothing is lost.
    await setClaim(alice.id, 'elsewhere@unverified.fake');
    await bed.pool.query('UPDATE identities SET claim_verified = false WHERE user_id = $1', [alice.id]);
    const unbelieved = asked(await owner.send('PATCH', `/users/${bob.id}`, { email: 'elsewhere@unverified.fake' }));
    expect(unbelieved.means.join(' ')).not.toContain('called');
  });

  it('says whose user name it stays, where the person has a user name of their own', async () => {
    const [person, other] = [await newcomer(), await newcomer()];
    const upn = `upn-${made}@hostile.fake`;
    const setUserName = (id: string, name: string) =>
      bed.pool.query('UPDATE users SET user_name = $2, user_name_key = $2 WHERE id = $1', [id, name]);
    await setUserName(person.id, `own-${made}`);
    await setUserName(other.id, upn);
    const { means } = asked(await owner.send('PATCH', `/users/${person.id}`, { email: upn }));
    expect(means[1]).toBe(
      `${upn} is the user name of ${other.sub} (${other.email}): it means them too, and a call by it ends the access of both.`,
    );
    expect((await setAddress(person.id, upn)).status).toBe(200);
    expect((await revokeBy(upn)).status).toBe(204);
    expect(await other.me()).toBe(401);
  });

  it('outside ASCII is the owner’s to give only where a connection speaks for the domain', async () => {
    const person = await newcomer();
    const { status, body } = await owner.send('PATCH', `/users/${person.id}`, { email: 'сосо@nobodys.fake' });
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(body.detail).toContain('only provisioning or the operator gives it');
    expect((await setAddress(person.id, `jürgen-${made}@hostile.fake`)).status).toBe(200);
    // At a sign-in such an address is nobody's in an open domain: only by hand is it linked again.
    const open = await newcomer('nobodys.fake');
    await bed.pool.query('UPDATE users SET email = $2, email_key = $2 WHERE id = $1', [open.id, `ü${open.email}`]);
    expect(asked(await owner.send('POST', await unlinking(open.id), {})).linking).toEqual({
      byAddress: 0,
      ifVerified: 0,
      byHand: 1,
    });
  });

  it('that is somebody’s is refused, with their name', async () => {
    const [person, other] = [await newcomer(), await newcomer()];
    await bed.pool.query(`UPDATE users SET user_name = $2, user_name_key = $2 WHERE id = $1`, [
      other.id,
      `upn-${made}@hostile.fake`,
    ]);
    for (const email of [other.email.toUpperCase(), `upn-${made}@hostile.fake`]) {
      const { status, body } = await owner.send('PATCH', `/users/${person.id}`, { email });
      expect([status, body.code]).toEqual([409, 'conflict']);
      expect(body.detail).toContain(`${other.sub}’s (${other.email}, ${other.id})`);
    }
    const same = await owner.send('PATCH', `/users/${person.id}`, { email: person.email });
    expect([same.status, same.body.code]).toEqual([409, 'conflict']);
  });

  it('is given to one of two at the same moment', async () => {
    const [one, two] = [await newcomer(), await newcomer()];
    const email = `wanted-${made}@hostile.fake`;
    const confirmations = await Promise.all(
      [one, two].map(async ({ id }) => (await owner.send('PATCH', `/users/${id}`, { email })).body.confirmation),
    );
    const answers = await Promise.all(
      [one, two].map(({ id }, index) =>
        owner.send('PATCH', `/users/${id}`, { email, confirmation: confirmations[index] }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const winner = answers.find(({ status }) => status === 200)?.body.id;
    const loser = answers.find(({ status }) => status === 409)?.body;
    expect([loser?.code, loser?.detail]).toEqual(['conflict', expect.stringContaining(String(winner))]);
  });

  it.each([
    { email: 'nobody' },
    { email: 'x@deleted.invalid' },
    { email: 'new@hostile.fake', name: 'Beside' },
    { role: 'admin', confirmation: 'x' },
  ])('is a wrong request as %j', async (body) => {
    const person = await newcomer();
    const { status, body: answer } = await owner.send('PATCH', `/users/${person.id}`, body);
    expect([status, answer.code]).toEqual([400, 'invalid_request']);
    expect(await person.me()).toBe(200);
  });

  it('is for owners, of their own org, and of nobody who was removed', async () => {
    const person = await newcomer();
    const superAdmin = await plantAdministrator(product, 'super_admin');
    const body = { email: 'new@hostile.fake' };
    expect((await superAdmin.send('PATCH', `/users/${person.id}`, body)).body.code).toBe('forbidden');
    expect((await stranger.send('PATCH', `/users/${person.id}`, body)).body.code).toBe('not_found');
    const { confirmation } = (await owner.send('PATCH', `/users/${person.id}`, body)).body;
    await remove(person.id);
    expect((await owner.send('PATCH', `/users/${person.id}`, { ...body, confirmation })).body.code).toBe('not_found');
  });

  it('is confirmed for the address that stood there', async () => {
    const person = await newcomer();
    await setClaim(person.id, null);
    const { confirmation } = (await owner.send('PATCH', `/users/${person.id}`, { email: 'a@hostile.fake' })).body;
    const moved = `moved-${made}@hostile.fake`;
    await bed.pool.query('UPDATE users SET email = $2, email_key = $2 WHERE id = $1', [person.id, moved]);
    const answer = await owner.send('PATCH', `/users/${person.id}`, { email: 'a@hostile.fake', confirmation });
    expect(asked(answer).means).toContain(`${moved} is free then, for somebody else.`);
  });
});

describe('linking', () => {
  it('lets a person in whom the connection may not name by an address', async () => {
    const person = await newcomer();
    const path = `/users/${person.id}/identities`;
    const body = { connection: guestId, subject: `guest-${made}` };
    const { means, sessionCount } = asked(await owner.send('POST', path, body));
    expect(means).toEqual([
      `Whoever signs in at Guests with the account guest-${made} is taken for ${person.sub} from then on, whatever address the identity provider names.`,
      'Nothing ends.',
    ]);
    expect(sessionCount).toBe(0);
    expect((await confirmed('POST', path, body)).status).toBe(201);
    expect(await person.me()).toBe(200);
    expect((await actionsOf(person.id)).at(-1)).toBe('identity.linked');

    guest.setIdToken({ claims: { sub: `guest-${made}`, email: person.email } });
    const browser = createBrowser({ baseUrl: bed.url });
    const query = { connection: guestId };
    await browser.signIn({ appUrl: bed.url, org: 'hostile', query, email: '', password: '' });
    expect((await browser.get('/api/users/me')).json()).toMatchObject({ id: person.id });
  });

  it('takes no subject from anybody, and gives a person one at each connection', async () => {
    const [person, other] = [await newcomer(), await newcomer()];
    const path = `/users/${person.id}/identities`;
    const held = await owner.send('POST', path, { connection: connectionId, subject: other.sub });
    expect([held.status, held.body.code]).toEqual([409, 'conflict']);
    expect(held.body.detail).toContain(`${other.sub}’s (${other.email}, ${other.id})`);
    const second = await owner.send('POST', path, { connection: connectionId, subject: 'another' });
    expect([second.status, second.body.code]).toEqual([409, 'conflict']);
    expect(second.body.detail).toContain((await identityOf(person.id)).id);
  });

  it('gives a subject to one of two at the same moment', async () => {
    const people = [await newcomer(), await newcomer()];
    const body = { connection: guestId, subject: `contested-${made}` };
    const confirmations = await Promise.all(
      people.map(async ({ id }) => (await owner.send('POST', `/users/${id}/identities`, body)).body.confirmation),
    );
    const answers = await Promise.all(
      people.map(({ id }, index) =>
        owner.send('POST', `/users/${id}/identities`, { ...body, confirmation: confirmations[index] }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const loser = answers.find(({ status }) => status === 409)?.body;
    expect(loser?.detail).toContain('Unlink it there first');
  });

  it('is for owners, and for connections and people of their own org', async () => {
    const person = await newcomer();
    const superAdmin = await plantAdministrator(product, 'super_admin');
    const path = `/users/${person.id}/identities`;
    const foreign = bed.product.orgs.metacortex.connectionId;
    expect((await superAdmin.send('POST', path, { connection: guestId, subject: 's' })).body.code).toBe('forbidden');
    expect((await owner.send('POST', path, { connection: foreign, subject: 's' })).body.code).toBe('not_found');
    expect((await stranger.send('POST', path, { connection: foreign, subject: 's' })).body.code).toBe('not_found');
    for (const subject of ['', 'ü', 'x'.repeat(256), 'a\u0000b'])
      expect((await owner.send('POST', path, { connection: guestId, subject })).body.code).toBe('invalid_request');
  });
});

describe('unlinking', () => {
  it('lets a person in again by a new subject, which was refused before', async () => {
    const person = await newcomer();
    const anew = () => signIn(`${person.sub}-anew`, person.email);
    expect((await anew()).status).toBe(401);
    expect((await bed.refusals()).at(-1)).toBe('identity_mismatch');
    const path = await unlinking(person.id);
    const { means, linking } = asked(await owner.send('POST', path, {}));
    expect(linking).toEqual({ byAddress: 1, ifVerified: 0, byHand: 0 });
    expect(means.join(' ')).toMatch(
      /no longer belongs to sub-\d+\. .* All access of sub-\d+ ends\. .* is linked to sub-\d+ again\.$/,
    );

    const done = await confirmed('POST', path);
    expect([done.status, done.body.sessionsEnded]).toEqual([200, 1]);
    expect(await person.me()).toBe(401);
    expect(await listed(person.id)).toEqual([]);
    expect((await actionsOf(person.id)).slice(-2)).toEqual(['access.revoked', 'identity.unlinked']);
    expect(await anew()).toMatchObject({ status: 200, id: person.id });
    // The subject of before is refused now: one for each person and connection.
    expect((await signIn(person.sub, person.email)).status).toBe(401);
  });

  it('says whom the connection may not link again, and of an owner that nobody would be left', async () => {
    const open = await newcomer('nobodys.fake');
    const linkingOf = async (id: string) => asked(await owner.send('POST', await unlinking(id), {}));
    expect(await linkingOf(open.id)).toMatchObject({ linking: { byAddress: 0, ifVerified: 1, byHand: 0 } });
    const byGuests = await newcomer();
    await confirmed('POST', `/users/${byGuests.id}/identities`, { connection: guestId, subject: `g-${made}` });
    const atGuests = (await listed(byGuests.id)).find(({ subject }) => subject === `g-${made}`) as Listed;
    const { means, linking } = asked(
      await owner.send('POST', `/users/${byGuests.id}/identities/${atGuests.id}/unlinking`, {}),
    );
    expect(linking).toEqual({ byAddress: 0, ifVerified: 0, byHand: 1 });
    expect(means.at(-1)).toMatch(/is not linked again by the address, for Guests may not speak for it/);
    // The owner's address is of no domain of the org, and two connections are in use.
    expect((await linkingOf(owner.id)).means.at(-1)).toMatch(/^No owner could sign in any more/);
    const second = await plantHere('owner');
    // A connection that is off lets nobody in.
    const { prisma, keyring, guardedFetch } = bed.product.context;
    const { issuer, clientSecret } = guest;
    const closed = { ...(await discover(guardedFetch, issuer)), clientId: 'closed', clientSecret, name: 'Closed' };
    const { id: closedId } = await createConnections({ prisma, keyring }).addConnection(orgId, closed, byOperator);
    await bed.pool.query('UPDATE connections SET active = false WHERE id = $1', [closedId]);
    const move = 'UPDATE identities SET connection_id = $2 WHERE user_id = $1';
    await bed.pool.query(move, [second.id, closedId]);
    expect((await linkingOf(owner.id)).means.at(-1)).toMatch(/^No owner/);
    await bed.pool.query(move, [second.id, connectionId]);
    expect((await linkingOf(owner.id)).means.join(' ')).not.toContain('No owner');
    expect((await confirmed('POST', await unlinking(second.id), {}, second)).status).toBe(200);
    expect(await statusOfMe(bed.url, second.cookie)).toBe(401);
  });

  it('is for owners, of their own org, and done once', async () => {
    const person = await newcomer();
    const path = await unlinking(person.id);
    const superAdmin = await plantAdministrator(product, 'super_admin');
    expect((await superAdmin.send('POST', path, {})).body.code).toBe('forbidden');
    expect((await stranger.send('POST', path, {})).body.code).toBe('not_found');
    const gone = await newcomer();
    const ofGone = await unlinking(gone.id);
    await remove(gone.id);
    expect((await owner.send('POST', ofGone, {})).body.code).toBe('not_found');
    const link = { connection: guestId, subject: 'of-gone' };
    expect((await owner.send('POST', `/users/${gone.id}/identities`, link)).body.code).toBe('not_found');
    const first = await owner.send('POST', path, {});
    const answers = await Promise.all(
      [1, 2].map(() => owner.send('POST', path, { confirmation: first.body.confirmation })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
  });

  it.each(['deleted', 'released'])(
    'lets somebody be removed whose identity is another’s subject (%s)',
    async (word) => {
      const person = await newcomer();
      const { id } = await identityOf(person.id);
      expect((await signIn(`${word} ${id}`, `attacker-${made}@hostile.fake`)).status).toBe(200);
      await remove(person.id);
      expect(await person.me()).toBe(401);
      expect(await bed.prisma.identity.findFirstOrThrow({ where: { orgId, id } })).toMatchObject({
        connectionId: null,
        subject: `released ${id}`,
        claimedEmail: null,
      });
    },
  );

  it('refuses the domain of removed people at a sign-in', async () => {
    expect((await signIn('ghost', 'ghost@deleted.invalid', { email_verified: true })).status).toBe(401);
    expect((await bed.refusals()).at(-1)).toBe('email_unusable');
  });

  it('lets somebody be removed who was unlinked before', async () => {
    const person = await newcomer();
    expect((await confirmed('POST', await unlinking(person.id))).status).toBe(200);
    await remove(person.id);
    const other = await signIn(person.sub, person.email);
    expect(other.status).toBe(200);
    expect(other.id).not.toBe(person.id);
  });
});

describe('forgetting the subjects of a connection', () => {
  const path = () => `/connections/${connectionId}/forgotten-subjects`;

  it('unlinks everybody, ends their access alone, and says whom it can link again', async () => {
    await renewOwner();
    await bed.pool.query('DELETE FROM sessions WHERE org_id = $1 AND user_id <> $2', [orgId, owner.id]);
    await bed.pool.query('DELETE FROM identities WHERE org_id = $1 AND user_id <> $2', [orgId, owner.id]);
    const [own, open, gone] = [await newcomer(), await newcomer('nobodys.fake'), await newcomer()];
    await remove(gone.id);
    guest.setIdToken({ claims: { sub: 'elsewhere', email: 'elsewhere@other.fake', email_verified: true } });
    const elsewhere = createBrowser({ baseUrl: bed.url });
    const query = { connection: guestId };
    await elsewhere.signIn({ appUrl: bed.url, org: 'hostile', query, email: '', password: '' });
    expect((await elsewhere.get('/api/users/me')).status).toBe(200);

    const effects = asked(await owner.send('POST', path(), {}));
    expect(effects).toMatchObject({ people: 3, linking: { byAddress: 1, ifVerified: 1, byHand: 1 } });
    expect(effects.means).toHaveLength(7);
    const done = await confirmed('POST', path());
    expect([done.status, done.body]).toEqual([200, { people: 3, revocationId: null }]);
    expect([await own.me(), await open.me(), await statusOfMe(bed.url, owner.cookie)]).toEqual([401, 401, 401]);
    expect((await elsewhere.get('/api/users/me')).status).toBe(200);
    expect(await actionsOf(connectionId)).toContain('connection.subjects_forgotten');
    expect((await actionsOf(own.id)).at(-1)).toBe('access.revoked');

    expect(await signIn(`${own.sub}-anew`, own.email)).toMatchObject({ status: 200, id: own.id });
    expect((await signIn(`${open.sub}-anew`, open.email)).status).toBe(401);
    const verified = await signIn(`${open.sub}-anew`, open.email, { email_verified: true });
    expect(verified).toMatchObject({ status: 200, id: open.id });
    await renewOwner();
  });

  it('leaves whoever is linked while it waits', async () => {
    const person = await newcomer();
    const first = await owner.send('POST', path(), {});
    let done: Promise<Answer> | undefined;
    let late: Awaited<ReturnType<typeof newcomer>> | undefined;
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [person.id]),
      async () => {
        done = owner.send('POST', path(), { confirmation: first.body.confirmation });
        await waitForLock(product);
        late = await newcomer();
      },
    );
    expect((await done)?.status).toBe(200);
    expect([await person.me(), await late?.me()]).toEqual([401, 200]);
    await renewOwner();
    expect(await listed(late?.id as string)).toHaveLength(1);
  });

  it('is for owners, and for a connection of their own org', async () => {
    const superAdmin = await plantAdministrator(product, 'super_admin');
    expect((await superAdmin.send('POST', path(), {})).body.code).toBe('forbidden');
    expect((await stranger.send('POST', path(), {})).body.code).toBe('not_found');
  });

  it('of more than 1,000 people signs everyone out at once', async () => {
    const crowd = await plantUsers(product, 1_002, { sessions: 0 });
    await bed.pool.query('UPDATE identities SET connection_id = $3 WHERE org_id = $1 AND user_id = ANY ($2)', [
      orgId,
      crowd.map(({ id }) => id),
      connectionId,
    ]);
    bed.hostile.setIdToken({ claims: { sub: 'under-way', email: 'under-way@hostile.fake' } });
    const underWay = createBrowser({ baseUrl: bed.url });
    const callback = await bed.begin(underWay);
    const elsewhere = await plantHere('member');
    await bed.pool.query('UPDATE identities SET connection_id = $2 WHERE user_id = $1', [elsewhere.id, guestId]);
    const { means } = asked(await owner.send('POST', path(), {}));
    expect(means.join(' ')).toContain(
      'More than 1000 people are concerned. That is why everyone in the organisation is signed out',
    );
    // Removed by an earlier version, which left the row at the connection.
    await bed.pool.query('UPDATE users SET deleted_at = now(), active = false WHERE id = $1', [crowd[0]?.id]);
    const present = { orgId, connectionId, user: { deletedAt: null } };
    const people = await bed.prisma.identity.count({ where: present });
    const done = await confirmed('POST', path());
    expect(done.status).toBe(200);
    expect(done.body).toMatchObject({ revocationId: expect.stringMatching(/^rev_/) });
    expect(people).toBeGreaterThanOrEqual(crowd.length - 1);
    expect(done.body.people).toBe(people);
    expect(await statusOfMe(bed.url, elsewhere.cookie)).toBe(401);
    expect(await bed.prisma.identity.count({ where: present })).toBe(0);
    await underWay.get(callback);
    expect((await underWay.get('/api/users/me')).status).toBe(401);
    await renewOwner();
  });
});

it('administrators are told of each, and not of what sign-ins do by themselves', async () => {
  const feedOf = async (by: Administrator) =>
    (
      (await by.send('GET', '/notifications?limit=200')).body.items as {
        kind: string;
        action: string;
        target: { id: string };
      }[]
    ).filter(({ kind }) => kind === 'identity_change');
  const person = await newcomer();
  expect((await setAddress(person.id, `told-${made}@hostile.fake`)).status).toBe(200);
  expect((await confirmed('POST', await unlinking(person.id))).status).toBe(200);
  const link = { connection: connectionId, subject: `told-${made}` };
  expect((await confirmed('POST', `/users/${person.id}/identities`, link)).status).toBe(201);
  expect((await confirmed('POST', `/connections/${guestId}/forgotten-subjects`)).status).toBe(200);
  await relayed(product);
  const told = (await feedOf(owner)).filter(({ target }) => [person.id, guestId].includes(target.id));
  expect(told.map(({ action }) => action)).toEqual([
    'connection.subjects_forgotten',
    'identity.linked',
    'identity.unlinked',
    'user.address_changed',
  ]);
  expect(await feedOf(stranger)).toEqual([]);
});

it('another issuer is taken for a connection whose subjects were forgotten, though people were removed', async () => {
  const gone = await newcomer();
  await remove(gone.id);
  const path = `/connections/${connectionId}`;
  const change = () =>
    owner.send('PATCH', path, { issuer: guest.issuer, clientId: 'anew', clientSecret: guest.clientSecret });
  expect((await change()).status).toBe(409);
  expect((await confirmed('POST', `${path}/forgotten-subjects`)).status).toBe(200);
  await renewOwner('guest');
  expect((await change()).status).toBe(200);
  const { issuer, clientId, clientSecret } = bed.hostile;
  expect((await owner.send('PATCH', path, { issuer, clientId, clientSecret })).status).toBe(200);
  await renewOwner();
});

describe('a sign-in under way', () => {
  beforeAll(() => letSignInsWait(product));

  it.each([
    ['another address', async (id: string) => setAddress(id, `away-${made}@hostile.fake`)],
    ['unlinking', async (id: string) => confirmed('POST', await unlinking(id))],
    ['forgetting', async () => confirmed('POST', `/connections/${connectionId}/forgotten-subjects`)],
  ] as const)('does not complete after %s', async (_what, change) => {
    const { id, sub, email } = await newcomer();
    bed.hostile.setIdToken({ claims: { sub, email } });
    // Before its callback, and between its reading and its insert.
    const [early, late] = [createBrowser({ baseUrl: bed.url }), createBrowser({ baseUrl: bed.url })];
    const [before, between] = [await bed.begin(early), await bed.begin(late)];
    let finishing: Promise<unknown> | undefined;
    await whileLocked(product, atTheirInsert, async () => {
      finishing = late.get(between);
      await waitForLock(product);
      expect((await change(id)).status).toBe(200);
    });
    await finishing;
    await early.get(before);
    for (const browser of [early, late]) expect((await browser.get('/api/users/me')).status).toBe(401);
    await renewOwner();
  });

  it('does not take a freed subject to a new person', async () => {
    const person = await newcomer();
    const email = `renamed-${made}@hostile.fake`;
    bed.hostile.setIdToken({ claims: { sub: person.sub, email } });
    const browser = createBrowser({ baseUrl: bed.url });
    const callback = await bed.begin(browser);
    expect((await confirmed('POST', await unlinking(person.id))).status).toBe(200);
    await browser.get(callback);
    expect((await browser.get('/api/users/me')).status).toBe(401);
    expect(await bed.prisma.user.count({ where: { orgId, emailKey: email } })).toBe(0);
  });
});
