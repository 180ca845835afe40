import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createMailer } from '../../src/notifications/mailer.ts';
import type { Browser } from '../support/browser.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { headerOf, headersOf, refusal, startSmtp, textOf } from './smtp.ts';
import { drained, feedOf, hasten, here, record, relayed, setRole, signInAs, until } from './support.ts';

let smtp: Awaited<ReturnType<typeof startSmtp>>;
let product: Product;
let owner: Browser;
let twin: Browser;
beforeAll(async () => {
  smtp = await startSmtp();
  const env = { SMTP_URL: smtp.url, MAIL_FROM: 'Universal Logout <no-reply@example.com>' };
  product = await startProduct({ processes: 1, env });
  owner = await signInAs(product, 'owner');
  twin = await signInAs(product, 'owner', 'metacortex');
  await drained(product);
});
afterAll(async () => {
  await product.stop();
  await smtp.stop();
});
afterEach(async () => {
  smtp.refuseWith(null);
  await drained(product);
  smtp.mails.length = 0;
  smtp.tries.length = 0;
  const { pool } = product.context;
  await pool.query('DELETE FROM notification_readers');
  await pool.query(`UPDATE users SET name = 'Trinity', active = true`);
  for (const org of Object.values(product.orgs)) await setRole(product, org, 'owner');
});

const address = 'trinity@whiterabbit.fake';
const choose = async (email: string[], browser = owner) => {
  const answer = await browser.put(`${here}/settings`, { json: { email } });
  expect([answer.status, answer.json()]).toEqual([200, { email, emailAvailable: true }]);
};
async function revokeSomebody(name = 'Planted') {
  const [user] = await plantUsers(product, 1);
  await product.context.pool.query('UPDATE users SET name = $2 WHERE id = $1', [user?.id, name]);
  expect((await product.revoke({ format: 'email', email: user?.email })).status).toBe(204);
  return user as NonNullable<typeof user>;
}
/** A changed role of somebody of that name. */
async function changeRole(name: string) {
  const [user] = await plantUsers(product, 1);
  await product.context.pool.query('UPDATE users SET name = $2 WHERE id = $1', [user?.id, name]);
  const target = { targetType: 'user', targetId: user?.id as string };
  await record(product, product.orgs.whiterabbit, {
    action: 'role.changed',
    ...target,
    detail: { from: 'member', to: 'admin' },
  });
}
const waiting = async (task: string) => {
  const { rows } = await product.context.pool.query(
    `SELECT extract(epoch FROM run_at - now())::float8 AS seconds FROM graphile_worker.jobs WHERE task_identifier = $1`,
    [task],
  );
  return rows.map(({ seconds }) => seconds as number);
};
const underWay = async () => {
  const { rows } = await product.context.pool.query('SELECT FROM graphile_worker.jobs WHERE locked_at IS NOT NULL');
  return rows.length;
};

test('a storm is one e-mail to each who chose its kind, in both forms, and to nobody else', async () => {
  await choose(['revocation']);
  await choose(['api_key'], twin);
  await Promise.all(Array.from({ length: 12 }, () => revokeSomebody()));
  await relayed(product);
  // It waits for what else comes.
  const [seconds] = await waiting('gather-email');
  expect(seconds).toBeGreaterThan(15);
  expect(seconds).toBeLessThanOrEqual(30);
  expect(smtp.mails).toEqual([]);
  await drained(product);
  expect(smtp.mails.map(({ to, from }) => [to, from])).toEqual([[[address], 'no-reply@example.com']]);
  const [mail] = smtp.mails;
  if (!mail) throw new Error('no e-mail');
  expect(headerOf(mail, 'Subject')).toEqual(['whiterabbit: 12 notifications']);
  expect(headerOf(mail, 'From')).toEqual(['Universal Logout <no-reply@example.com>']);
  expect(headerOf(mail, 'Auto-Submitted')).toEqual(['auto-generated']);
  const text = textOf(mail);
  expect(text.match(/- .* UTC: The API key test ended the access of Planted/g)).toHaveLength(12);
  expect(text.match(/<li>/g)).toHaveLength(12);
  expect(text).toContain(`<a href="${product.url}/">`);

  // The next one doesn't come at once after it.
  await revokeSomebody();
  await relayed(product);
  expect((await waiting('gather-email'))[0]).toBeGreaterThan(200);
  await drained(product);
  expect(smtp.mails.map((one) => headerOf(one, 'Subject'))[1]).toEqual([
    'whiterabbit: The API key test ended the access of Planted',
  ]);
});

test('who begins to want e-mail is not told of what was before, and who wants none gets none', async () => {
  await revokeSomebody();
  await relayed(product);
  await choose(['revocation']);
  await drained(product);
  expect(smtp.mails).toEqual([]);
  await revokeSomebody();
  await relayed(product);
  await choose([]);
  await drained(product);
  expect(smtp.mails).toEqual([]);
});

test('names with line breaks and markup change neither headers nor markup', async () => {
  await choose(['role_change']);
  const name = 'X\r\nBcc: everyone@example.com\r\n\r\n<img src=x onerror=alert(1)>&\u2028"\u202e';
  await product.context.pool.query('UPDATE users SET name = $2 WHERE id = $1', [product.orgs.whiterabbit.userId, name]);
  await changeRole(name);
  await drained(product);
  expect(smtp.mails).toHaveLength(1);
  const [mail] = smtp.mails;
  if (!mail) throw new Error('no e-mail');
  expect(mail.to).toEqual([address]);
  expect(headersOf(mail).filter((line) => /^(bcc|cc)/i.test(line))).toEqual([]);
  expect(headerOf(mail, 'To')).toHaveLength(1);
  const text = textOf(mail);
  expect(text).not.toContain('<img src=x onerror=alert(1)></li>');
  expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;&amp; &quot;');
  expect(text).not.toMatch(/[\u2028\u202e]/);
});

test('greylisted and refused ones are tried again with the same Message-ID, until they are taken', async () => {
  await choose(['revocation']);
  const answers = [refusal(451), refusal(550)];
  smtp.refuseWith(() => answers.shift() ?? null);
  await revokeSomebody();
  await drained(product);
  expect(smtp.tries).toEqual([address, address, address]);
  expect(smtp.mails).toHaveLength(1);
  const { rows } = await product.context.pool.query(
    `SELECT d.id, d.status, a.status AS code, a.error FROM deliveries d JOIN delivery_attempts a ON a.delivery_id = d.id
     WHERE channel = 'email' ORDER BY d.created_at DESC, number LIMIT 3`,
  );
  expect(rows.map(({ status, code, error }) => [status, code, error])).toEqual([
    ['delivered', 451, 'refused'],
    ['delivered', 550, 'refused'],
    ['delivered', 250, null],
  ]);
  const [mail] = smtp.mails;
  if (!mail) throw new Error('no e-mail');
  expect(headerOf(mail, 'Message-ID')).toEqual([`<${rows[0].id}@localhost>`]);

  // A repeat is recognisable as one.
  expect((await owner.post(`/api/orgs/current/deliveries/${rows[0].id}/replay`)).status).toBe(202);
  await until(async () => smtp.mails.length === 2);
  expect(smtp.mails.map((one) => headerOf(one, 'Message-ID')[0])).toEqual(Array(2).fill(`<${rows[0].id}@localhost>`));
});

test('a server that hangs costs one try, and its mail comes later', async () => {
  await choose(['revocation']);
  let hung = 0;
  smtp.refuseWith(() => (hung++ === 0 ? 'hang' : null));
  await revokeSomebody();
  await drained(product);
  expect(smtp.mails).toHaveLength(1);
  const { rows } = await product.context.pool.query(
    `SELECT a.error FROM deliveries d JOIN delivery_attempts a ON a.delivery_id = d.id
     WHERE channel = 'email' ORDER BY d.created_at DESC, number LIMIT 1`,
  );
  expect(rows).toEqual([{ error: 'timeout' }]);
});

test('only to people who are administrators and active when it is sent', async () => {
  const { whiterabbit } = product.orgs;
  for (const change of [`role = 'member'`, 'active = false', 'active = false, deleted_at = now()']) {
    owner = await product.signIn();
    await choose(['api_key']);
    smtp.refuseWith(() => refusal(451));
    await product.context.apiKeys.create(whiterabbit.id, { name: 'another' }, byOperator);
    await relayed(product);
    await until(async () => {
      await hasten(product);
      return smtp.tries.length > 0;
    });
    await until(async () => (await waiting('deliver')).length === 1 && (await underWay()) === 0);
    // Tried in vain while they were; from here on they are not.
    await product.context.pool.query(`UPDATE users SET ${change} WHERE org_id = $1 AND id = $2`, [
      whiterabbit.id,
      whiterabbit.userId,
    ]);
    // One that was under way at that moment is refused as well.
    await until(async () => (await underWay()) === 0);
    smtp.refuseWith(null);
    await drained(product);
    expect([change, smtp.mails]).toEqual([change, []]);
    await product.context.pool.query(
      `UPDATE users SET role = 'owner', active = true, deleted_at = NULL WHERE org_id = $1 AND id = $2`,
      [whiterabbit.id, whiterabbit.userId],
    );
    await product.context.pool.query('DELETE FROM notification_readers');
    smtp.tries.length = 0;
  }
  owner = await product.signIn();
  // An administrator of the same address elsewhere has another mailbox in mind: each org's is its
  // own.
  await choose(['api_key'], twin);
  await product.context.apiKeys.create(whiterabbit.id, { name: 'third' }, byOperator);
  await drained(product);
  expect(smtp.mails).toEqual([]);
});

test('an e-mail that stays refused is a dead letter, of which the app tells', async () => {
  await choose(['revocation', 'dead_letter']);
  smtp.refuseWith(() => refusal(550));
  await revokeSomebody();
  await relayed(product);
  await until(async () => {
    await hasten(product);
    return smtp.tries.length > 0;
  });
  await product.context.pool.query(`UPDATE deliveries SET tries = 12 WHERE status = 'pending'`);
  await until(async () => {
    await hasten(product);
    return (await feedOf(owner)).items.some(({ kind }) => kind === 'dead_letter');
  });
  expect((await feedOf(owner)).items.find(({ kind }) => kind === 'dead_letter')?.text).toBe(
    'E-mail to Trinity could not be delivered',
  );
  const letters = (await owner.get('/api/orgs/current/dead-letters')).json<{
    items: { channel: string; user: string; id: string }[];
  }>().items;
  expect(letters.map(({ channel, user }) => [channel, user])).toEqual([['email', product.orgs.whiterabbit.userId]]);
  smtp.refuseWith(null);
  expect((await owner.post(`/api/orgs/current/dead-letters/${letters[0]?.id}/replay`)).status).toBe(202);
  await until(async () => smtp.mails.some((mail) => textOf(mail).includes('ended the access')));
});

test('without SMTP the choice is refused with the reason', async () => {
  const other = await startProduct();
  const browser = await signInAs(other, 'owner');
  const answer = await browser.put(`${here}/settings`, { json: { email: ['revocation'] } });
  expect([answer.status, answer.json<{ detail: string }>().detail]).toEqual([409, expect.stringContaining('SMTP_URL')]);
  expect((await browser.put(`${here}/settings`, { json: { email: [] } })).json()).toEqual({
    email: [],
    emailAvailable: false,
  });
  await other.stop();
});

test('in production a server that isn’t on this machine gets nothing without TLS', async () => {
  const elsewhere = `smtp://127.0.0.2:${smtp.port}`;
  const email = { id: 'dlv_1', to: { name: 'T', address: 't@example.com' }, subject: 's', text: 't', html: 'h' };
  const signal = new AbortController().signal;
  const mailer = (smtpUrl: string, mode: 'production' | 'development') =>
    createMailer({ smtpUrl, mailFrom: 'a@example.com', host: 'localhost', mode })(email, signal);
  const open = await startSmtp();
  const other = await startSmtp({}, '127.0.0.2');
  expect(await mailer(open.url, 'production')).toEqual({ result: 'delivered', status: 250 });
  expect(await mailer(`smtp://127.0.0.2:${other.port}`, 'production')).toMatchObject({
    result: 'failed',
    error: 'tls',
  });
  expect(await mailer(`smtp://127.0.0.2:${other.port}`, 'development')).toEqual({ result: 'delivered', status: 250 });
  expect(await mailer(elsewhere, 'production')).toMatchObject({ result: 'failed', error: 'network' });
  expect(other.mails).toHaveLength(1);
  await Promise.all([open.stop(), other.stop()]);
});
