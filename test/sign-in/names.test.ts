import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { discover } from '../../src/connections/discovery.ts';
import { createUsers } from '../../src/users/users.ts';
import { type CallerBed, startCallerBed, statusOf } from '../revocation/caller-bed.ts';
import { createClient } from '../scim/support.ts';
import { createBrowser } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts';
import { postRevocation } from '../support/idp-jwt.ts';
import { atTheirInsert, letSignInsWait, waitForLock, whileLocked } from '../support/locks.ts';

let bed: CallerBed;
let key: string;
let scim: ReturnType<typeof createClient>;
let count = 0;
let sub: string;
beforeAll(async () => {
  bed = await startCallerBed();
  const { apiKeys } = bed.product.context;
  key = (await apiKeys.create(bed.org.id, { name: 'Okta' }, byOperator)).apiKey;
  const { apiKey } = await apiKeys.create(bed.org.id, { name: 'SCIM', scopes: ['scim'] }, byOperator);
  scim = createClient(bed.url, { Authorization: `Bearer ${apiKey}` });
});
beforeEach(() => {
  sub = `sub-${++count}`;
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

type Claims = { email?: unknown; email_verified?: unknown; iat?: number; auth_time?: number };

/** Signs in at the org's IdP, which calls the person this. */
async function signIn(email: string, { as = sub, ...claims }: Claims & { as?: string } = {}) {
  bed.hostile.setIdToken({ claims: { sub: as, email, ...claims } });
  const { browser, me, page } = await bed.attempt();
  return { browser, me, page, id: String(me.json().id) };
}

const revoke = async (email: string, credential = key) =>
  (await postRevocation(bed.shared, credential, { format: 'email', email })).status;
const revokeByJwt = async (email: string) => (await bed.revokeBy({}, { format: 'email', email })).status;
const addressOf = async (id: string) =>
  (await bed.prisma.user.findFirstOrThrow({ where: { orgId: bed.org.id, id } })).email;
const actionsOf = async (targetId: string) => {
  const events = await bed.prisma.auditEvent.findMany({ where: { targetId }, orderBy: { at: 'asc' } });
  return events.map(({ action }) => action).filter((action) => action.startsWith('user.address'));
};
const at = (name: string) => `${name}-${count}@hostile.fake`;

describe('an address that changed at the identity provider', () => {
  it.each([
    ['an API key', revoke],
    ['a signed JWT', revokeByJwt],
  ])('is the person’s from the next sign-in on: %s ends all by it, and 404 by the one before', async (_, end) => {
    const before = await signIn(at('mary.maiden'));
    const { browser, id } = await signIn(at('Mary.Married'));
    expect([id, await addressOf(id)]).toEqual([before.id, at('Mary.Married')]);
    expect(await actionsOf(id)).toEqual(['user.address_changed']);
    expect([await statusOf(before.browser), await statusOf(browser)]).toEqual([200, 200]);
    expect(await end(at('mary.maiden'))).toBe(404);
    expect(await end(at('mary.married'))).toBe(204);
    expect([await statusOf(before.browser), await statusOf(browser)]).toEqual([401, 401]);
  });

  it('is found by an event of the connection, too', async () => {
    const { browser } = await signIn(at('first'));
    await signIn(at('second'));
    const event = { format: 'email', email: at('second') };
    const iat = Math.floor(Date.now() / 1000);
    const token = bed.hostile.keys.sign(
      {
        ...{ iss: bed.hostile.issuer, aud: `${bed.url}/ssf/events/${bed.connectionId}`, iat, jti: sub, sub_id: event },
        events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} },
      },
      { header: { typ: 'secevent+jwt' } },
    );
    const answer = await fetch(`${bed.url}/ssf/events/${bed.connectionId}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/secevent+jwt' },
      body: token,
    });
    expect([answer.status, await statusOf(browser)]).toEqual([202, 401]);
  });

  it('is free for a colleague, who gets in, and only the colleague is revoked by it', async () => {
    const she = await signIn(at('freed'));
    await signIn(at('hers'));
    const he = await signIn(at('freed'), { as: `${sub}-colleague` });
    expect([he.me.status, he.id === she.id]).toEqual([200, false]);
    expect(await revoke(at('freed'))).toBe(204);
    expect([await statusOf(she.browser), await statusOf(he.browser)]).toEqual([200, 401]);
  });

  it('refuses the colleague who comes before she has signed in again, and tells administrators of both', async () => {
    const she = await signIn(at('early'));
    const he = await signIn(at('early'), { as: `${sub}-colleague` });
    expect([he.page.status, (await bed.refusals()).at(-1)]).toEqual([403, 'identity_mismatch']);
    const { rows } = await bed.pool.query(
      `SELECT e.target_id FROM outbox o JOIN audit_events e ON e.org_id = o.org_id AND e.id = o.event_id
       WHERE e.action = 'sign_in.refused' AND e.target_id = $1
       UNION ALL SELECT n.target_id FROM notifications n WHERE n.kind = 'refused_sign_in' AND n.target_id = $1`,
      [she.id],
    );
    expect(rows.length).toBeGreaterThan(0);
  });

  it('stays hers where somebody else bears it: nothing is taken, on record once, and a call by it ends both', async () => {
    const other = await signIn(at('borne'), { as: `${sub}-other` });
    const she = await signIn(at('own'));
    for (const _ of [1, 2]) expect((await signIn(at('borne'))).id).toBe(she.id);
    expect([await addressOf(she.id), await addressOf(other.id)]).toEqual([at('own'), at('borne')]);
    expect(await actionsOf(she.id)).toEqual(['user.address_contested']);
    expect(await revoke(at('borne'))).toBe(204);
    expect([await statusOf(she.browser), await statusOf(other.browser)]).toEqual([401, 401]);
    const revocations = await bed.prisma.revocation.findMany({ where: { userId: { in: [she.id, other.id] } } });
    expect(revocations.map(({ initiator }) => initiator)).toEqual(['idp', 'idp']);
  });

  it('ends both by one JWT, which is spent; the repeat is refused and ends nobody again', async () => {
    const other = await signIn(at('twice'), { as: `${sub}-other` });
    const she = await signIn(at('once'));
    await signIn(at('twice'));
    const jwt = bed.jwt();
    const named = { format: 'email', email: at('twice') };
    const answers = [await bed.post(bed.shared, jwt, named), await bed.post(bed.shared, jwt, named)];
    expect(answers.map(({ status }) => status)).toEqual([204, 401]);
    const generations = await bed.prisma.user.findMany({
      where: { orgId: bed.org.id, id: { in: [she.id, other.id] } },
    });
    expect(generations.map(({ generation }) => generation)).toEqual([1, 1]);
  });

  it.each([
    ['an API key', revoke],
    ['a signed JWT', revokeByJwt],
  ])('means nobody by an older claim: whoever was given the address since bears it alone (%s)', async (_, end) => {
    const { browser, id } = await signIn(at('old'));
    const { rows } = await bed.pool.query(
      `UPDATE users SET email = $2, email_key = $2 WHERE org_id = $1 AND id = $3 RETURNING id`,
      [bed.org.id, at('new'), id],
    );
    expect(rows).toHaveLength(1);
    const heir = await createUsers(bed.product.context).addUser(bed.org.id, { email: at('old') }, byOperator);
    expect(await end(at('old'))).toBe(204);
    expect(await statusOf(browser)).toBe(200);
    const revoked = await bed.prisma.user.findFirstOrThrow({ where: { orgId: bed.org.id, id: heir.id } });
    expect(revoked.generation).toBe(1);
  });

  it('that aliases say twice, in two formats, is one name', async () => {
    const other = await signIn(at('said-twice'), { as: `${sub}-other` });
    await signIn(at('hers'));
    const { browser } = await signIn(at('said-twice'));
    const identifiers = [
      { format: 'email', email: at('said-twice') },
      { format: 'account', uri: `acct:${at('said-twice')}` },
    ];
    expect((await postRevocation(bed.shared, key, { format: 'aliases', identifiers })).status).toBe(204);
    expect([await statusOf(other.browser), await statusOf(browser)]).toEqual([401, 401]);
  });

  it('that aliases say of one and of another is still refused: nobody is signed out', async () => {
    const other = await signIn(at('one'), { as: `${sub}-other` });
    const she = await signIn(at('two'));
    const identifiers = [at('one'), at('two')].map((email) => ({ format: 'email', email }));
    const answer = await postRevocation(bed.shared, key, { format: 'aliases', identifiers });
    expect([answer.status, answer.code]).toEqual([400, 'ambiguous_subject']);
    expect([await statusOf(she.browser), await statusOf(other.browser)]).toEqual([200, 200]);
  });

  it('of two tokens at once the later issued one stays, whichever comes last', async () => {
    const iat = Math.floor(Date.now() / 1000);
    const { id } = await signIn(at('at-first'), { iat: iat - 30 });
    await signIn(at('later'), { iat });
    await signIn(at('earlier'), { iat: iat - 10 });
    expect(await addressOf(id)).toBe(at('later'));
    expect([await revoke(at('earlier')), await revoke(at('later'))]).toEqual([404, 204]);
  });

  it('asks nobody for a fresh authentication: neither the person, to and fro, nor whoever is given the address', async () => {
    const long = { auth_time: Math.floor(Date.now() / 1000) - 3600 };
    for (const name of ['to', 'fro', 'to', 'fro']) expect((await signIn(at(name), long)).me.status).toBe(200);
    expect((await signIn(at('to'), { ...long, as: `${sub}-heir` })).me.status).toBe(200);
  });

  it('was revoked when its bearer was: whoever is given it authenticates after that', async () => {
    const { id } = await signIn(at('revoked'));
    expect(await revoke(at('revoked'))).toBe(204);
    expect((await signIn(at('left'))).id).toBe(id);
    const long = { auth_time: Math.floor(Date.now() / 1000) - 3600 };
    expect((await signIn(at('revoked'), { ...long, as: `${sub}-heir` })).me.status).toBe(401);
    expect((await signIn(at('revoked'), { as: `${sub}-heir` })).me.status).toBe(200);
  });

  it('is nothing where the IdP names none, or one that can’t be: the sign-in goes on, the address stays', async () => {
    const { id } = await signIn(at('kept'));
    for (const email of [undefined, '', 'plain', '"a b"@hostile.fake']) {
      bed.hostile.setIdToken({ claims: { sub, email } });
      bed.hostile.set('userinfo', answers.status(500));
      const { me } = await bed.attempt();
      expect([me.status, me.json().email]).toEqual([200, at('kept')]);
    }
    expect((await bed.prisma.identity.findFirstOrThrow({ where: { userId: id } })).claimedEmail).toBe(at('kept'));
  });

  it('in another org says nothing of this one’s people', async () => {
    const { browser } = await signIn('trinity@whiterabbit.fake', { email_verified: true });
    const { apiKey } = bed.product.orgs.whiterabbit;
    expect(await revoke('trinity@whiterabbit.fake', apiKey)).toBe(204);
    expect(await statusOf(browser)).toBe(200);
  });
});

describe('what a claim can’t do', () => {
  it('let anybody in as somebody who only was called so: they are refused, and administrators told', async () => {
    const { id } = await scim.user(at('chief'));
    await signIn(at('chief'));
    await signIn(at('once-claimed'));
    const { page } = await signIn(at('once-claimed'), { as: `${sub}-stranger` });
    expect([page.status, (await bed.refusals()).at(-1)]).toEqual([403, 'identity_mismatch']);
    expect(await bed.prisma.identity.count({ where: { orgId: bed.org.id, userId: id } })).toBe(1);
  });

  it('take an address for somebody who is switched off', async () => {
    const { id } = await signIn(at('off'));
    await bed.prisma.user.updateMany({ where: { id }, data: { active: false } });
    expect((await signIn(at('successor'))).me.status).toBe(401);
    expect(await addressOf(id)).toBe(at('off'));
  });

  it('be made older by another name of whoever bears the address', async () => {
    const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: at('name') };
    const bearer = await scim.post('/Users', { ...user, emails: [{ value: at('both'), primary: true }] });
    const { browser } = await signIn(at('hers'));
    await signIn(at('both'));
    const change = { ...user, userName: at('another'), emails: [{ value: at('both'), primary: true }] };
    expect((await scim.send('PUT', `/Users/${bearer.body.id}`, change)).status).toBe(200);
    expect([await revoke(at('both')), await statusOf(browser)]).toEqual([204, 401]);
  });

  it('keep anybody out: a connection’s call by an address that is somebody’s elsewhere leaves no trace', async () => {
    await signIn(`victim-${count}@elsewhere.fake`, { email_verified: true });
    const other = await startHostileIdp({ clientId: `guest-${count}` });
    const { clientId, clientSecret } = other;
    const input = { ...(await discover(bed.product.context.guardedFetch, other.issuer)), clientId, clientSecret };
    const { id } = await bed.connections.addConnection(bed.org.id, input, byOperator);
    await bed.prisma.connection.updateMany({ where: { id }, data: { provenAt: new Date() } });
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: other.issuer, sub: clientId, aud: bed.shared, iat, exp: iat + 300, jti: sub };
    const jwt = other.keys.sign(claims, { header: { typ: 'global-token-revocation+jwt' } });
    expect(await revoke(`victim-${count}@elsewhere.fake`, jwt)).toBe(404);
    const long = { auth_time: iat - 3600, email_verified: true };
    expect((await signIn(`victim-${count}@elsewhere.fake`, long)).me.status).toBe(200);
    await bed.prisma.connection.updateMany({ where: { id }, data: { active: false } });
    await other.stop();
  });
});

describe('provisioned people', () => {
  const provision = async (userName: string, email = userName) => {
    const made = await scim.post('/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName,
      emails: [{ value: email, primary: true }],
    });
    expect(made.status).toBe(201);
    return String(made.body.id);
  };

  it('are found by the user name that their IdP calls an e-mail address, and by the address', async () => {
    const id = await provision(at('upn'), at('mail'));
    // The IdP puts the user name into `email`.
    for (const name of [at('UPN'), at('mail')]) {
      const { browser, id: who } = await signIn(at('upn'));
      expect(who).toBe(id);
      expect([await revoke(name), await statusOf(browser)]).toEqual([204, 401]);
    }
  });

  it.each(['jdoe@corp', 'j doe@hostile.fake', 'иvan.petrov@hostile.fake', 'jdoe'])(
    'are found by a user name that no mail could be sent to, called an address: %s',
    async (userName) => {
      await provision(userName, at('mail'));
      expect(await revoke(userName)).toBe(204);
      const { body } = await scim.get(`/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`);
      expect(body.totalResults).toBe(1);
      expect((await scim.send('DELETE', `/Users/${body.Resources[0].id}`)).status).toBe(204);
    },
  );

  it('keep the address that provisioning gave them; what the IdP claims is kept beside, and found', async () => {
    const id = await provision(at('given'));
    await signIn(at('given'));
    const { browser } = await signIn(at('claimed'));
    expect(await addressOf(id)).toBe(at('given'));
    expect(await revoke(at('claimed'))).toBe(204);
    expect(await statusOf(browser)).toBe(401);
  });

  it('one’s address that is another’s user name: both are meant', async () => {
    const one = await provision(at('shared-upn'), at('mail-of-one'));
    const other = await provision(at('name-of-other'), at('shared-upn'));
    expect(await revoke(at('shared-upn'))).toBe(204);
    const people = await bed.prisma.user.findMany({ where: { orgId: bed.org.id, id: { in: [one, other] } } });
    expect(people.map(({ generation }) => generation)).toEqual([1, 1]);
  });

  it('who were removed are found by nothing that was claimed for them', async () => {
    const id = await provision(at('leaver'));
    await signIn(at('leaver'));
    await signIn(at('leaver-claimed'));
    expect((await scim.send('DELETE', `/Users/${id}`)).status).toBe(204);
    expect(await revoke(at('leaver-claimed'))).toBe(404);
    const left = await bed.prisma.identity.findFirstOrThrow({ where: { userId: id } });
    expect([left.claimedEmail, left.claimedEmailKey]).toEqual([null, null]);
  });
});

describe('a second connection', () => {
  let guest: HostileIdp;
  let connectionId: string;
  beforeAll(async () => {
    guest = await startHostileIdp({ clientId: 'guest' });
    const { clientId, clientSecret } = guest;
    const input = { ...(await discover(bed.product.context.guardedFetch, guest.issuer)), clientId, clientSecret };
    connectionId = (await bed.connections.addConnection(bed.org.id, input, byOperator)).id;
  });
  afterAll(() => guest?.stop());

  async function asGuest(email: string, email_verified: unknown = true) {
    guest.setIdToken({ claims: { sub, email, email_verified } });
    const browser = createBrowser({ baseUrl: bed.url });
    const query = { connection: connectionId };
    await browser.signIn({ appUrl: bed.url, org: 'hostile', query, email: '', password: '' });
    return { browser, me: await browser.get('/api/users/me') };
  }

  it('takes no address of a domain that another speaks for: it means its person only when it asks itself', async () => {
    const chief = await signIn(at('chief'), { as: `${sub}-chief` });
    const { browser, me } = await asGuest(`guest-${count}@elsewhere.fake`);
    await asGuest(at('chief'));
    expect(await addressOf(String(me.json().id))).toBe(`guest-${count}@elsewhere.fake`);
    expect([await revoke(at('chief')), await statusOf(browser)]).toEqual([204, 200]);
    expect(await statusOf(chief.browser)).toBe(401);
    // The connection proves itself by a sign-in; its own JWT reaches its own person.
    const { iat, ...claims } = { iat: Math.floor(Date.now() / 1000), jti: `guest-${count}` };
    const jwt = guest.keys.sign(
      { ...claims, iss: guest.issuer, sub: 'guest', aud: bed.shared, exp: iat + 300, nbf: iat - 300, iat },
      { header: { typ: 'global-token-revocation+jwt' } },
    );
    expect([await revoke(at('chief'), jwt), await statusOf(browser)]).toEqual([204, 401]);
  });

  it('elsewhere is believed if it calls the address verified, and if not, only its own calls mean anybody', async () => {
    const { me } = await asGuest(`before-${count}@elsewhere.fake`);
    const id = String(me.json().id);
    await asGuest(`unverified-${count}@elsewhere.fake`, false);
    expect(await addressOf(id)).toBe(`before-${count}@elsewhere.fake`);
    expect(await revoke(`unverified-${count}@elsewhere.fake`)).toBe(404);
    await asGuest(`after-${count}@elsewhere.fake`);
    expect(await addressOf(id)).toBe(`after-${count}@elsewhere.fake`);
    expect(await revoke(`after-${count}@elsewhere.fake`)).toBe(204);
  });
});

describe('at the same time', () => {
  it('twenty sign-ins of one person under two addresses end with one of them, and no error', async () => {
    await signIn(at('start'));
    const browsers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        bed.hostile.setIdToken({ claims: { sub, email: at(i % 2 ? 'odd' : 'even') } });
        const browser = createBrowser({ baseUrl: bed.url });
        return { browser, callback: await bed.begin(browser) };
      }),
    );
    const answers = await Promise.all(browsers.map(({ browser, callback }) => browser.get(callback)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]));
    const statuses = await Promise.all(browsers.map(({ browser }) => statusOf(browser)));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it('a revocation by the new address, before the sign-in that brings it is through, lets none of it live', async () => {
    const { browser: first } = await signIn(at('was'));
    await letSignInsWait(bed.product);
    bed.hostile.setIdToken({ claims: { sub, email: at('is') } });
    const browser = createBrowser({ baseUrl: bed.url });
    const callback = await bed.begin(browser);
    let answer: Promise<unknown> = Promise.resolve();
    await whileLocked(bed.product, atTheirInsert, async () => {
      answer = browser.get(callback);
      await waitForLock(bed.product);
      expect(await revoke(at('is'))).toBe(204);
    });
    await answer;
    expect([await statusOf(first), await statusOf(browser)]).toEqual([401, 401]);
  });

  it('a revocation that finds nobody yet keeps out the sign-in that was under way, and a fresh one gets in', async () => {
    await signIn(at('then'));
    bed.hostile.setIdToken({ claims: { sub, email: at('now'), auth_time: Math.floor(Date.now() / 1000) - 1000 } });
    const browser = createBrowser({ baseUrl: bed.url });
    const callback = await bed.begin(browser);
    expect(await revoke(at('now'))).toBe(404);
    await browser.get(callback);
    expect(await statusOf(browser)).toBe(401);
    const { me } = await signIn(at('now'));
    expect(me.status).toBe(200);
  });

  it('a newcomer’s first sign-in under way when a token with the subject alone comes doesn’t complete', async () => {
    bed.hostile.setIdToken({ claims: { sub, email: at('newcomer'), auth_time: Math.floor(Date.now() / 1000) - 1000 } });
    const browser = createBrowser({ baseUrl: bed.url });
    const callback = await bed.begin(browser);
    const subject = { format: 'iss_sub', iss: bed.hostile.issuer, sub };
    expect((await postRevocation(bed.shared, key, subject)).status).toBe(404);
    await browser.get(callback);
    expect(await statusOf(browser)).toBe(401);
  });

  it('a callback and a revocation by the address that it brings: a 204 leaves nothing alive, in forty races', async () => {
    let found = 0;
    for (let i = 0; i < 40; i += 1) {
      const [subject, address] = [`${sub}-race-${i}`, `race-${count}-${i}@hostile.fake`];
      const old = await signIn(`before-${count}-${i}@hostile.fake`, { as: subject });
      // A session that was left at the IdP: nobody authenticates anew.
      const claims = { sub: subject, email: address, auth_time: Math.floor(Date.now() / 1000) - 1000 };
      bed.hostile.setIdToken({ claims });
      const browser = createBrowser({ baseUrl: bed.url });
      const callback = await bed.begin(browser);
      const wait = new Promise((resolve) => setTimeout(resolve, (i % 20) * 2));
      const [, status] = await Promise.all([browser.get(callback), wait.then(() => revoke(address))]);
      if (status === 204) {
        found += 1;
        expect([await statusOf(old.browser), await statusOf(browser)]).toEqual([401, 401]);
      } else expect(status).toBe(404);
      // Whoever the first call missed is found by the second.
      expect([204, 404]).toContain(await revoke(address));
      expect(await statusOf(browser)).toBe(401);
    }
    expect(found).toBeGreaterThan(0);
  }, 120_000);

  it.each([
    ['whose row somebody holds', true],
    ['in sixty races', false],
  ])(
    'an address that somebody bears, %s: a 204 leaves neither of the two alive',
    async (_, holds) => {
      for (let i = 0; i < (holds ? 5 : 60); i += 1) {
        const address = `borne-${count}-${i}@hostile.fake`;
        const bearer = await signIn(address, { as: `${sub}-bearer-${i}` });
        const old = await signIn(`own-${count}-${i}@hostile.fake`, { as: `${sub}-${i}` });
        const claims = { sub: `${sub}-${i}`, email: address, auth_time: Math.floor(Date.now() / 1000) - 1000 };
        bed.hostile.setIdToken({ claims });
        const browser = createBrowser({ baseUrl: bed.url });
        const callback = await bed.begin(browser);
        let both: Promise<[unknown, number]> = Promise.resolve([null, 0]);
        const race = async () => {
          const wait = new Promise((resolve) => setTimeout(resolve, (i % 20) * 2));
          both = Promise.all([browser.get(callback), wait.then(() => revoke(address))]);
          if (holds) await waitForLock(bed.product, 2);
        };
        if (holds)
          await whileLocked(
            bed.product,
            (blocker) => blocker.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [bearer.id]),
            race,
          );
        else await race();
        expect((await both)[1]).toBe(204);
        expect(await statusOf(bearer.browser)).toBe(401);
        // Whether the claim came before the call or after it, nothing of both lives on by it.
        const states = [await statusOf(old.browser), await statusOf(browser)];
        const { claimedEmailKey } = await bed.prisma.identity.findFirstOrThrow({ where: { subject: `${sub}-${i}` } });
        expect(claimedEmailKey).toBe(address);
        expect(states[1]).toBe(401);
      }
    },
    120_000,
  );

  it('provisioning and a sign-in that both take an address: one bears it, nothing fails, a call ends whoever holds it', async () => {
    for (let i = 0; i < 10; i += 1) {
      const [subject, wanted] = [`${sub}-${i}`, `wanted-${count}-${i}@hostile.fake`];
      const she = await signIn(`start-${count}-${i}@hostile.fake`, { as: subject });
      const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: wanted };
      const [made, again] = await Promise.all([scim.post('/Users', user), signIn(wanted, { as: subject })]);
      expect([201, 409]).toContain(made.status);
      expect([again.me.status, again.id]).toEqual([200, she.id]);
      expect((await addressOf(she.id)) === wanted).toBe(made.status === 409);
      expect(await revoke(wanted)).toBe(204);
      expect([await statusOf(she.browser), await statusOf(again.browser)]).toEqual([401, 401]);
    }
  });
});
