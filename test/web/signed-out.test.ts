import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provision } from '../scim/support.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { type PlantedUser, plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

type Org = keyof Product['orgs'];
type Administrator = Awaited<ReturnType<typeof plantAdministrator>>;

let product: Product;
const owners = {} as Record<Org, Administrator>;
beforeAll(async () => {
  product = await startProduct();
  for (const org of ['whiterabbit', 'metacortex'] as const)
    owners[org] = await plantAdministrator(product, 'owner', { org });
});
afterAll(() => product.stop());

const help = 'IT help desk\n<b>help@whiterabbit.fake</b>, https://help.whiterabbit.fake';
const shownHelp = 'IT help desk\n&lt;b&gt;help@whiterabbit.fake&lt;/b&gt;, https://help.whiterabbit.fake';
const twinHelp = 'Ask Rhineheart.';
beforeEach(async () => {
  for (const [org, helpText] of [
    ['whiterabbit', help],
    ['metacortex', twinHelp],
  ] as const)
    expect((await owners[org].send('PATCH', '/policies', { helpText })).status).toBe(200);
});

const reason = 'We found your <laptop>.';
const shownReason = 'We found your &lt;laptop&gt;.';

async function plant(org: Org = 'whiterabbit'): Promise<PlantedUser & { cookie: string }> {
  const [user] = (await plantUsers(product, 1, { org })) as [PlantedUser];
  return { ...user, cookie: user.cookies[0] as string };
}

/** Ends somebody's access as an administrator does, with words for the person. */
async function end(userId: string, { person = reason, org = 'whiterabbit' as Org } = {}): Promise<void> {
  const body = { reason: { administrators: 'ticket 42', person } };
  const asked = await owners[org].send('POST', `/users/${userId}/revocations`, body);
  const { confirmation } = asked.body;
  const ended = await owners[org].send('POST', `/users/${userId}/revocations`, { ...body, confirmation });
  expect(ended.status).toBe(200);
}

const open = async (path: string, cookie?: string) => {
  const response = await fetch(product.url + path, { redirect: 'manual', headers: cookie ? { cookie } : {} });
  return { status: response.status, location: response.headers.get('location') ?? '', text: await response.text() };
};
const problem = async (headers: Record<string, string>) =>
  (await (await fetch(`${product.url}/api/users/me`, { headers })).json()) as Record<string, string>;
const saysYourOrganisation = 'What your organisation says';
const atAnyTime = 'You may sign in again at any time.';

describe('the page /signed-out', () => {
  it('shows the administrator’s words, and whom to turn to, as plain text', async () => {
    const user = await plant();
    await end(user.id);
    const { location } = await open('/todos', user.cookie);
    expect(location).toMatch(/^\/signed-out\?reason=revoked&at=/);
    const page = await open(location, user.cookie);
    expect(page.text).toContain('<h1>Your organisation signed you out');
    expect(page.text).toContain(`<p class="words">${shownReason}</p>`);
    expect(page.text).toContain(`<p class="words">${shownHelp}</p>`);
    expect(page.text).toContain(atAnyTime);
    expect(page.text).toMatch(/>Sign in again as [^<]+<\/a>/);
    for (const foreign of ['ticket 42', '<b>', 'href="https://help', twinHelp])
      expect(page.text).not.toContain(foreign);
  });

  it('names the person, and whom to ask where the organisation says nothing of it', async () => {
    const user = await plant();
    expect((await owners.whiterabbit.send('PATCH', '/policies', { helpText: null })).status).toBe(200);
    await end(user.id);
    const page = await open('/signed-out', user.cookie);
    expect(page.text).toContain(`You were signed in here as ${user.email}, at whiterabbit.`);
    const ask = 'Your organisation’s administrators know more.';
    expect(page.text).toContain(ask);
    // A link alone says nothing of anybody.
    for (const words of [user.email, 'whiterabbit', ask])
      expect((await open('/signed-out?reason=revoked')).text).not.toContain(words);
    expect((await owners.whiterabbit.send('PATCH', '/policies', { helpText: help })).status).toBe(200);
    expect((await open('/signed-out', user.cookie)).text).not.toContain(ask);
  });

  it('shows them to that browser alone: to no stranger, to nobody else of the org, to no twin of the other', async () => {
    const [user, colleague, twin] = [await plant(), await plant(), await plant('metacortex')];
    await end(user.id);
    await end(colleague.id, { person: 'You have a new job.' });
    await end(twin.id, { person: 'You are late again.', org: 'metacortex' });
    const { location } = await open('/todos', user.cookie);
    const stranger = await open(location);
    for (const words of [shownReason, 'help@', atAnyTime, 'class="words"']) expect(stranger.text).not.toContain(words);
    const others = [await open(location, colleague.cookie), await open(location, twin.cookie)] as const;
    for (const page of others) expect(page.text).not.toContain(shownReason);
    expect(others[0].text).toContain('You have a new job.');
    expect(others[1].text).toContain('You are late again.');
    expect(others[1].text).toContain(`<p class="words">${twinHelp}</p>`);
    expect(others[1].text).not.toContain('help@');
  });

  it('says how its own session ended, whatever the link says', async () => {
    const user = await plant();
    await end(user.id);
    const page = await open('/signed-out?reason=ended&at=2026-01-02T10:42:31.000Z', user.cookie);
    expect(page.text).toContain('<h1>Your organisation signed you out');
    expect(page.text).not.toContain('2026-01-02');
  });

  it('says nothing of the org where the person, or time, ended it', async () => {
    const [leaving, idle] = [await plant(), await plant()];
    const { pool } = product.context;
    await pool.query('UPDATE sessions SET ended_at = now() WHERE user_id = $1', [leaving.id]);
    await pool.query(`UPDATE sessions SET idle_expires_at = now() - interval '1 second' WHERE user_id = $1`, [idle.id]);
    for (const [{ cookie }, title] of [
      [leaving, 'You signed out'],
      [idle, 'Your session expired'],
    ] as const) {
      const page = await open('/signed-out', cookie);
      expect(page.text).toContain(`<h1>${title}`);
      expect(page.text).not.toContain('class="words"');
    }
  });

  it('promises no sign-in to somebody who is switched off, until they are on again', async () => {
    const user = await plant();
    const change = async (active: boolean) =>
      expect((await owners.whiterabbit.send('PATCH', `/users/${user.id}`, { active })).status).toBe(200);
    await change(false);
    const page = await open('/signed-out', user.cookie);
    expect(page.text).toContain('Your account here is switched off');
    expect(page.text).toContain(shownHelp);
    for (const wrong of [atAnyTime, 'Nothing you saved is lost', 'Sign in again'])
      expect(page.text).not.toContain(wrong);
    await change(true);
    expect((await open('/signed-out', user.cookie)).text).toContain(atAnyTime);
  });

  it('promises no sign-in to somebody whom provisioning removed', async () => {
    const user = await plant();
    const { apiKeys } = product.context;
    const by = { actor: { type: 'operator', id: null }, ip: null, requestId: null } as const;
    const { apiKey } = await apiKeys.create(product.orgs.whiterabbit.id, { name: 'scim', scopes: ['scim'] }, by);
    const headers = { authorization: `Bearer ${apiKey}` };
    const removed = await fetch(`${product.url}/scim/v2/Users/${user.id}`, { method: 'DELETE', headers });
    expect(removed.status).toBe(204);
    const page = await open('/signed-out', user.cookie);
    expect(page.text).toContain('Your organisation removed your account.');
    expect(page.text).toContain(shownHelp);
    for (const wrong of [atAnyTime, 'Sign in again', saysYourOrganisation, 'switched off'])
      expect(page.text).not.toContain(wrong);
    const { detail, switchedOff } = await problem({ cookie: user.cookie });
    expect(detail).toMatch(/ UTC\. Your account was removed\.$/);
    expect(switchedOff).toBe(true);
  });

  it('says once that provisioning switched somebody off, and not as words of the organisation', async () => {
    const user = await plant();
    const [app] = await plantGrants(product, { orgId: product.orgs.whiterabbit.id, userId: user.id }, 1);
    const scim = await provision(product);
    const switchOff = [{ op: 'replace', path: 'active', value: false }];
    expect((await scim.patch(`/Users/${user.id}`, switchOff)).status).toBe(200);
    const page = await open('/signed-out', user.cookie);
    expect(page.text.match(/switched (your account )?off/g)).toHaveLength(1);
    expect(page.text).toContain('Your account here is switched off');
    expect(page.text).not.toContain(saysYourOrganisation);
    for (const headers of [{ cookie: user.cookie }, { authorization: `Bearer ${app?.accessToken}` }]) {
      const { detail, ...body } = await problem(headers);
      expect(detail).toMatch(/^Your organisation signed you out on [^:]+:\d\d UTC\. Your account is switched off\.$/);
      expect(body).toMatchObject({ code: 'session_revoked', switchedOff: true });
      expect(body).not.toHaveProperty('reason');
    }
  });

  it('says in our own words that provisioning, or an administrator, changed the address', async () => {
    const [provisioned, changed] = [await plant(), await plant()];
    const scim = await provision(product);
    const rename = [{ op: 'replace', path: 'userName', value: `new-${provisioned.email}` }];
    expect((await scim.patch(`/Users/${provisioned.id}`, rename)).status).toBe(200);
    const email = `new-${changed.email}`;
    const asked = await owners.whiterabbit.send('PATCH', `/users/${changed.id}`, { email });
    const { confirmation } = asked.body;
    const answer = await owners.whiterabbit.send('PATCH', `/users/${changed.id}`, { email, confirmation });
    expect(answer.status).toBe(200);
    for (const [{ cookie }, why] of [
      [provisioned, 'Your organisation changed your user name or e-mail address.'],
      [changed, 'Your organisation changed your e-mail address.'],
    ] as const) {
      const page = await open('/signed-out', cookie);
      expect(page.text).toContain(`<p>${why}</p>`);
      expect(page.text).toContain(atAnyTime);
      expect(page.text).not.toContain(saysYourOrganisation);
      expect((await problem({ cookie })).detail).toContain(`: ${why} Sign in again to go on.`);
    }
  });

  it('keeps an administrator’s words beside the standing of somebody who is switched off since', async () => {
    const user = await plant();
    await end(user.id);
    expect((await owners.whiterabbit.send('PATCH', `/users/${user.id}`, { active: false })).status).toBe(200);
    const page = await open('/signed-out', user.cookie);
    expect(page.text).toContain(`<p class="words">${shownReason}</p>`);
    expect(page.text).toContain(saysYourOrganisation);
    expect(page.text).toContain('Your account here is switched off');
  });

  it('is silent about help where the org has set none', async () => {
    expect((await owners.whiterabbit.send('PATCH', '/policies', { helpText: null })).status).toBe(200);
    const user = await plant();
    await product.revoke({ format: 'email', email: user.email });
    const page = await open('/signed-out', user.cookie);
    expect(page.text).toContain(atAnyTime);
    expect(page.text).not.toMatch(/class="words"|Whom to turn to|null|undefined/);
  });
});

describe('the 401', () => {
  it.each([
    ['We found your laptop', ': We found your laptop. '],
    ['We found your laptop.', ': We found your laptop. '],
    ['Was it you? (Ask us!)', ': Was it you? (Ask us!) '],
    ['Please wait…', ': Please wait… '],
    ['ノートパソコンが見つかりました。', ': ノートパソコンが見つかりました。 '],
    ['', '. '],
  ])('says the time in words and the reason %j with one full stop, to a browser and an app', async (person, words) => {
    const user = await plant();
    const [app] = await plantGrants(product, { orgId: product.orgs.whiterabbit.id, userId: user.id }, 1);
    if (person === '') await product.revoke({ format: 'email', email: user.email });
    else await end(user.id, { person });
    for (const headers of [{ cookie: user.cookie }, { authorization: `Bearer ${app?.accessToken}` }]) {
      const { code, detail, signedOutAt, reason: said, helpText } = await problem(headers);
      expect([code, said, helpText]).toEqual(['session_revoked', person || undefined, help]);
      const at = new Date(String(signedOutAt));
      const day = `${at.getUTCDate()} ${at.toLocaleString('en-GB', { month: 'long', timeZone: 'UTC' })} ${at.getUTCFullYear()}`;
      const when = `${day} at ${at.toISOString().slice(11, 16)} UTC`;
      expect(detail).toBe(`Your organisation signed you out on ${when}${words}Sign in again to go on.`);
    }
  });

  it('asks nobody to sign in again who is switched off', async () => {
    const user = await plant();
    expect((await owners.whiterabbit.send('PATCH', `/users/${user.id}`, { active: false })).status).toBe(200);
    const { detail, switchedOff, helpText } = await problem({ cookie: user.cookie });
    expect(detail).toMatch(/ UTC\. Your account is switched off\.$/);
    expect([switchedOff, helpText]).toEqual([true, help]);
  });

  it('keeps what others say of the org, and the org itself, out of what time ended', async () => {
    const user = await plant();
    await product.context.pool.query(
      `UPDATE sessions SET idle_expires_at = now() - interval '1 second' WHERE user_id = $1`,
      [user.id],
    );
    const body = await problem({ cookie: user.cookie });
    expect(body.detail).toMatch(/^Your session expired on \d+ \w+ \d{4} at \d\d:\d\d UTC\. Sign in again to go on\.$/);
    expect(body).not.toHaveProperty('helpText');
  });
});
