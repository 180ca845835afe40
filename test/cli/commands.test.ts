import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDevelopmentSecrets } from '../../src/cli/development.ts';
import { startDemoIdp } from '../../src/demo-idp/demo-idp.ts';
import { hashSecret } from '../../src/keyring.ts';
import { seedApiKeys } from '../../src/orgs/seed-keys.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createJsonCli, type Env, runCli, runCliAtTerminal } from './processes.ts';

let database: TestDatabase;
let db: pg.Client;
let env: Env;
let idp: Awaited<ReturnType<typeof startDemoIdp>>;
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-cli-'));

beforeAll(async () => {
  database = await createTestDatabase();
  db = new pg.Client({ connectionString: database.url });
  await db.connect();
  loadDevelopmentSecrets(dataDir);
  // What makes a database development's own.
  await db.query(`INSERT INTO orgs (id, slug, name) VALUES ('org_seed', 'seed', 'Seed')`);
  const seeded = `INSERT INTO api_keys (org_id, id, name, key_hash, hint, scopes) VALUES ('org_seed', 'key_seed', 'Demo', $1, '', '{}')`;
  await db.query(seeded, [hashSecret(seedApiKeys.whiteRabbit)]);
  env = { DATABASE_URL: database.url, DATA_DIR: dataDir, PUBLIC_URL: 'http://localhost:3333' };
  const client = { id: 'app', secret: 'a-secret-of-some-length', redirectUris: ['http://localhost:3333/cb'] };
  idp = await startDemoIdp({ port: 0, tenants: [{ path: 'one', name: 'One', client, users: [] }] });
});

afterAll(async () => {
  await idp.stop();
  await db.end();
  await database.drop();
  fs.rmSync(dataDir, { recursive: true, force: true });
});

const { cli, refusal } = createJsonCli(() => env);

async function events(orgId: string): Promise<string[]> {
  const { rows } = await db.query('SELECT action FROM audit_events WHERE org_id = $1 ORDER BY at', [orgId]);
  return rows.map(({ action }) => action);
}

let made = 0;
const newOrg = (...more: string[]) => {
  made += 1;
  return cli(
    'org',
    'create',
    '--name',
    `Org ${made}`,
    '--slug',
    `org-${made}`,
    '--domain',
    `org-${made}.fake`,
    ...more,
  );
};

/** A live session, put in as a sign-in would leave it. */
async function signIn(orgId: string, userId: string, connectionId: string): Promise<string> {
  const id = `ses_${randomBytes(8).toString('hex')}`;
  await db.query(
    `INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject)
     VALUES ($1, $2, $3, $4, 'x', $4) ON CONFLICT DO NOTHING`,
    [orgId, `idn_${userId}`, connectionId, userId],
  );
  await db.query(
    `INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation,
                           idle_expires_at, expires_at, user_agent, ip)
     SELECT u.org_id, $3::text, sha256(convert_to($3, 'UTF8')), u.id, $4, $5, u.generation, o.generation,
            now() + interval '1 hour', now() + interval '1 day', 'Nokia 8110', '192.0.2.7'
     FROM users u JOIN orgs o ON o.id = u.org_id WHERE u.org_id = $1 AND u.id = $2`,
    [orgId, userId, id, connectionId, `idn_${userId}`],
  );
  return id;
}

/** A live grant of an app, approved by a session, seen a minute after it. */
async function signInApp(orgId: string, sessionId: string): Promise<string> {
  const id = `grn_${randomBytes(8).toString('hex')}`;
  await db.query(
    `INSERT INTO grants (org_id, id, client_id, user_id, connection_id, identity_id, session_id, user_generation, org_generation,
                         scope, last_seen_at, idle_expires_at, expires_at, user_agent, ip)
     SELECT s.org_id, $3, 'mobile-app', s.user_id, s.connection_id, s.identity_id, s.id, s.user_generation, s.org_generation,
            'openid', s.last_seen_at + interval '1 minute', s.idle_expires_at, s.expires_at, 'App/1', '192.0.2.8'
     FROM sessions s WHERE s.org_id = $1 AND s.id = $2`,
    [orgId, sessionId, id],
  );
  return id;
}

const connection = () => [
  '--issuer',
  `${idp.url}/one`,
  '--client-id',
  'app',
  '--client-secret',
  'a-secret-of-some-length',
];

describe('org', () => {
  it('creates an org with its verified domain and a discovered connection, and tells what to enter', async () => {
    const org = await newOrg(...connection());
    expect(org).toMatchObject({
      id: expect.stringMatching(/^org_[0-9a-f]{32}$/),
      callbackUrl: `http://localhost:3333/openid/callback/${org.slug}`,
      signInUrl: `http://localhost:3333/openid/start/${org.slug}`,
      revocationEndpoint: 'http://localhost:3333/global-token-revocation',
      backchannelLogoutUrl: `http://localhost:3333/openid/backchannel-logout/${org.slug}`,
      frontchannelLogoutUrl: `http://localhost:3333/openid/frontchannel-logout/${org.slug}`,
      signedOutUrl: 'http://localhost:3333/signed-out',
    });
    const told = await runCli(['connection', 'update', org.connectionId, '--org', org.slug, '--name', 'One'], env);
    expect(told.stdout).toContain(`http://localhost:3333/ssf/events/${org.connectionId}\n`);
    expect(told.stdout).toContain(`http://localhost:3333/openid/frontchannel-logout/${org.slug} (only`);
    const [listed] = await cli('connection', 'list', '--org', org.slug);
    expect(listed).toMatchObject({
      id: org.connectionId,
      issuer: `${idp.url}/one`,
      tokenEndpoint: `${idp.url}/one/token`,
      reauthentication: 'verified',
    });
    expect(JSON.stringify(listed)).not.toContain('ecret":');
    const { rows } = await db.query(
      'SELECT d.verified_at, d.connection_id, c.client_secret FROM domains d JOIN connections c ON c.id = d.connection_id WHERE d.org_id = $1',
      [org.id],
    );
    expect(rows).toMatchObject([{ verified_at: expect.any(Date), connection_id: org.connectionId }]);
    expect(rows[0].client_secret).not.toContain('a-secret');
    expect(await events(org.id)).toEqual(['org.created', 'connection.added', 'domain.added', 'connection.changed']);
  });

  it('takes a random slug, and says all of it to people too', async () => {
    const { code, stdout } = await runCli(['org', 'create', '--name', 'Nameless', '--domain', 'nameless.fake'], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/http:\/\/localhost:3333\/openid\/callback\/[0-9a-f]{20}\n/);
    expect(stdout).toContain('http://localhost:3333/global-token-revocation');
    expect(stdout).toContain('connection add --org');
  });

  it('refuses a slug or verified domain of another org, and leaves nothing behind', async () => {
    const org = await newOrg();
    expect(await refusal('org', 'create', '--name', 'X', '--slug', org.slug, '--domain', 'x.fake')).toMatchObject({
      exit: 1,
      message: expect.stringContaining('taken'),
    });
    expect(
      await refusal('org', 'create', '--name', 'X', '--slug', 'late', '--domain', org.domains[0].toUpperCase()),
    ).toMatchObject({ exit: 1, message: expect.stringContaining('verified for another organisation') });
    expect((await cli('org', 'list')).map(({ slug }: { slug: string }) => slug)).not.toContain('late');
  });

  it.each([
    ['no name', ['org', 'create', '--domain', 'y.fake']],
    ['no domain', ['org', 'create', '--name', 'Y']],
    ['a malformed slug', ['org', 'create', '--name', 'Y', '--domain', 'y.fake', '--slug', 'Not_a slug']],
    ['half a connection', ['org', 'create', '--name', 'Y', '--domain', 'y.fake', '--issuer', 'https://idp.example']],
    ['an unknown option', ['org', 'list', '--loud']],
    ['an unknown command', ['org', 'demolish']],
    ['no command', []],
    ['a reauthentication that does not exist', ['connection', 'add', '--org', 'z', '--reauthentication', 'never']],
  ])('exits with 2 for %s', async (_what, args) => {
    expect(await refusal(...args)).toMatchObject({ exit: 2, code: 'usage', message: expect.any(String) });
  });

  it('sets what security events do, one at a time, and takes it back', async () => {
    const { id } = await newOrg();
    const update = async (...pairs: string[]) =>
      (await cli('org', 'update', '--org', id, ...pairs.flatMap((pair) => ['--on-event', pair]))).onEvent;
    expect(await update('account-disabled=revoke', 'credential-change=record')).toMatchObject({
      ...{ 'account-disabled': 'revoke', 'credential-change': 'record', 'session-revoked': 'revoke' },
    });
    expect(await update('account-disabled=default', 'session-revoked=revoke_and_deactivate')).toMatchObject({
      'account-disabled': 'revoke_and_deactivate',
      'credential-change': 'record',
      'session-revoked': 'revoke_and_deactivate',
    });
    const { rows } = await db.query('SELECT event_actions FROM orgs WHERE id = $1', [id]);
    expect(rows).toEqual([
      { event_actions: { 'credential-change': 'record', 'session-revoked': 'revoke_and_deactivate' } },
    ]);
    for (const wrong of ['account-disabled', 'account-disabled=', 'nothing=revoke', 'constructor=record', 'a=b=c'])
      expect(await refusal('org', 'update', '--org', id, '--on-event', wrong)).toMatchObject({ exit: 2 });
    expect((await events(id)).filter((action) => action === 'policy.changed')).toHaveLength(4);
  });

  it('refuses an issuer that is not there, or that is another one', async () => {
    const create = ['org', 'create', '--name', 'Y', '--domain', 'y.fake', '--client-id', 'a', '--client-secret', 'b'];
    for (const issuer of [`${idp.url}/two`, `${idp.url}/one/`, 'http://192.0.2.1/', 'http://localhost:1'])
      expect(await refusal(...create, '--issuer', issuer)).toMatchObject({ exit: 1, code: 'invalid_request' });
    expect((await refusal(...create, '--issuer', 'http://localhost:1')).message).toMatch(/\(ECONNREFUSED\)$/);
    const { message } = await refusal(...create, '--issuer', `${idp.url}/one/`);
    expect(message).toContain(`names another issuer: "${idp.url}/one". It differs from yours only by the slash`);
    const queried = ['--issuer', `${idp.url}/one`, '--accepted-issuer', 'https://further.example/?tenant=1'];
    for (const [spelled, args] of [
      ['--issuer', ['--issuer', `${idp.url}/one?tenant=1`]],
      ['--accepted-issuer', queried],
    ] as const)
      expect(await refusal(...create, ...args)).toMatchObject({
        exit: 1,
        code: 'invalid_request',
        message: expect.stringContaining(`${spelled} is not usable: an issuer has no query and no fragment`),
      });
    expect((await cli('org', 'list')).map(({ name }: { name: string }) => name)).not.toContain('Y');
  });
});

describe('connection and domain', () => {
  it('adds a connection by hand, with the secret from standard input or the environment, and updates it', async () => {
    const org = await newOrg();
    const typed = ['--issuer', 'https://idp.example', '--client-id', 'hand', '--jwks-uri', 'https://idp.example/keys'];
    const ends = ['--authorization-endpoint', 'https://idp.example/a', '--token-endpoint', 'https://idp.example/t'];
    const add = ['connection', 'add', '--org', org.slug, ...typed, '--json'];
    const piped = await runCli([...add, ...ends, '--client-secret', '-'], env, 'from stdin\n');
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    const { id } = JSON.parse(piped.stdout);
    const twin = await runCli([...add, ...ends], { ...env, CLIENT_SECRET: 'from env' });
    expect([twin.code, JSON.parse(twin.stderr).error.code]).toEqual([1, 'conflict']);
    const second = [...add, ...ends, '--client-id', 'second'];
    expect((await runCli(second, { ...env, CLIENT_SECRET: 'from env' })).code).toBe(0);
    expect((await runCli([...add, ...ends], env)).code).toBe(2);
    expect((await runCli([...add, '--client-secret', 'x'], env)).code).toBe(2);

    const update = ['connection', 'update', id, '--org', org.slug];
    expect(await cli(...update, '--reauthentication', 'best_effort', '--no-active')).toMatchObject({
      id,
      reauthentication: 'best_effort',
      active: false,
      clientId: 'hand',
    });
    expect(await cli(...update, '--active', '--issuer', `${idp.url}/one`)).toMatchObject({
      active: true,
      tokenEndpoint: `${idp.url}/one/token`,
    });
    expect(await refusal(...update)).toMatchObject({ exit: 2 });
    const other = await newOrg();
    expect(await refusal('connection', 'update', id, '--org', other.slug, '--name', 'mine')).toMatchObject({
      exit: 1,
      code: 'not_found',
    });
    // The first connection is authoritative for the org's domain.
    const { rows } = await db.query('SELECT connection_id FROM domains WHERE org_id = $1', [org.id]);
    expect(rows).toEqual([{ connection_id: id }]);
  });

  it('changes the issuer of people who are linked only if their subjects are the same there', async () => {
    const org = await newOrg(...connection());
    const id = org.connectionId;
    const user = await cli('user', 'add', 'linked@issuer.fake', '--org', org.slug);
    await signIn(org.id, user.id, id);
    await db.query('UPDATE identities SET issuer = $1 WHERE user_id = $2', [`${idp.url}/one`, user.id]);
    const ends = ['--authorization-endpoint', 'https://new.example/a', '--token-endpoint', 'https://new.example/t'];
    const issuer = ['--issuer', 'https://new.example', '--jwks-uri', 'https://new.example/keys', ...ends];
    const update = ['connection', 'update', id, '--org', org.slug];
    expect(await refusal(...update, ...issuer)).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('--same-subjects'),
    });
    expect(await cli(...update, '--accepted-issuer', 'https://further.example')).toMatchObject({
      issuer: `${idp.url}/one`,
    });
    expect(await cli(...update, ...issuer, '--same-subjects')).toMatchObject({
      issuer: 'https://new.example',
      acceptedIssuers: ['https://further.example', `${idp.url}/one`],
    });
  });

  it('adds a domain: verified for one org only, unverified for any', async () => {
    const [one, two] = [await newOrg(...connection()), await newOrg()];
    const added = await cli('domain', 'add', 'Münchner.fake', '--org', one.slug);
    expect(added).toMatchObject({ domain: 'xn--mnchner-n2a.fake', connectionId: one.connectionId });
    expect(added.verifiedAt).not.toBeNull();
    const typed = ['--issuer', 'https://next.example', '--client-id', 'next', '--client-secret', 's'];
    const ends = ['--authorization-endpoint', 'https://next.example/a', '--token-endpoint', 'https://next.example/t'];
    const next = await cli(
      ...['connection', 'add', '--org', one.slug, ...typed, ...ends, '--jwks-uri', 'https://next.example/k'],
    );
    const both = ['--connection', one.connectionId, '--connection', next.id];
    expect(await cli('domain', 'add', 'münchner.fake', '--org', one.slug, ...both)).toMatchObject({
      id: added.id,
      connectionIds: [one.connectionId, next.id],
    });
    expect(await refusal('domain', 'add', 'münchner.fake', '--org', two.slug)).toMatchObject({ exit: 1 });
    expect(await cli('domain', 'add', 'münchner.fake', '--org', two.slug, '--unverified')).toMatchObject({
      verifiedAt: null,
    });
    expect(await refusal('domain', 'add', 'münchner.fake', '--org', two.slug)).toMatchObject({ exit: 1 });
    const foreign = ['--connection', one.connectionId];
    expect(await refusal('domain', 'add', 'two.fake', '--org', two.slug, ...foreign)).toMatchObject({ exit: 1 });
    expect(await refusal('domain', 'add', 'no domain', '--org', two.slug)).toMatchObject({ exit: 1 });
  });

  it('finds an org by slug, id and verified domain, and by nothing else', async () => {
    const org = await newOrg();
    for (const ref of [org.slug, org.id, org.domains[0]]) expect(await cli('user', 'list', '--org', ref)).toEqual([]);
    await cli('domain', 'add', 'claimed.fake', '--org', org.slug, '--unverified');
    for (const ref of ['claimed.fake', 'nobody', org.name])
      expect(await refusal('user', 'list', '--org', ref)).toMatchObject({ exit: 1, code: 'not_found' });
  });
});

describe('user, session and revoke', () => {
  it('adds and lists people; the same address may be in two orgs', async () => {
    const [one, two] = [await newOrg(), await newOrg()];
    const user = await cli('user', 'add', 'Trinity@Matrix.fake', '--org', one.slug, '--role', 'admin');
    expect(user).toMatchObject({ email: 'Trinity@Matrix.fake', name: 'Trinity', role: 'admin', active: true });
    expect(await refusal('user', 'add', 'trinity@matrix.fake', '--org', one.slug)).toMatchObject({ exit: 1 });
    expect((await cli('user', 'add', 'trinity@matrix.fake', '--org', two.slug)).id).not.toBe(user.id);
    expect(await cli('user', 'list', '--org', one.slug)).toHaveLength(1);
    for (const address of ['tr\u0456nity@matrix.fake', 'no address', 'a@localhost'])
      expect(await refusal('user', 'add', address, '--org', one.slug)).toMatchObject({ exit: 1 });
    const named = await cli(
      'user',
      'add',
      'c@matrix.fake',
      '--org',
      one.slug,
      '--given-name',
      'Anna',
      '--family-name',
      'Alt',
    );
    expect(named.name).toBe('Anna Alt');
    expect(await refusal('user', 'add', 'b@matrix.fake', '--org', one.slug, '--role', 'god')).toMatchObject({
      exit: 2,
    });
    expect(await refusal('user', 'add', '--org', one.slug)).toMatchObject({ exit: 2 });
  });

  it('lists live sessions and ends them: of one person, of everyone, of all; never those of the twin', async () => {
    const [one, two] = [await newOrg(...connection()), await newOrg(...connection())];
    const [mine, twin] = [
      await cli('user', 'add', 'trinity@matrix.fake', '--org', one.slug),
      await cli('user', 'add', 'trinity@matrix.fake', '--org', two.slug),
    ];
    const session = await signIn(one.id, mine.id, one.connectionId);
    const theirs = await signIn(two.id, twin.id, two.connectionId);
    const sessions = async (org: string) =>
      (await cli('session', 'list', '--org', org, '--user', 'trinity@matrix.fake')).map(({ id }: { id: string }) => id);
    expect(await cli('session', 'list', '--org', one.slug, '--user', mine.id)).toMatchObject([
      {
        id: session,
        type: 'session',
        clientId: null,
        userAgent: 'Nokia 8110',
        signedInFrom: '192.0.2.7',
        lastSeenFrom: null,
      },
    ]);
    const grant = await signInApp(one.id, session);
    expect(await cli('session', 'list', '--org', one.slug, '--user', mine.id)).toMatchObject([
      {
        id: grant,
        type: 'grant',
        clientId: 'mobile-app',
        userAgent: 'App/1',
        signedInFrom: '192.0.2.8',
        lastSeenFrom: null,
      },
      { id: session },
    ]);
    const { stdout } = await runCli(['session', 'list', '--org', one.slug, '--user', mine.id], env);
    expect(stdout).toMatch(/^mobile-app .*App\/1[\s\S]*^Browser .*Nokia 8110/m);

    const revoke = ['revoke', ' Trinity@matrix.fake\u00a0', '--org', one.slug, '--reason', 'lost phone'];
    expect(await cli(...revoke)).toMatchObject({
      id: expect.stringMatching(/^rev_/),
      userId: mine.id,
      sessionsEnded: 1,
      grantsEnded: 1,
    });
    expect([await sessions(one.slug), await sessions(two.slug)]).toEqual([[], [theirs]]);
    const { rows } = await db.query('SELECT initiator, reason FROM revocations WHERE org_id = $1', [one.id]);
    expect(rows).toEqual([{ initiator: 'operator', reason: 'lost phone' }]);

    await signIn(one.id, mine.id, one.connectionId);
    expect(await cli('revoke', '--org', one.slug, '--everyone', '--yes')).toMatchObject({ orgId: one.id });
    expect([await sessions(one.slug), await sessions(two.slug)]).toEqual([[], [theirs]]);

    const again = await signIn(one.id, mine.id, one.connectionId);
    expect(await sessions(one.slug)).toEqual([again]);
    const all = await cli('revoke', '--all', '--yes');
    expect(all).toHaveLength((await cli('org', 'list')).length);
    expect([await sessions(one.slug), await sessions(two.slug)]).toEqual([[], []]);
  });

  it('refuses what is unclear or unknown', async () => {
    const [one, two] = [await newOrg(), await newOrg()];
    const user = await cli('user', 'add', 'only@one.fake', '--org', one.slug);
    for (const args of [
      [],
      ['a@b.fake'],
      ['--everyone'],
      ['a@b.fake', '--everyone', '--org', one.slug],
      ['--all', '--org', one.slug],
      ['--all'],
      ['--everyone', '--org', one.slug],
    ])
      expect(await refusal('revoke', ...args)).toMatchObject({ exit: 2, code: 'usage' });
    for (const who of ['only@one.fake', user.id]) {
      expect(await refusal('revoke', who, '--org', two.slug)).toMatchObject({ exit: 1, code: 'user_not_found' });
      expect(await refusal('user', 'deactivate', who, '--org', two.slug)).toMatchObject({ exit: 1 });
      expect(await refusal('session', 'list', '--org', two.slug, '--user', who)).toMatchObject({ exit: 1 });
    }
    for (const who of ['"a b"@one.fake', 'onl\u0443@one.fake']) {
      const problem = { exit: 1, message: expect.stringMatching(/before the @ (is quoted|mixes scripts)/) };
      expect(await refusal('revoke', who, '--org', one.slug)).toMatchObject({ ...problem, code: 'user_not_found' });
      expect(await refusal('user', 'add', who, '--org', one.slug)).toMatchObject(problem);
    }
    expect(await cli('user', 'deactivate', ' ONLY@one.fake ', '--org', one.slug)).toMatchObject({ id: user.id });
    expect(await cli('user', 'activate', ` ${user.id} `, '--org', one.slug)).toMatchObject({ id: user.id });
  });

  it.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
    ['another answer', 'yes\r'],
  ])('asks at a terminal before it ends everything, and takes %s for no', async (_what, typed) => {
    const { rows } = await db.query('SELECT count(*) FROM revocations');
    const { code, stderr } = await runCliAtTerminal(['revoke', '--all'], env, typed);
    expect(code).toBe(1);
    expect(stderr).toContain('Not confirmed; nothing was done.');
    expect(stderr).not.toMatch(/AbortError|\.ts:\d/);
    expect((await db.query('SELECT count(*) FROM revocations')).rows).toEqual(rows);
  });

  it('asks at a terminal before it ends everyone of an organisation, by its slug', async () => {
    const org = await newOrg();
    const args = ['revoke', '--org', org.slug, '--everyone'];
    const generation = async () => (await db.query('SELECT generation FROM orgs WHERE id = $1', [org.id])).rows[0];
    const no = await runCliAtTerminal(args, env, 'revoke all\r');
    expect([no.code, no.stderr, await generation()]).toEqual([
      1,
      expect.stringContaining('Not confirmed; nothing was done.'),
      { generation: 0 },
    ]);
    const yes = await runCliAtTerminal(args, env, `revoke ${org.slug}\r`);
    expect([yes.code, await generation()]).toEqual([0, { generation: 1 }]);
  });

  it('says before everyone is signed out through which connections nobody could come back', async () => {
    const [org, other] = [await newOrg(...connection()), await newOrg(...connection())];
    await db.query('UPDATE connections SET tells_auth_time = (org_id <> $1)', [org.id]);
    const { name } = (await db.query('SELECT name FROM connections WHERE org_id = $1', [org.id])).rows[0];
    const warning = `Nobody can sign in again through ${name} afterwards`;
    const everyone = ({ slug }: { slug: string }, ...more: string[]) => [
      'revoke',
      '--org',
      slug,
      '--everyone',
      ...more,
    ];
    const asked = await runCliAtTerminal(everyone(org), env, 'no\r');
    expect(asked.stderr.indexOf(warning)).toBeGreaterThanOrEqual(0);
    expect(asked.stderr.indexOf(warning)).toBeLessThan(asked.stderr.indexOf('This signs out everyone'));
    expect((await runCli(everyone(org, '--yes'), env)).stderr).toContain(warning);
    expect((await runCli(everyone(other, '--yes'), env)).stderr).not.toContain('Nobody can');
    const all = await runCliAtTerminal(['revoke', '--all'], env, 'no\r');
    expect(all.stderr).toContain(`Nobody can sign in again through ${name} (${org.slug}) afterwards`);
    await db.query(`UPDATE connections SET reauthentication = 'best_effort'`);
    expect((await runCli(everyone(org, '--yes'), env)).stderr).not.toContain('Nobody can');
    await db.query(`UPDATE connections SET reauthentication = 'verified', tells_auth_time = NULL`);
  });

  it('signs out without the warning where connections cannot be read', async () => {
    const org = await newOrg(...connection());
    const generation = async () => (await db.query('SELECT generation FROM orgs WHERE id = $1', [org.id])).rows[0];
    await db.query('BEGIN');
    try {
      await db.query('LOCK TABLE connections');
      const { code, stderr } = await runCli(['revoke', '--org', org.slug, '--everyone', '--yes'], env);
      expect([code, stderr]).toEqual([0, '']);
      expect(await generation()).toEqual({ generation: 1 });
      const begun = performance.now();
      expect((await runCli(['revoke', '--all', '--yes'], env)).code).toBe(0);
      expect(await generation()).toEqual({ generation: 2 });
      // A second for all organisations, beside the process itself.
      expect(performance.now() - begun).toBeLessThan(10_000);
    } finally {
      await db.query('COMMIT');
    }
  });

  it('ends what it can of everything, and names the organisations that are left', async () => {
    const [left, done] = [await newOrg(), await newOrg()];
    await db.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$`);
    await db.query(
      `CREATE TRIGGER refuse BEFORE UPDATE ON orgs FOR EACH ROW WHEN (OLD.id = '${left.id}') EXECUTE FUNCTION refuse()`,
    );
    const { code, message } = await refusal('revoke', '--all', '--yes');
    await db.query('DROP TRIGGER refuse ON orgs');
    expect([code, message]).toEqual(['internal_error', expect.stringMatching(`left: ${left.slug}\\.$`)]);
    const { rows } = await db.query('SELECT generation FROM orgs WHERE id = $1', [done.id]);
    expect(rows).toEqual([{ generation: 1 }]);
  });

  it('deactivates and revokes in one', async () => {
    const org = await newOrg(...connection());
    const user = await cli('user', 'add', 'cypher@matrix.fake', '--org', org.slug);
    await signIn(org.id, user.id, org.connectionId);
    expect(await cli('user', 'deactivate', 'cypher@matrix.fake', '--org', org.slug)).toMatchObject({
      id: user.id,
      active: false,
      sessionsEnded: 1,
    });
    const { rows } = await db.query('SELECT active, generation FROM users WHERE id = $1', [user.id]);
    expect(rows).toEqual([{ active: false, generation: 1 }]);
    expect((await events(org.id)).at(-1)).toBe('user.deactivated');
  });

  it('activates again, which brings no session back', async () => {
    const [org, other] = [await newOrg(...connection()), await newOrg()];
    const user = await cli('user', 'add', 'cypher@matrix.fake', '--org', org.slug);
    await signIn(org.id, user.id, org.connectionId);
    await cli('user', 'deactivate', user.id, '--org', org.slug);
    expect(await refusal('user', 'activate', user.id, '--org', other.slug)).toMatchObject({ code: 'user_not_found' });
    for (const who of ['cypher@matrix.fake', user.id])
      expect(await cli('user', 'activate', who, '--org', org.slug)).toMatchObject({ id: user.id, active: true });
    expect(await cli('session', 'list', '--org', org.slug, '--user', user.id)).toEqual([]);
    expect((await events(org.id)).filter((action) => action === 'user.activated')).toHaveLength(1);
  });
});

describe('api-key', () => {
  it('makes a key that is shown once, lists it without, and revokes it in its own org only', async () => {
    const [one, two] = [await newOrg(), await newOrg()];
    const key = await cli('api-key', 'create', '--org', one.slug, '--name', 'Okta', '--expires', '90d');
    expect(Object.keys(key)[0]).toBe('apiKey');
    expect(key).toMatchObject({ apiKey: expect.stringMatching(/^ul_/), scopes: ['revoke'] });
    expect(Date.parse(key.expiresAt) - Date.now()).toBeGreaterThan(89 * 86_400_000);
    expect(JSON.stringify(await cli('api-key', 'list', '--org', one.slug))).not.toContain(key.apiKey);
    expect(await cli('api-key', 'list', '--org', two.slug)).toEqual([]);
    expect(await refusal('api-key', 'revoke', key.id, '--org', two.slug)).toMatchObject({ code: 'not_found' });
    expect(await cli('api-key', 'revoke', key.id, '--org', one.slug)).toMatchObject({ id: key.id });
    expect(await refusal('api-key', 'revoke', key.id, '--org', one.slug)).toMatchObject({ exit: 1 });
    expect((await cli('api-key', 'list', '--org', one.slug))[0].revokedAt).not.toBeNull();
    const told = await runCli(['api-key', 'create', '--org', one.slug, '--name', 'Told'], env);
    expect(told.stdout).toMatch(/^API key +ul_[\w-]{43}\n/);
    const dated = ['api-key', 'create', '--org', one.slug, '--name', 'x', '--expires'];
    expect((await cli(...dated, '2099-01-31')).expiresAt).toBe('2099-01-31T00:00:00.000Z');
    for (const when of ['soon', '2020-01-01', '0d', '2099-13-45'])
      expect(await refusal(...dated, when)).toMatchObject({ exit: 2 });
    const scoped = ['api-key', 'create', '--org', one.slug, '--name', 'x', '--scope'];
    expect((await cli(...scoped, 'scim')).scopes).toEqual(['scim']);
    expect((await cli(...scoped, 'scim', '--scope', 'revoke')).scopes).toEqual(['scim', 'revoke']);
    expect(await refusal(...scoped, 'world')).toMatchObject({ exit: 2 });
  });
});

describe('oidc-migrate', () => {
  it('brings people without a connection into the org that owns their domain, with their todos', async () => {
    const [home, old, connected] = [await newOrg(...connection()), await newOrg(), await newOrg(...connection())];
    const domain = home.domains[0];
    const add = (name: string, org: { slug: string }) => cli('user', 'add', `${name}@${domain}`, '--org', org.slug);
    const mover = await add('switch', old);
    const [here, twin] = [await add('apoc', home), await add('apoc', old)];
    await add('stays', connected);
    await cli('user', 'add', 'other@elsewhere.fake', '--org', old.slug);
    const gone = await add('gone', old);
    await cli('user', 'deactivate', gone.id, '--org', old.slug);
    await db.query(`INSERT INTO todos (org_id, id, user_id, task) VALUES ($1, $2, $3, 'x'), ($1, $4, $5, 'y')`, [
      old.id,
      `tod_${mover.id}`,
      mover.id,
      `tod_${twin.id}`,
      twin.id,
    ]);

    const moved = await cli('oidc-migrate', domain.toUpperCase());
    expect(moved).toMatchObject([
      { id: here.id, email: `apoc@${domain}`, outcome: 'was there', todos: 1, fromOrg: old.slug },
      { email: `switch@${domain}`, outcome: 'created', todos: 1, fromUserId: mover.id },
    ]);
    const { rows: todos } = await db.query('SELECT user_id FROM todos WHERE org_id = $1 ORDER BY task', [home.id]);
    expect(todos.map(({ user_id }) => user_id)).toEqual([moved[1].id, here.id]);
    const left = await cli('user', 'list', '--org', old.slug);
    expect(left.filter(({ active }: { active: boolean }) => active)).toMatchObject([{ email: 'other@elsewhere.fake' }]);
    const { rows } = await db.query('SELECT generation FROM users WHERE id = $1', [mover.id]);
    expect(rows).toEqual([{ generation: 1 }]);
    expect(await cli('oidc-migrate', domain)).toEqual([]);
    expect((await cli('user', 'list', '--org', connected.slug))[0].active).toBe(true);
    expect(await refusal('oidc-migrate', 'nobody.fake')).toMatchObject({ exit: 1, code: 'not_found' });
  });
});

describe('oidc-migrate of somebody who is switched off where they would come', () => {
  it('says so and leaves that person alone', async () => {
    const [home, old] = [await newOrg(...connection()), await newOrg()];
    const email = `mouse@${home.domains[0]}`;
    const [here, there] = [
      await cli('user', 'add', email, '--org', home.slug),
      await cli('user', 'add', email, '--org', old.slug),
    ];
    await cli('user', 'deactivate', here.id, '--org', home.slug);
    const todo = [old.id, `tod_${there.id}`, there.id];
    await db.query(`INSERT INTO todos (org_id, id, user_id, task) VALUES ($1, $2, $3, 'x')`, todo);
    expect(await cli('oidc-migrate', home.domains[0])).toMatchObject([
      { id: here.id, fromUserId: there.id, outcome: 'inactive there: left alone', todos: 0 },
    ]);
    const { rows } = await db.query('SELECT user_id FROM todos WHERE id = $1', [todo[1]]);
    expect(rows).toEqual([{ user_id: there.id }]);
    expect(await cli('user', 'list', '--org', old.slug)).toMatchObject([{ active: true, revokedAt: null }]);
  });
});

describe('the database', () => {
  it('migrates an empty one; before that every command says what to do', async () => {
    const empty = await createTestDatabase({ empty: true });
    const its = { ...env, DATABASE_URL: empty.url };
    const before = await runCli(['org', 'list', '--json'], its);
    expect(before.code).toBe(1);
    expect(JSON.parse(before.stderr).error).toMatchObject({ code: 'not_migrated' });
    const first = await runCli(['migrate', '--json'], its);
    expect(JSON.parse(first.stdout).length).toBeGreaterThan(0);
    expect(JSON.parse((await runCli(['migrate', '--json'], its)).stdout)).toEqual([]);
    expect(await runCli(['org', 'list', '--json'], its)).toMatchObject({ code: 0, stdout: '[]\n' });
    await empty.drop();
  });

  it('says so when it does not answer, or the settings are not usable', async () => {
    const away = { ...env, DATABASE_URL: 'postgresql://localhost:1/none' };
    const { code, stderr } = await runCli(['org', 'list', '--json'], away);
    expect(code).toBe(1);
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'unavailable' });
    const wrong = await runCli(['org', 'list', '--json'], { ...env, DATABASE_URL: 'mysql://x', PORT: 'many' });
    expect(JSON.parse(wrong.stderr).error).toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/DATABASE_URL[\s\S]*PORT/),
    });
  });

  it("takes a database that was not seeded for production's, whatever an earlier `npm run dev` left here", async () => {
    const production = await createTestDatabase();
    const its = { DATABASE_URL: production.url, DATA_DIR: dataDir };
    const hand = ['connection', 'add', '--org', 'o', '--client-id', 'a', '--client-secret', 'b'];
    const create = ['org', 'create', '--name', 'O', '--slug', 'o', '--domain', 'o.fake'];
    expect((await runCli(create, its)).stderr).toContain('PUBLIC_URL is missing');
    expect((await runCli(create, { ...its, PUBLIC_URL: 'http://localhost:3333' })).code).toBe(0);
    expect((await runCli([...hand, '--issuer', `${idp.url}/one`], its)).stderr).toContain('https');
    const issuer = ['--issuer', 'https://idp.example', '--jwks-uri', 'https://idp.example/keys'];
    const ends = ['--authorization-endpoint', 'https://idp.example/a', '--token-endpoint', 'https://idp.example/t'];
    const sealed = await runCli([...hand, ...issuer, ...ends], { ...its, PUBLIC_URL: 'http://localhost:3333' });
    expect([sealed.code, sealed.stderr]).toEqual([1, expect.stringContaining('ENCRYPTION_KEYS is missing')]);
    await production.drop();
  });

  it("takes a seeded one for development's, also with ENCRYPTION_KEYS of one's own", async () => {
    const org = await newOrg();
    const its = { ...env, ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
    const added = await runCli(['connection', 'add', '--org', org.slug, ...connection()], its);
    expect(added).toMatchObject({ code: 0, stderr: '' });
  });

  it('never guesses a key: without ENCRYPTION_KEYS nothing secret is written', async () => {
    const keyless = { ...env, DATA_DIR: path.join(dataDir, 'none') };
    const args = ['org', 'create', '--name', 'K', '--slug', 'keyless', '--domain', 'keyless.fake', ...connection()];
    const { code, stderr } = await runCli(args, keyless);
    expect([code, stderr]).toEqual([1, expect.stringContaining('ENCRYPTION_KEYS is missing')]);
    expect(await refusal('user', 'list', '--org', 'keyless')).toMatchObject({ code: 'not_found' });
  });
});
