import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { logOptions } from '../../src/context.ts';
import { addReceiver, eventOf, receiverAt, uris } from '../downstream/event-receiver.ts';
import { startReceiver as startPushed } from '../downstream/receiver.ts';
import { startReceiver } from '../notifications/receiver.ts';
import { startSmtp, textOf } from '../notifications/smtp.ts';
import { drained } from '../notifications/support.ts';
import { freePort } from '../support/free-port.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { startTemporaryPostgres } from '../support/temporary-postgres.ts';
import { addAccount, giveRight, plantMembers, reveal, send } from './client.ts';
import { formsOf, foundIn } from './forms-of.ts';
import { openTarget, passTime, passwordsOf, rotationsOf, until, untilSettled } from './support.ts';

// One server, which logs every statement, is the product's database and the system whose roles'
// passwords change. Whatever the product writes anywhere is kept, and then searched.
const lines: string[] = [];
const { write } = process.stdout;
let server: Awaited<ReturnType<typeof startTemporaryPostgres>>;
let target: ReturnType<typeof openTarget>;
let product: Product;
let smtp: Awaited<ReturnType<typeof startSmtp>>;
let hooks: Awaited<ReturnType<typeof startReceiver>>;
let siem: Awaited<ReturnType<typeof startPushed>>;
let app: Awaited<ReturnType<typeof startApp>>;
/** What must stand nowhere, by a name. */
const passwords = new Map<string, string>();
const typed = (name: string) => {
  const password = `${name}-${randomBytes(9).toString('base64url')}-é&'"`;
  passwords.set(name, password);
  return password;
};
const role = async (name: string, more = '') => {
  const password = typed(`of the role ${name}`);
  await target.run(`CREATE ROLE ${name} LOGIN ${more} PASSWORD ${pg.escapeLiteral(password)}`);
  return { userName: name, password };
};

beforeAll(async () => {
  server = await startTemporaryPostgres({ seed: inject('seed') });
  target = openTarget(Object.assign(new URL(server.databaseUrl), { pathname: '/postgres' }).href);
  smtp = await startSmtp();
  hooks = await startReceiver();
  siem = await startPushed(202);
  app = await startApp();
  const log = pino({ ...logOptions, level: 'trace' }, { write: (line) => lines.push(line) });
  const env = { SMTP_URL: smtp.url, MAIL_FROM: 'no-reply@example.com', LOG_LEVEL: 'trace' };
  product = await startProduct({ databaseUrl: server.databaseUrl, env, log });
  // The access log of development goes to the standard output.
  process.stdout.write = (chunk: string | Uint8Array) => lines.push(String(chunk)) > 0;
  // What waits in these tables is there for a moment only.
  await product.context.pool.query(`
    CREATE TABLE kept_rows (row jsonb);
    CREATE FUNCTION keep_row() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO kept_rows VALUES (to_jsonb(NEW)); RETURN NULL; END $$;
    CREATE TRIGGER keep AFTER INSERT OR UPDATE ON graphile_worker._private_jobs FOR EACH ROW EXECUTE FUNCTION keep_row();
    CREATE TRIGGER keep AFTER INSERT OR UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION keep_row();
    CREATE TRIGGER keep AFTER INSERT OR UPDATE ON account_outbox FOR EACH ROW EXECUTE FUNCTION keep_row();
    CREATE TRIGGER keep AFTER INSERT OR UPDATE ON account_rotations FOR EACH ROW EXECUTE FUNCTION keep_row();`);
});
afterAll(async () => {
  process.stdout.write = write;
  await product?.stop();
  await Promise.all([smtp?.stop(), hooks?.stop(), siem?.stop(), app?.stop()]);
  await server?.stop();
});

/** It refuses passwords as long as it is told to, and says them again in each of its answers. */
async function startApp() {
  const state = { password: '', refuses: true };
  const http = createServer(async (req, res) => {
    const body = JSON.parse(await text(req)) as Record<string, string>;
    const answer = (status: number) =>
      res.writeHead(status, { 'x-said': encodeURIComponent(body.password ?? '') }).end(JSON.stringify(body));
    if (req.url === '/session') return answer(body.password === state.password ? 200 : 401);
    if (state.refuses) return answer(422);
    state.password = body.password ?? '';
    return answer(200);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const template = '{"user": "{{user}}", "password": "{{new}}", "old": "{{old}}"}';
  const settings = {
    ...{ method: 'PUT', url: `${origin}/password`, tls: 'off', headers: { 'x-key': '{{basic_admin}}' } },
    ...{ body: { type: 'json', template }, accepted: { statuses: [200] }, rejected: { statuses: [422] } },
    verify: {
      url: `${origin}/session`,
      body: { type: 'json', template: '{"user": "{{user}}", "password": "{{new}}"}' },
      ...{ accepted: { statuses: [200] }, refused: { statuses: [401] } },
    },
  };
  return { state, settings, stop: () => new Promise((resolve) => http.close(resolve)) };
}

/** Every row of every table, as text. */
async function dumpOf({ context: { pool } }: Product): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const texts: string[] = [];
  for (const { name } of rows)
    for (const { row } of (await pool.query(`SELECT to_jsonb(t)::text AS row FROM ${name} t`)).rows) texts.push(row);
  return texts.join('\n');
}

it('a password is found in whatever form it stands', () => {
  const secret = 'A b+/c&ü"?';
  const ways = [
    `It is ${secret}.`,
    JSON.stringify({ said: secret }),
    `https://x.example/?p=${encodeURIComponent(secret)}&q=1`,
    `p=${new URLSearchParams({ p: secret })}`,
    ...['', 'u:', 'us:', 'user:'].map((user) => `Basic ${Buffer.from(`${user}${secret}\n`).toString('base64')}`),
    ...['', 'u:', 'us:'].map((user) => Buffer.from(`${user}${secret}`).toString('base64url')),
    `\\x${Buffer.from(secret).toString('hex')}`,
  ];
  expect(ways.map((way) => foundIn(way, new Map([['it', secret]])))).toEqual(ways.map(() => ['it']));
  expect(formsOf(secret).every((form) => form.length >= 10)).toBe(true);
});

it('no password is in the database, a log, the system’s log, a message or an event, whatever was done with it', async () => {
  const rotator = await role('rotator', 'CREATEROLE NOINHERIT');
  const [reports, locked] = [await role('reports'), await role('locked')];
  await role('other_rotator');
  await target.run('GRANT reports, locked TO rotator WITH ADMIN OPTION; GRANT pg_signal_backend TO rotator');
  await target.run("ALTER SYSTEM SET log_statement = 'all'");
  await target.run('ALTER SYSTEM SET log_min_duration_statement = 0; '.split(';')[0] as string);
  await target.run('SELECT pg_reload_conf()');
  const owner = await plantAdministrator(product, 'owner');
  const [trinity, neo] = await plantMembers(product, 2);
  const { pool } = product.context;
  await pool.query('UPDATE users SET mail_of_accounts = true WHERE id = ANY ($1)', [[neo?.id, owner.id]]);
  const added = await owner.send('POST', '/webhooks', { url: `${hooks.url}/hook`, kinds: ['shared_account'] });
  expect(added.status).toBe(201);
  const stream = receiverAt(product, await addReceiver(product));
  await stream.askForToken();
  const delivery = { method: 'urn:ietf:rfc:8935', endpoint_url: siem.url };
  expect((await stream.createStream({ delivery })).status).toBe(201);

  const postgresql = { connector: 'postgresql', settings: target.place };
  // A name of its own: a refused administrator is left alone for a while.
  const wrong = { userName: 'other_rotator', password: typed('a wrong administrator’s') };
  const nowhere = { ...target.place, port: await freePort() };
  const ofApp = { userName: 'admin', password: typed('the app’s administrator’s') };
  app.state.password = typed('of the app');
  const accounts = {
    rotated: await addAccount(owner, { ...postgresql, name: 'Reports', ...reports, administrator: rotator }),
    denied: await addAccount(owner, { ...postgresql, name: 'Locked', ...locked, administrator: wrong }),
    away: await addAccount(owner, { ...postgresql, ...locked, settings: nowhere, administrator: rotator }),
    refused: await addAccount(owner, {
      ...{ connector: 'http', name: 'Desk', userName: 'desk', settings: app.settings },
      ...{ password: app.state.password, administrator: ofApp },
    }),
    byHand: await addAccount(owner, { password: typed('of the door') }),
  };
  const every = Object.values(accounts);
  for (const id of every) {
    await giveRight(owner, id, { userId: owner.id, right: 'manage' });
    for (const person of [trinity, neo]) await giveRight(owner, id, { userId: person?.id, right: 'use' });
  }
  const imported = `name,user_name,password,use\nSafe,safe,"${typed('an imported').replaceAll('"', '""')}",${neo?.email}\n`;
  const headers = { cookie: owner.cookie, 'content-type': 'text/csv' };
  const importing = `${product.url}/api/orgs/current/accounts/import`;
  expect((await fetch(importing, { method: 'POST', headers, body: imported })).status).toBe(200);
  const broken = `${imported},"${typed('of a broken file').replaceAll('"', '""')}`;
  expect((await fetch(importing, { method: 'POST', headers, body: broken })).status).toBe(400);

  // What is answered to what is right and what is wrong never says what was given.
  const given = typed('a given');
  const at = `/accounts/${accounts.byHand}`;
  const answers = [
    await owner.send('POST', `${at}/password`, { password: given }),
    await owner.send('GET', at),
    await owner.send('GET', `${at}/versions`),
    await owner.send('POST', `${at}/password`, { password: [given] }),
    await owner.send('POST', `${at}/password`, { password: `${given}\0` }),
    await owner.send('PATCH', at, { administrator: { userName: 'root', password: 7, x: given } }),
    await owner.send('POST', '/accounts', { name: 'x', userName: 'x', password: `${given}${'x'.repeat(5_000)}` }),
    ...(await Promise.all(every.map((id) => owner.send('POST', `/accounts/${id}/test`)))),
  ];
  const unread = await fetch(`${product.url}/api/orgs/current/accounts`, {
    method: 'POST',
    headers: { cookie: owner.cookie, 'content-type': 'application/json' },
    body: `{"password": ${JSON.stringify(given)},,}`,
  });
  answers.push({
    status: unread.status,
    headers: unread.headers,
    body: (await unread.json()) as Record<string, string>,
  });
  expect(answers.slice(3, 7).map(({ status }) => status)).toEqual(Array(4).fill(400));
  // The name of a member that nobody knows is told to whoever sent it; it goes nowhere else.
  expect((await owner.send('POST', `${at}/password`, { [given.repeat(5)]: given })).status).toBe(400);
  expect(unread.status).toBe(400);

  // Somebody reads them all and leaves. Each system does something else with its new password.
  for (const id of every) expect((await reveal(product.url, trinity?.cookie as string, id)).status).toBe(200);
  expect((await product.revoke({ format: 'email', email: trinity?.email })).status).toBe(204);
  const last = async (id: string) => (await rotationsOf(product, id)).at(-1);
  const untilIn = (id: string, state: string) => until(async () => (await last(id))?.state === state);
  await untilIn(accounts.rotated, 'done');
  await untilIn(accounts.byHand, 'manual');
  await untilIn(accounts.refused, 'manual');
  await until(async () => (await last(accounts.denied))?.error === 'wrong_administrator');
  await until(async () => (await last(accounts.away))?.why === 'unavailable');
  await pool.query(`UPDATE account_rotations SET failing_since = now() - interval '1 hour' WHERE account_id = $1`, [
    accounts.away,
  ]);
  await passTime(product, accounts.away);
  await until(async () => (await last(accounts.away))?.told.includes('uncertain') ?? false);
  const confirm = async (id: string, body: object) =>
    (await owner.send('POST', `/accounts/${id}/rotations/${(await last(id))?.id}/confirm`, body)).status;
  app.state.password = typed('a confirmed');
  expect(await confirm(accounts.refused, { password: app.state.password })).toBe(200);
  expect(await confirm(accounts.byHand, { candidate: true })).toBe(200);
  for (const id of [accounts.refused, accounts.byHand]) await untilSettled(product, id, { skipPauses: true });
  const read = await reveal(product.url, neo?.cookie as string, accounts.rotated);
  expect(await target.signsIn('reports', String(read.body.password))).toBe(true);
  const first = `/api/orgs/current/accounts/${accounts.rotated}/versions/1/reveal`;
  expect((await send(product.url, owner.cookie, 'POST', first)).body.password).toBe(reports.password);

  // All that was told has arrived.
  await drained(product);
  await until(async () => siem.received.length >= 2 && smtp.mails.length >= 2 && hooks.received.length >= 1);
  const sets = siem.received.map(({ text: set }) => set);
  const changed = (await Promise.all(sets.map((set) => stream.verify(set)))).filter(
    (set) => eventOf(set)[0] === uris.credential && (set.sub_id as { id: string }).id === accounts.rotated,
  );
  expect(changed).toMatchObject([{ txn: (await rotationsOf(product, accounts.rotated))[0]?.revocation_id }]);
  const mails = smtp.mails.map((mail) => `${mail.raw}\n${textOf(mail)}`);
  expect(mails.join('\n')).toContain('Reports');
  expect(hooks.received.map(({ raw }) => raw).join('\n')).toContain(accounts.away);

  for (const id of every)
    for (const { version, state, password } of await passwordsOf(product, product.orgs.whiterabbit.id, id))
      passwords.set(
        `version ${version} (${state}) of ${Object.entries(accounts).find(([, known]) => known === id)?.[0]}`,
        password,
      );
  const made = [...passwords.keys()].filter((name) => name.startsWith('version '));
  expect(made).toEqual(
    expect.arrayContaining([
      'version 2 (current) of rotated',
      'version 1 (former) of rotated',
      'version 2 (candidate) of denied',
      'version 4 (dead) of refused',
      'version 3 (current) of byHand',
    ]),
  );
  const places = {
    dump: await dumpOf(product),
    log: lines.join(''),
    'the system’s log': readFileSync(path.join(server.dataDir, 'postgres/server.log'), 'utf8'),
    answers: JSON.stringify(answers.map(({ body, headers: of }) => [body, [...of]])),
    mails: mails.join('\n'),
    webhooks: hooks.received.map(({ raw, headers: of }) => `${raw}\n${JSON.stringify(of)}`).join('\n'),
    events: sets.map((set) => `${set}\n${Buffer.from(set.split('.')[1] ?? '', 'base64url')}`).join('\n'),
  };
  const found = Object.entries(places).flatMap(([place, all]) =>
    foundIn(all, passwords).map((name) => `${name}: in ${place}`),
  );
  expect(found).toEqual([]);
  // Each has something of what it is searched for.
  const { rows: kept } = await pool.query(`SELECT count(*)::int AS jobs FROM kept_rows WHERE row ? 'payload'`);
  expect(kept[0].jobs).toBeGreaterThan(0);
  expect(places.dump.includes('account.revealed')).toBe(true);
  expect(/POST .*\/reveal/.test(places.log)).toBe(true);
  expect(/statement: ALTER ROLE .*SCRAM-SHA-256/.test(places['the system’s log'])).toBe(true);
});
