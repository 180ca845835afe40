import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { expectNoFindings } from './axe.ts';

describeInChromium('an administrator signs people out in the console', () => {
  let product: Product;
  let browser: Chromium;
  let admin: Awaited<ReturnType<typeof plantAdministrator>>;
  let owner: typeof admin;
  beforeAll(async () => {
    product = await startProduct();
    browser = await launchChromium();
    admin = await plantAdministrator(product, 'admin');
    owner = await plantAdministrator(product, 'owner');
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  async function plant(name: string, sessions: number, grants = 0) {
    const [person] = await plantUsers(product, 1, { sessions });
    if (!person) throw new Error('nobody was planted');
    await product.context.pool.query('UPDATE users SET name = $2 WHERE id = $1', [person.id, name]);
    await plantGrants(product, { orgId: product.orgs.whiterabbit.id, userId: person.id }, grants);
    return person;
  }
  const alive = async ({ cookies }: { cookies: readonly string[] }) =>
    (await Promise.all(cookies.map((cookie) => statusOfMe(product.url, cookie)))).filter((status) => status === 200)
      .length;

  /** A page of the console, as this person. */
  async function open(
    path: string,
    { as = admin, script = true, width = 1280 } = {},
  ): Promise<{ page: Page; close: () => Promise<void> }> {
    const { context, page, close } = await openPage(browser, {
      javaScriptEnabled: script,
      viewport: { width, height: 800 },
    });
    const [name, value] = as.cookie.split('=') as [string, string];
    await context.addCookies([{ name, value, url: product.url }]);
    await page.goto(product.url + path);
    return { page, close };
  }

  it('in three clicks from the overview, and sees that it is so', async () => {
    const person = await plant('Three Clicks', 3, 1);
    const { page, close } = await open('/admin');
    await page.keyboard.type('three cl');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Three Clicks' }).click();
    await page.getByRole('link', { name: 'Sign out everywhere' }).click();
    await page.getByRole('button', { name: 'Sign out 4 sessions' }).click();
    await page.getByRole('heading', { name: 'Three Clicks: access ended' }).waitFor();
    expect(await page.getByText('What ended: 3 browsers, 1 app').isVisible()).toBe(true);
    expect(await alive(person)).toBe(0);
    await close();
  });

  it('in the same clicks without a script', async () => {
    const person = await plant('Scriptless Sid', 2);
    const { page, close } = await open('/admin', { script: false });
    await page.getByRole('searchbox').fill('scriptless');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Scriptless Sid' }).click();
    await page.getByRole('link', { name: 'Sign out everywhere' }).click();
    await page.getByLabel('Reason for the record').fill('Laptop stolen');
    await page.getByRole('button', { name: 'Sign out 2 sessions' }).click();
    await page.getByRole('heading', { name: 'Scriptless Sid: access ended' }).waitFor();
    expect(await page.getByText('Reason for the record: Laptop stolen').isVisible()).toBe(true);
    expect(await alive(person)).toBe(0);
    await close();
  });

  it('asks in a dialog: the focus is in it, Escape and Cancel close it, and give the focus back', async () => {
    const person = await plant('Dialogue Di', 1);
    const { page, close } = await open(`/admin/people/${person.id}`);
    const link = page.getByRole('link', { name: 'Sign out everywhere' });
    const dialog = page.getByRole('dialog', { name: 'Sign Dialogue Di out everywhere?' });
    const isBack = () => page.locator('a:focus', { hasText: 'Sign out everywhere' }).waitFor();
    await link.focus();
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Sign Dialogue Di out everywhere?');
    await expectNoFindings(page);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await isBack();
    await page.keyboard.press('Enter');
    await dialog.getByRole('link', { name: 'Cancel' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await isBack();
    expect(page.url()).toBe(`${product.url}/admin/people/${person.id}`);
    expect(await alive(person)).toBe(1);
    await page.getByRole('link', { name: 'Sign out Unknown device' }).press('Enter');
    const one = page.getByRole('dialog', { name: 'Sign Dialogue Di out of Unknown device?' });
    await one.getByLabel('Words for the person').fill('Mistake');
    await one.getByRole('button', { name: 'Sign out 1 session' }).press('Enter');
    await page.getByRole('heading', { name: 'Dialogue Di: access ended' }).waitFor();
    expect(await alive(person)).toBe(0);
    await close();
  });

  it('asks on a page where no dialog can be: after the authentication has grown old', async () => {
    const stale = await plantAdministrator(product, 'admin');
    const person = await plant('Old Ollie', 1);
    const { page, close } = await open(`/admin/people/${person.id}`, { as: stale });
    await product.context.pool.query('UPDATE sessions SET authenticated_at = NULL WHERE user_id = $1', [stale.id]);
    await page.getByRole('link', { name: 'Sign out everywhere' }).click();
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    expect(page.url()).toBe(`${product.url}/admin/people/${person.id}/sign-out`);
    await close();
  });

  it('chooses several in the list that a search finds as one types', async () => {
    const people = [await plant('Several Ann', 1), await plant('Several Bob', 2), await plant('Several Cid', 1)];
    const { page, close } = await open('/admin/people');
    await page.getByLabel('Name or address').fill('several');
    await page.getByRole('link', { name: 'Several Ann' }).waitFor();
    await page.locator('#results tbody tr').nth(3).waitFor({ state: 'detached' });
    await page
      .locator('#status')
      .filter({ hasText: /^3 people$/ })
      .waitFor({ state: 'attached' });
    const button = page.locator('button[value="go-on"]');
    expect(await button.isDisabled()).toBe(true);
    await page.getByLabel('Choose everybody on this page').check();
    await page.getByRole('button', { name: 'Sign out 3 chosen people' }).waitFor();
    await page.getByLabel('Choose Several Cid').uncheck();
    await expectNoFindings(page);
    await page.getByRole('button', { name: 'Sign out 2 chosen people' }).click();
    await page.getByRole('heading', { name: 'Sign 2 people out everywhere?' }).waitFor();
    await expectNoFindings(page);
    await page.getByRole('button', { name: 'Sign out 3 sessions' }).click();
    await page.getByRole('heading', { name: 'Signed out together' }).waitFor();
    await expectNoFindings(page);
    expect(await Promise.all(people.map(alive))).toEqual([0, 0, 1]);
    await page.getByRole('link', { name: 'Several Bob' }).click();
    await page.getByText('They are signed in nowhere.').waitFor();
    await close();
  });

  it('keeps a choice over pages, searches and other pages, until those chosen are signed out', async () => {
    const people = await plantUsers(product, 51, { sessions: 1 });
    await product.context.pool.query(`UPDATE users SET name = 'Kept ' || right(id, 6) WHERE id = ANY ($1)`, [
      people.map(({ id }) => id),
    ]);
    await plant('Elsewhere Eve', 1);
    const { page, close } = await open('/admin/people?search=kept&sort=name');
    const button = (text: string) => page.getByRole('button', { name: text });
    expect(await button('Keep this choice').count()).toBe(0);
    await page.getByLabel('Choose everybody on this page').check();
    await button('Sign out 50 chosen people').waitFor();
    await page.getByRole('link', { name: 'Next page' }).click();
    await page.getByText('You have also chosen 50 people who are not on this page.').waitFor();
    await page.locator('#results .pick input').first().check();
    await button('Sign out 51 chosen people').waitFor();
    await page.getByLabel('Name or address').fill('elsewhere eve');
    await page.getByLabel('Choose Elsewhere Eve').check();
    await button('Sign out 52 chosen people').waitFor();
    await expectNoFindings(page);
    await page.getByRole('link', { name: 'Elsewhere Eve' }).click();
    await page.getByRole('heading', { name: 'Elsewhere Eve' }).waitFor();
    await page.goBack();
    await page.getByText('You have also chosen 51 people who are not on this page.').waitFor();
    await page.getByLabel('Choose Elsewhere Eve').uncheck();
    await page.getByRole('button', { name: 'Sign out 51 chosen people' }).click();
    await page.getByRole('button', { name: 'Sign out 51 sessions' }).click();
    await page.getByRole('heading', { name: 'Signed out together' }).waitFor();
    expect((await Promise.all(people.map(alive))).every((number) => number === 0)).toBe(true);
    await page.goto(`${product.url}/admin/people?search=kept`);
    expect(await button('Sign out those chosen').isDisabled()).toBe(true);
    await page.locator('#results .pick input').first().check();
    await page.getByRole('link', { name: 'Choose nobody' }).click();
    await button('Sign out those chosen').waitFor();
    await close();
  });

  it('keeps a choice whose sign-out is refused, and the one beside a list that is signed out', async () => {
    const [ann, bob, cid] = [
      await plant('Refused Ann', 1),
      await plant('Refused Bob', 1),
      await plant('Refused Cid', 1),
    ];
    const { page, close } = await open('/admin/people?search=refused');
    const button = (text: string) => page.getByRole('button', { name: text });
    await page.getByLabel('Choose Refused Ann').check();
    await page.getByLabel('Choose Refused Bob').check();
    await button('Sign out 2 chosen people').click();
    await button('Sign out 2 sessions').waitFor();
    // What would end has changed meanwhile: it is asked once more, and given up.
    await product.revoke({ format: 'opaque', id: ann.id }, { apiKey: product.orgs.whiterabbit.apiKey });
    await button('Sign out 2 sessions').click();
    await button('Sign out 1 session').waitFor();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await button('Sign out 2 chosen people').waitFor();
    expect(await alive(bob)).toBe(1);
    // Another list, with one of them in it.
    await page.goto(`${product.url}/admin/sign-out`);
    await page.getByLabel('Whom').fill(`${bob.email}, ${cid.email}`);
    await button('Look them up').click();
    await button('Sign out 2 sessions').click();
    await page.getByRole('heading', { name: 'Signed out together' }).waitFor();
    await page.goto(`${product.url}/admin/people?search=refused`);
    await button('Sign out 1 chosen person').waitFor();
    expect(await page.getByLabel('Choose Refused Ann').isChecked()).toBe(true);
    expect(await page.getByLabel('Choose Refused Bob').isChecked()).toBe(false);
    await close();
  });

  it('chooses a group on the page of people, and all whom the search finds, with a script and without', async () => {
    const { prisma } = product.context;
    const orgId = product.orgs.whiterabbit.id;
    for (const script of [true, false]) {
      const people = [await plant(`Grouped ${script} Ann`, 1), await plant(`Grouped ${script} Bob`, 1)];
      const id = `grp_found_${script}`;
      await prisma.group.create({ data: { orgId, id, displayName: `Finders ${script}` } });
      await prisma.groupMember.createMany({
        data: people.map((person) => ({ orgId, groupId: id, userId: person.id })),
      });
      const { page, close } = await open('/admin/people', { script });
      await page.getByRole('combobox', { name: 'Group', exact: true }).fill(`finders ${script}`);
      if (!script) await page.keyboard.press('Enter');
      await page.getByText(`In the group Finders ${script}`).waitFor();
      if (script) await expectNoFindings(page);
      await page.getByRole('button', { name: 'Choose all 2 people' }).click();
      await page.getByRole('heading', { name: 'Sign 2 people out everywhere?' }).waitFor();
      await page.getByRole('button', { name: 'Sign out 2 sessions' }).click();
      await page.getByRole('heading', { name: 'Signed out together' }).waitFor();
      expect(await Promise.all(people.map(alive))).toEqual([0, 0]);
      await close();
    }
  });

  it('pastes a list, sees first who is unknown, and goes on without them, with a script and without', async () => {
    for (const script of [true, false]) {
      const person = await plant(`Pasted ${script}`, 2);
      const { page, close } = await open('/admin/sign-out', { script });
      await page.getByLabel('Whom').fill(`Somebody <${person.email}>, wrong@whiterabbit.fake`);
      await page.getByRole('button', { name: 'Look them up' }).click();
      await page.getByRole('heading', { name: '1 name is not known here' }).waitFor();
      if (script) await expectNoFindings(page);
      await page.getByRole('button', { name: 'Go on with the 1 person found' }).click();
      await page.getByRole('button', { name: 'Sign out 2 sessions' }).click();
      await page.getByRole('heading', { name: `Pasted ${script}: access ended` }).waitFor();
      expect(await alive(person)).toBe(0);
      await close();
    }
  });

  it('finds nothing wrong for assistive technology on any page, and nothing wider than a small phone', async () => {
    const person = await plant('Accessible Abe', 2, 1);
    const { prisma } = product.context;
    const orgId = product.orgs.whiterabbit.id;
    await prisma.group.create({ data: { orgId, id: 'grp_axe', displayName: 'Accessible' } });
    await prisma.groupMember.create({ data: { orgId, groupId: 'grp_axe', userId: person.id } });
    const { rows } = await product.context.pool.query('SELECT id FROM identities WHERE user_id = $1', [person.id]);
    const here = `/admin/people/${person.id}`;
    const { page, close } = await open('/admin/people', { as: owner, width: 320 });
    for (const path of [
      '/admin/people',
      '/admin/people?search=nobody-at-all',
      '/admin/people?sort=-role&in=accessible',
      '/admin/people?in=nothing-like-it',
      '/admin/people/file?role=member',
      here,
      `${here}/timeline`,
      `${here}/sign-out`,
      `${here}/switch-off`,
      `${here}/name`,
      `${here}/erase`,
      `${here}/identities/link`,
      `${here}/identities/${rows[0].id}/unlink`,
      '/admin/sign-out',
      '/admin/groups',
      '/admin/groups?search=none',
      '/admin/groups/grp_axe',
      '/admin/groups/grp_axe/sign-out',
      '/admin/everyone',
    ]) {
      const shown = await page.goto(product.url + path);
      expect(shown?.status(), path).toBe(200);
      await expectNoFindings(page);
      const tooWide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect(tooWide, path).toBeLessThanOrEqual(0);
    }
    await close();
  });

  it('signs out a group, and everyone but oneself with the name typed in', async () => {
    const person = await plant('Last One', 1);
    const { prisma } = product.context;
    const orgId = product.orgs.whiterabbit.id;
    await prisma.group.create({ data: { orgId, id: 'grp_last', displayName: 'The last' } });
    await prisma.groupMember.create({ data: { orgId, groupId: 'grp_last', userId: person.id } });
    const { page, close } = await open('/admin/groups', { as: owner });
    await page.getByRole('link', { name: 'The last' }).click();
    await page.getByRole('link', { name: 'Sign out the group' }).click();
    await page.getByRole('button', { name: 'Sign out 1 session' }).click();
    await page.getByRole('heading', { name: 'Last One: access ended' }).waitFor();
    expect(await alive(person)).toBe(0);
    await page.goto(`${product.url}/admin/groups`);
    await page.getByRole('link', { name: 'Sign out everyone' }).click();
    await page.getByLabel('Type the name of the organisation').fill('another');
    const button = page.getByRole('button', { name: /^Sign out everyone: \d+ people$/ });
    await button.click();
    await page.getByText('That is not the name of the organisation.').waitFor();
    await expectNoFindings(page);
    await page.getByLabel('Type the name of the organisation').fill('whiterabbit');
    await button.click();
    await page.getByRole('heading', { name: 'Everyone in whiterabbit: access ended' }).waitFor();
    expect([await alive(admin), await alive(owner)]).toEqual([0, 1]);
    await close();
  });
});
