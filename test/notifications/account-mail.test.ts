import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '../../src/database/ids.ts';
import { planAccountMails } from '../../src/notifications/account-mail.ts';
import type { OutboxEvent } from '../../src/notifications/kinds.ts';
import { renderAccountMail } from '../../src/notifications/send-account-mail.ts';
import { renderAccountTask } from '../../src/notifications/send-account-task.ts';
import type { Browser } from '../support/browser.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct, type TestOrg } from '../support/product.ts';
import { hardCodedWords, pseudo } from '../support/pseudo-language.ts';
import { headerOf, refusal, startSmtp, textOf } from './smtp.ts';
import { drained, record, relayed, signInAs } from './support.ts';

let smtp: Awaited<ReturnType<typeof startSmtp>>;
let product: Product;
let trinity: Browser;
beforeEach(async () => {
  trinity = await signInAs(product, 'member');
});
beforeAll(async () => {
  smtp = await startSmtp();
  const env = { SMTP_URL: smtp.url, MAIL_FROM: 'no-reply@example.com' };
  product = await startProduct({ processes: 1, env });
});
afterAll(async () => {
  await product.stop();
  await smtp.stop();
});
afterEach(async () => {
  smtp.refuseWith(null);
  await drained(product);
  smtp.mails.length = 0;
  await product.context.pool.query('DELETE FROM account_rights');
  await product.context.pool.query(`UPDATE users SET active = true, language = NULL, mail_of_accounts = false`);
});

const here = '/api/users/me/account-mail';
const choose = async (changed: boolean, browser = trinity) => {
  const answer = await browser.put(here, { json: { changed } });
  expect([answer.status, answer.json()]).toEqual([200, { changed, emailAvailable: true }]);
};
async function plantAccount(name: string, org: TestOrg = product.orgs.whiterabbit): Promise<string> {
  const id = newId('account');
  await product.context.prisma.account.create({
    data: { orgId: org.id, id, name, userName: 'reports', connector: 'manual' },
  });
  return id;
}
const give = (accountId: string, to: { userId: string } | { groupId: string }, org = product.orgs.whiterabbit) =>
  product.context.prisma.accountRight.create({
    data: { orgId: org.id, id: newId('accountRight'), accountId, right: 'use', ...to },
  });
const change = (accountId: string, org = product.orgs.whiterabbit) =>
  record(product, org, {
    action: 'account.rotated',
    targetType: 'account',
    targetId: accountId,
    detail: { rotation: newId('rotation'), version: 2, cause: 'revocation' },
  });
const me = () => product.orgs.whiterabbit.userId;
/** Words outside of ASCII come encoded (RFC 2047). */
const decoded = (header: string) =>
  header.replaceAll(/=\?UTF-8\?Q\?(.*?)\?=\s*/gi, (_, word: string) =>
    decodeURIComponent(word.replaceAll('_', ' ').replaceAll('=', '%')),
  );
const subjects = () => smtp.mails.map((mail) => decoded(headerOf(mail, 'Subject')[0] ?? ''));

test('who may use an account hears that its password changed, if they chose so, and where to read it', async () => {
  expect((await trinity.get(here)).json()).toEqual({ changed: false, emailAvailable: true });
  const reports = await plantAccount('Reports');
  await give(reports, { userId: me() });
  await change(reports);
  await drained(product);
  expect(smtp.mails).toEqual([]);

  await choose(true);
  expect((await trinity.get(here)).json()).toMatchObject({ changed: true });
  await change(reports);
  await drained(product);
  expect(smtp.mails.map(({ to }) => to)).toEqual([['trinity@whiterabbit.fake']]);
  expect(subjects()).toEqual(['whiterabbit: the password of Reports changed']);
  const text = textOf(smtp.mails[0] as (typeof smtp.mails)[0]);
  expect(text).toMatch(/- \d{4}-\d\d-\d\d \d\d:\d\d UTC: Reports/);
  expect(text).toContain(`<a href="${product.url}/accounts">`);

  await choose(false);
  await change(reports);
  await drained(product);
  expect(smtp.mails).toHaveLength(1);
});

test('what changes together is one e-mail, in the reader’s language', async () => {
  await choose(true);
  await product.context.pool.query(`UPDATE users SET language = 'de' WHERE id = $1`, [me()]);
  const accounts = await Promise.all(
    ['Reports', 'Lights', '<b>Wiki</b>\r\nBcc: x@y.fake'].map((name) => plantAccount(name)),
  );
  for (const account of accounts) await give(account, { userId: me() });
  for (const account of [...accounts, ...accounts]) await change(account);
  await drained(product);
  expect(subjects()).toEqual(['whiterabbit: Die Passwörter von 3 gemeinsamen Konten wurden geändert']);
  const [mail] = smtp.mails;
  expect(headerOf(mail as (typeof smtp.mails)[0], 'Bcc')).toEqual([]);
  const text = textOf(mail as (typeof smtp.mails)[0]);
  expect(text.match(/<li>/g)).toHaveLength(3);
  expect(text).toContain('&lt;b&gt;Wiki&lt;/b&gt; Bcc: x@y.fake</li>');
});

test('whoever has the right by a group hears of it, others do not', async () => {
  await choose(true);
  const [wiki, secret] = [await plantAccount('Wiki'), await plantAccount('Secret')];
  const group = { orgId: product.orgs.whiterabbit.id, id: newId('group') };
  await product.context.prisma.group.create({ data: { ...group, displayName: 'Crew' } });
  await product.context.prisma.groupMember.create({
    data: { orgId: group.orgId, groupId: group.id, userId: me() },
  });
  const [other] = await plantUsers(product, 1);
  await product.context.pool.query('UPDATE users SET mail_of_accounts = true WHERE id = $1', [other?.id]);
  await give(wiki, { groupId: group.id });
  await give(secret, { userId: other?.id as string });
  await change(wiki);
  await change(secret);
  await drained(product);
  expect(smtp.mails.map(({ to }) => to[0]).sort()).toEqual([other?.email, 'trinity@whiterabbit.fake'].sort());
  const own = smtp.mails.find(({ to }) => to[0] === 'trinity@whiterabbit.fake');
  expect(headerOf(own as (typeof smtp.mails)[0], 'Subject')).toEqual(['whiterabbit: the password of Wiki changed']);
});

test('nobody hears whose right, access or choice is gone before it is sent', async () => {
  for (const gone of ['right', 'active', 'choice']) {
    await product.context.pool.query(`UPDATE users SET active = true, mail_of_accounts = true WHERE id = $1`, [me()]);
    const account = await plantAccount(gone);
    await give(account, { userId: me() });
    await change(account);
    await relayed(product);
    const { pool } = product.context;
    if (gone === 'right') await pool.query('DELETE FROM account_rights');
    if (gone === 'active') await pool.query('UPDATE users SET active = false WHERE id = $1', [me()]);
    if (gone === 'choice') await pool.query('UPDATE users SET mail_of_accounts = false WHERE id = $1', [me()]);
    await drained(product);
    expect([gone, smtp.mails]).toEqual([gone, []]);
    const { rows } = await pool.query(`SELECT status, error FROM deliveries ORDER BY created_at DESC LIMIT 1`);
    expect(rows).toEqual([{ status: 'cancelled', error: 'no_receiver' }]);
  }
});

test('a password that somebody changed themself is no news to them', async () => {
  await choose(true);
  const account = await plantAccount('Own');
  await give(account, { userId: me() });
  await record(product, product.orgs.whiterabbit, {
    action: 'account.rotation_confirmed',
    ...{ actorType: 'user', actorId: me(), targetType: 'account', targetId: account, detail: { version: 3 } },
  });
  await drained(product);
  expect(smtp.mails).toEqual([]);
});

test('a kept password that a comparison made the current one is news, any other comparison is none', async () => {
  await choose(true);
  const [same, other] = [await plantAccount('Same'), await plantAccount('Other')];
  for (const account of [same, other]) await give(account, { userId: me() });
  const compared = (targetId: string, detail: Record<string, unknown>) =>
    record(product, product.orgs.whiterabbit, {
      ...{ action: 'account.reconciled', targetType: 'account', targetId },
      detail: { rotation: newId('rotation'), version: 1, result: 'found', ...detail },
    });
  await compared(same, {});
  await compared(other, { changed: true });
  await drained(product);
  expect(subjects()).toEqual(['whiterabbit: the password of Other changed']);
});

/** Leaves it to people, as the rotator does, and says so. */
async function leave(accountId: string, error = 'manual', org = product.orgs.whiterabbit): Promise<string> {
  const id = newId('rotation');
  const doUntil = new Date(Date.now() + 86_400_000);
  await product.context.prisma.accountRotation.create({
    data: { orgId: org.id, id, accountId, state: 'manual', cause: 'revocation', error, doUntil },
  });
  await record(product, org, {
    ...{ action: 'account.rotation_manual', targetType: 'account', targetId: accountId },
    detail: { rotation: id, reason: error, doUntil: doUntil.toISOString() },
  });
  return id;
}
const manage = (accountId: string, to: { userId: string } | { groupId: string }, org = product.orgs.whiterabbit) =>
  product.context.prisma.accountRight.create({
    data: { orgId: org.id, id: newId('accountRight'), accountId, right: 'manage', ...to },
  });

test('a member who manages an account hears that they are to change its password, whatever they chose', async () => {
  await product.context.pool.query(`UPDATE users SET language = 'de' WHERE id = $1`, [me()]);
  const [door, reports, used] = [await plantAccount('Door'), await plantAccount('Reports'), await plantAccount('Used')];
  const group = { orgId: product.orgs.whiterabbit.id, id: newId('group') };
  await product.context.prisma.group.create({ data: { ...group, displayName: 'Keepers' } });
  await product.context.prisma.groupMember.create({ data: { orgId: group.orgId, groupId: group.id, userId: me() } });
  await manage(door, { userId: me() });
  await manage(reports, { groupId: group.id });
  await give(used, { userId: me() });
  await leave(door);
  await leave(reports, 'wrong_administrator');
  await leave(used);
  await drained(product);
  expect(smtp.mails.map(({ to }) => to)).toEqual([['trinity@whiterabbit.fake']]);
  expect(subjects()).toEqual(['whiterabbit: Ändern Sie die Passwörter von 2 gemeinsamen Konten von Hand']);
  const text = textOf(smtp.mails[0] as (typeof smtp.mails)[0]);
  for (const account of [door, reports])
    expect(text).toContain(`<a href="${product.url}/accounts/${account}/confirm">`);
  expect(text).toMatch(/Reports, bis .* UTC: das System weist das Verwaltungskonto ab/);
  expect(text).not.toContain('Used');
  // The page leads there, too.
  const page = await trinity.get('/accounts');
  expect(page.text).toContain(`href="/accounts/${door}/confirm"`);
  expect(page.text).not.toContain(`href="/accounts/${used}/confirm"`);
});

test('an account of many managers costs the relay, which is everybody’s, one job', async () => {
  const { id: orgId } = product.orgs.whiterabbit;
  const accounts = await Promise.all(['A', 'B', 'C'].map((name) => plantAccount(name)));
  const group = { orgId, id: newId('group') };
  await product.context.prisma.group.create({ data: { ...group, displayName: 'Everybody' } });
  const members = await plantUsers(product, 50);
  await product.context.pool.query(
    'INSERT INTO group_members (org_id, group_id, user_id) SELECT $1, $2, unnest($3::text[])',
    [orgId, group.id, members.map(({ id }) => id)],
  );
  for (const account of accounts) await manage(account, { groupId: group.id });
  const event = { eventId: 'evt_x', action: 'account.rotation_manual', orgId, at: new Date(), detail: {} };
  const events = [...accounts, ...accounts].map((targetId) => ({ ...event, targetId, actorType: 'system' }));
  const client = await product.context.pool.connect();
  try {
    await client.query('BEGIN');
    await planAccountMails(client, events as unknown as readonly OutboxEvent[]);
    const { rows } = await client.query(
      `SELECT task_identifier AS task, count(*)::int AS jobs, (SELECT count(*)::int FROM account_mails) AS mails
       FROM graphile_worker.jobs GROUP BY 1`,
    );
    expect(rows).toEqual([{ task: 'note-account-mails', jobs: 3, mails: 0 }]);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
  await relayed(product);
  const { rows } = await product.context.pool.query(
    'SELECT count(*)::int AS notes, count(DISTINCT user_id)::int AS people FROM account_mails',
  );
  expect(rows).toEqual([{ notes: 150, people: 50 }]);
  await product.context.pool.query('DELETE FROM account_mails');
});

test('nobody hears of a task that is done, or whose right or access is gone, before it is sent', async () => {
  for (const gone of ['task', 'right', 'active', 'manage']) {
    const { pool } = product.context;
    await pool.query('UPDATE users SET active = true WHERE id = $1', [me()]);
    const account = await plantAccount(gone);
    await manage(account, { userId: me() });
    const task = await leave(account);
    await relayed(product);
    if (gone === 'task') await pool.query(`UPDATE account_rotations SET state = 'done' WHERE id = $1`, [task]);
    if (gone === 'right') await pool.query('DELETE FROM account_rights');
    if (gone === 'active') await pool.query('UPDATE users SET active = false WHERE id = $1', [me()]);
    if (gone === 'manage') await pool.query(`UPDATE account_rights SET "right" = 'use'`);
    await drained(product);
    expect([gone, smtp.mails]).toEqual([gone, []]);
  }
});

test('an event of one organisation tells nobody of another, not even with the other’s account', async () => {
  const { metacortex } = product.orgs;
  await product.context.pool.query('UPDATE users SET mail_of_accounts = true');
  const theirs = await plantAccount('Theirs', metacortex);
  await give(theirs, { userId: metacortex.userId }, metacortex);
  await change(theirs);
  await drained(product);
  expect(smtp.mails).toEqual([]);
});

test('a refused one is tried again, and one more change meanwhile is an e-mail of its own', async () => {
  await choose(true);
  const answers = [refusal(451)];
  smtp.refuseWith(() => answers.shift() ?? null);
  const account = await plantAccount('Reports');
  await give(account, { userId: me() });
  await change(account);
  await drained(product);
  await change(account);
  await drained(product);
  expect(subjects()).toEqual(Array(2).fill('whiterabbit: the password of Reports changed'));
  expect(new Set(smtp.mails.map((mail) => headerOf(mail, 'Message-ID')[0])).size).toBe(2);
});

test('no word of it stands outside of the catalogue', () => {
  const changed = [{ account: 'Zion', at: new Date('2026-01-02T10:42:31.000Z') }];
  for (const more of [0, 3]) {
    const mail = renderAccountMail(pseudo, changed, { more, orgName: 'Zion', url: 'https://app.example/accounts' });
    const { subject, text, html } = mail;
    expect([subject, text, html].map((form) => hardCodedWords(form, ['https://app.example/accounts', 'Zion']))).toEqual(
      [[], [], []],
    );
  }
});

test('no word of the e-mail with tasks stands outside of the catalogue', () => {
  const tasks = [{ id: 'acc_1', name: 'Zion', until: '2026-01-02T10:42:31.000Z', error: 'wrong_administrator' }];
  for (const more of [0, 3]) {
    const url = 'https://app.example/accounts';
    const { subject, text, html } = renderAccountTask(pseudo, tasks, { more, orgName: 'Zion', url });
    const links = [`${url}/acc_1/confirm`, url, 'Zion'];
    expect([subject, text, html].map((form) => hardCodedWords(form, links))).toEqual([[], [], []]);
  }
});

test('nobody chooses who is not signed in, and nothing but yes or no', async () => {
  expect((await fetch(product.url + here)).status).toBe(401);
  expect((await trinity.put(here, { json: { changed: 'always' } })).status).toBe(400);
});
