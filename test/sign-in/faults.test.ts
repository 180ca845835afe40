import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createConnections } from '../../src/connections/connections.ts';
import { connectionSecretPurpose } from '../../src/database/sealed-places.ts';
import { createDomains } from '../../src/orgs/domains.ts';
import { revokeAccess } from '../../src/revocation/revoke-access.ts';
import { refusals } from '../../src/sign-in/refusal.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { type Answer, answers } from '../support/hostile-answers.ts';
import type { TokenOptions } from '../support/hostile-keys.ts';
import { heading, type SignInBed, startSignInBed } from './support.ts';

type Page = Awaited<ReturnType<Browser['get']>>;
type Row = Readonly<{ fault: string; page: string; log: string; remedy: string }>;

const paper = readFileSync(path.resolve(import.meta.dirname, '../../docs/sign-in-faults.md'), 'utf8');
const rows: Row[] = paper
  .slice(paper.indexOf('## The faults'))
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1)
  .map((line) => {
    const [fault = '', page = '', log = '', remedy = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return { fault, page, log, remedy };
  });
const spansOf = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);

let bed: SignInBed;
let connection: Awaited<ReturnType<typeof stored>>;
let count = 0;
beforeAll(async () => {
  bed = await startSignInBed();
  connection = await stored();
});
beforeEach(() => {
  bed.hostile.setPerson({ sub: `subject-${++count}`, email: `person-${count}@hostile.fake` });
});
afterEach(async () => {
  bed.hostile.reset();
  const { active, clientSecret, jwksUri, tokenEndpoint } = connection;
  await change({ active, clientSecret, jwksUri, tokenEndpoint });
  await bed.prisma.org.update({ where: { id: bed.org.id }, data: { createUsers: true } });
});
afterAll(() => bed?.stop());

const stored = () => bed.prisma.connection.findFirstOrThrow({ where: { orgId: bed.org.id } });
type Settings = Pick<Awaited<ReturnType<typeof stored>>, 'active' | 'clientSecret' | 'jwksUri' | 'tokenEndpoint'>;
const change = (data: Partial<Settings>) => bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data });
const now = () => Math.floor(Date.now() / 1000);
const newBrowser = () => createBrowser({ baseUrl: bed.url });
const attempt = async (browser?: Browser): Promise<Page> => (await bed.attempt(browser)).page;

/** The IdP sends the browser back with an error. */
function sentBack(error: string, error_description?: string): Promise<Page> {
  bed.hostile.setAuthorizeParams((_query, { state, iss }) => ({ state, iss, error, error_description }));
  return attempt();
}
function tokenAnswers(answer: Answer): Promise<Page> {
  bed.hostile.set('token', answer);
  return attempt();
}
function withClaims(claims: Record<string, unknown>): Promise<Page> {
  bed.hostile.setIdToken({ claims });
  return attempt();
}
/** A token endpoint that looks at the client as RFC 6749 §2.3.1 says. */
const strict =
  (method: 'client_secret_basic' | 'client_secret_post'): Answer =>
  async (request, response) => {
    const { clientId, clientSecret } = bed.hostile;
    const sent = bed.hostile.requests.findLast(({ endpoint }) => endpoint === 'token');
    const wanted =
      method === 'client_secret_basic'
        ? sent?.headers.authorization === `Basic ${btoa(`${clientId}:${clientSecret}`)}`
        : new URLSearchParams(sent?.body).get('client_secret') === clientSecret;
    const refused = { error: 'invalid_client', error_description: 'Client authentication failed.' };
    const tokens = { id_token: bed.hostile.signIdToken({ nonce: undefined }) };
    return answers.json(wanted ? tokens : refused, wanted ? 200 : 401)(request, response);
  };
/** A signed user-info answer, asked because the ID token has no address. */
function signedUserInfo(claims: Record<string, unknown>, how?: TokenOptions): Promise<Page> {
  const { issuer, clientId, keys } = bed.hostile;
  const sub = `subject-${count}`;
  bed.hostile.set(
    'userinfo',
    answers.text(keys.sign({ iss: issuer, aud: clientId, sub, ...claims }, how), 'application/jwt'),
  );
  return withClaims({ email: undefined });
}
/** The IdP's clock is off: both its token and its answer's header say another time. */
function atClock(ahead: number): Promise<Page> {
  bed.hostile.set('token', (_request, response) => {
    const nonce = bed.hostile.requests
      .findLast(({ endpoint }) => endpoint === 'authorize')
      ?.url.searchParams.get('nonce');
    const iat = now() + ahead;
    const id_token = bed.hostile.signIdToken({ nonce: nonce ?? '', claims: { iat, exp: iat + 300, auth_time: iat } });
    const date = new Date(Date.now() + ahead * 1000).toUTCString();
    response.writeHead(200, { 'content-type': 'application/json', date }).end(JSON.stringify({ id_token }));
  });
  return attempt();
}
/** Somebody has signed in, and all of their access is ended. */
async function afterRevocation(claims: Record<string, unknown>): Promise<Page> {
  const { me } = await bed.attempt();
  const subject = { userIds: [String(me.json().id)] };
  await revokeAccess(bed.pool, { orgId: bed.org.id, initiator: 'operator', by: byOperator, subject });
  return withClaims(claims);
}
const keySetAt = (query: string) => change({ jwksUri: `${bed.hostile.issuer}/jwks?${query}` });

const plays: Record<string, () => Promise<Page>> = {
  'redirect URI refused in the callback': () => sentBack('invalid_request', 'The redirect_uri is not registered.'),
  'redirect URI refused for the code': () =>
    tokenAnswers(answers.json({ error: 'invalid_grant', error_description: 'The redirect URI differs.' }, 400)),
  'code too old': () => tokenAnswers(answers.json({ error: 'invalid_grant' }, 400)),
  'client secret wrong': async () => {
    const purpose = connectionSecretPurpose(bed.org.id, connection.id);
    await change({ clientSecret: await bed.product.context.keyring.encrypt('wrong', purpose) });
    return tokenAnswers(strict('client_secret_basic'));
  },
  'client secret wrong, in other words': () => tokenAnswers(answers.json({ error: 'unauthorized_client' }, 403)),
  'code too old, in other words': () => tokenAnswers(answers.json({ error: 'invalid_code' }, 403)),
  'client authentication of another kind': () => tokenAnswers(strict('client_secret_post')),
  'client unknown, without words': () => tokenAnswers(answers.status(401)),
  'grant type not allowed': () => sentBack('unauthorized_client'),
  'scope not allowed': () => sentBack('invalid_scope', 'The scope profile is not allowed.'),
  'consent missing': () => sentBack('consent_required', 'AADSTS65001: The user or administrator has not consented.'),
  'not signed in there': () => sentBack('login_required'),
  'page there not allowed': () => sentBack('interaction_required'),
  'person not assigned': () => sentBack('access_denied', 'User is not assigned to the client application.'),
  'person cancelled': () => sentBack('access_denied'),
  'PKCE refused': () => sentBack('invalid_request', 'code_challenge is not supported'),
  'PKCE demanded': () => sentBack('invalid_request', 'PKCE is required for this client'),
  'PKCE verifier refused for the code': () =>
    tokenAnswers(answers.json({ error: 'invalid_grant', error_description: 'PKCE verification failed' }, 400)),
  'max_age refused': () => sentBack('invalid_request', 'max_age is not supported'),
  'identity provider at fault': () => sentBack('server_error'),
  'token endpoint at fault': () => tokenAnswers(answers.status(500)),
  'error beside status 200': () =>
    tokenAnswers(answers.json({ error: 'bad_verification_code', error_description: 'The code is incorrect.' })),
  'identity provider down': async () => {
    await change({ tokenEndpoint: 'http://localhost:1/token' });
    return attempt();
  },
  'identity provider slow': () => tokenAnswers(answers.hang()),
  'identity provider private': async () => {
    await change({ tokenEndpoint: 'https://10.0.0.1/token' });
    return attempt();
  },
  'a web page in place of tokens': () => tokenAnswers(answers.text('<!doctype html><h1>Maintenance</h1>')),
  'no ID token': () => tokenAnswers(answers.json({ access_token: 'a', token_type: 'bearer' })),
  'key set broken': async () => {
    await keySetAt('broken');
    bed.hostile.set('jwks', answers.status(500));
    return attempt();
  },
  'key set unreachable': async () => {
    await change({ jwksUri: 'http://localhost:1/jwks' });
    return attempt();
  },
  'key unknown': () => {
    bed.hostile.setIdToken({ signer: 'foreign', header: { kid: 'unknown' } });
    return attempt();
  },
  'algorithm not taken': () => {
    bed.hostile.setIdToken({ signer: 'hs256-public' });
    return attempt();
  },
  'issuer differs': () => withClaims({ iss: 'https://other.example' }),
  'audience differs': () => withClaims({ aud: 'another-client' }),
  'issued to another party': () => withClaims({ azp: 'another-client' }),
  'session over at the identity provider': () => withClaims({ session_expiry: now() - 1 }),
  'nonce differs': () => withClaims({ nonce: 'another' }),
  'clock ahead': () => atClock(600),
  'clock behind': () => atClock(-3600),
  'callback of another issuer': () => {
    bed.hostile.setAuthorizeParams((_query, honest) => ({ ...honest, iss: 'https://other.example' }));
    return attempt();
  },
  'user info refused': () => {
    const challenge = 'Bearer error="invalid_token", error_description="The token is for another audience"';
    bed.hostile.set('userinfo', (_request, response) => {
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    return withClaims({ email: undefined });
  },
  'user info of somebody else': () => {
    bed.hostile.set('userinfo', answers.json({ sub: 'somebody-else', email: 'else@hostile.fake' }));
    return withClaims({ email: undefined });
  },
  'user info of another issuer': () => signedUserInfo({ iss: 'https://other.example' }),
  'user info for another client': () => signedUserInfo({ aud: 'another-client' }),
  'user info signed with another key': () => signedUserInfo({}, { signer: 'foreign' }),
  'user info encrypted': () => {
    bed.hostile.set('userinfo', answers.text('a.b.c.d.e', 'application/jwt'));
    return withClaims({ email: undefined });
  },
  'user info unreadable': () => {
    bed.hostile.set('userinfo', answers.text('<p>Hello</p>'));
    return withClaims({ email: undefined });
  },
  'e-mail address missing': () => {
    bed.hostile.set('userinfo', answers.json({ sub: `subject-${count}`, upn: 'person' }));
    return withClaims({ email: undefined, preferred_username: 'person' });
  },
  'e-mail address unverified': () => withClaims({ email: 'someone@elsewhere.fake', email_verified: false }),
  'person unknown': async () => {
    await bed.prisma.org.update({ where: { id: bed.org.id }, data: { createUsers: false } });
    return attempt();
  },
  'person switched off': async () => {
    const { me } = await bed.attempt();
    await bed.prisma.user.updateMany({ where: { id: String(me.json().id) }, data: { active: false } });
    return attempt();
  },
  'e-mail address impossible': () => withClaims({ email: '"a b"@hostile.fake' }),
  'e-mail address international': () => withClaims({ email: 'jürgen@elsewhere.fake', email_verified: true }),
  'domain of another connection': async () => {
    const { prisma, keyring } = bed.product.context;
    const elsewhere = 'https://second.example';
    const second = await createConnections({ prisma, keyring }).addConnection(
      bed.org.id,
      {
        issuer: elsewhere,
        authorizationEndpoint: elsewhere,
        tokenEndpoint: elsewhere,
        jwksUri: elsewhere,
        clientId: 'second',
        clientSecret: 'secret',
      },
      byOperator,
    );
    const guarded = { domain: 'guarded.fake', verified: true, connectionIds: [second.id] };
    await createDomains({ prisma }).addDomain(bed.org.id, guarded, byOperator);
    return withClaims({ email: 'person@guarded.fake' });
  },
  'person of another connection': async () => {
    const address = { email: `known-${count}@elsewhere.fake`, emailKey: `known-${count}@elsewhere.fake` };
    const person = { orgId: bed.org.id, id: `usr_known${count}`, name: 'Known', role: 'owner', ...address } as const;
    await bed.prisma.user.create({ data: person });
    return withClaims({ email: address.email, email_verified: true });
  },
  'claimed address of somebody else': async () => {
    await bed.attempt();
    await bed.prisma.user.updateMany({
      where: { orgId: bed.org.id, emailKey: `person-${count}@hostile.fake` },
      data: { email: `renamed-${count}@hostile.fake`, emailKey: `renamed-${count}@hostile.fake` },
    });
    bed.hostile.setPerson({ sub: 'yet-another-subject' });
    return attempt();
  },
  'subject changed': async () => {
    await bed.attempt();
    bed.hostile.setPerson({ sub: 'another-subject' });
    return attempt();
  },
  'no new authentication': () => afterRevocation({ auth_time: now() - 3_600 }),
  'auth_time missing': () => afterRevocation({ auth_time: undefined }),
  'state cookie lost': async () => newBrowser().get(await bed.begin(newBrowser())),
  'callback too late': async () => {
    const { keyring } = bed.product.context;
    const browser = newBrowser();
    const callback = await bed.begin(browser);
    const cookie = (await browser.jar.getCookies(bed.url)).find(({ key }) => key.startsWith('sign-in.'));
    const state = JSON.parse(await keyring.decrypt(cookie?.value ?? '', 'sign-in-state'));
    const older = JSON.stringify({ ...state, startedAt: state.startedAt - 601 });
    const sealed = await keyring.encrypt(older, 'sign-in-state');
    await browser.jar.setCookie(`${cookie?.key}=${sealed}; Path=/`, bed.url);
    return browser.get(callback);
  },
  'callback of another organisation': async () => {
    const browser = newBrowser();
    return browser.get((await bed.begin(browser)).replace('/callback/hostile', '/callback/whiterabbit'));
  },
  'callback malformed': () => newBrowser().get('/openid/callback/hostile?code=c&error=e&state=s'),
  'callback used twice': async () => {
    const browser = newBrowser();
    const callback = await bed.begin(browser);
    const cookie = await browser.cookiesFor(bed.url);
    await browser.get(callback);
    return newBrowser().get(callback, { headers: { cookie } });
  },
  'connection switched off': async () => {
    await change({ active: false });
    return newBrowser().get(`/openid/start/${bed.org.slug}`);
  },
  'organisation unknown': () => newBrowser().get('/openid/start/nobody'),
};

/** Members that every line has, and those that are told of beside the table. */
const usual = ['level', 'time', 'pid', 'hostname', 'msg', 'requestId', 'orgId', 'connection', 'hint', 'idpVia'];

test('the table has a row for each fault that is played, and for no other but what never arrives here', () => {
  const [unplayed, ...played] = rows.map(({ fault }) => fault);
  expect([unplayed, played.toSorted()]).toEqual(['redirect URI not registered', Object.keys(plays).toSorted()]);
});

test('every reason of a refusal stands in the paper', () => {
  expect(Object.keys(refusals).filter((reason) => !new RegExp(`\\b${reason}\\b`).test(paper))).toEqual([]);
});

test('every detail that a step of a sign-in names stands in the paper', () => {
  const folder = path.resolve(import.meta.dirname, '../../src/sign-in');
  const sources = readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'utf8'));
  const named = sources.join('\n').matchAll(/(?:SignInRefused\(\s*'\w+',\s*|invalid\()'(\w+)'/g);
  const details = [...new Set(Array.from(named, ([, detail]) => detail as string))];
  expect(details.length).toBeGreaterThan(10);
  expect(details.filter((detail) => !paper.includes(`=${detail}\``) && !paper.includes(`\`${detail}\``))).toEqual([]);
});

test('redirect URI not registered: the IdP shows a page of its own, and nobody comes back', async () => {
  bed.hostile.set('authorize', answers.text('<h1>Invalid redirect URI</h1>', 'text/html', 400));
  const before = (await bed.refusals()).length;
  const { page } = await newBrowser().beginSignIn({ appUrl: bed.url, org: 'hostile' });
  expect([page.url.startsWith(bed.hostile.issuer), page.status]).toEqual([true, 400]);
  expect(await bed.refusals()).toHaveLength(before);
});

test.each(rows.slice(1))('$fault', async ({ fault, page: title, log, remedy }) => {
  const page = await (plays[fault] as () => Promise<Page>)();
  const line = bed.logged(page).at(-1) ?? {};
  expect([line.msg, heading(page), page.text.includes(String(line.requestId))]).toEqual([
    'sign-in refused',
    title,
    true,
  ]);

  const told = Object.entries(line).filter(([name, value]) => value !== null && !usual.includes(name));
  const expected = spansOf(log).map((span) => (span.includes('=') ? span.split('=', 2) : [span, expect.any(String)]));
  const asWritten = told.map(([name, value]) => [name, ...(typeof value === 'number' ? [near(value)] : [value])]);
  expect(asWritten.toSorted()).toEqual(expected.toSorted());

  // The page is for anybody: what the IdP said is not.
  for (const words of [line.idpError, line.idpErrorDescription])
    if (typeof words === 'string') expect(page.text).not.toContain(words);
  const options = spansOf(remedy).filter((span) => span.startsWith('--') && !span.startsWith('--pkce'));
  expect(String(line.hint).length).toBeGreaterThan(20);
  for (const option of options) expect(line.hint).toContain(option);
});

/** A second that has passed since must not matter. */
function near(seconds: number): string {
  return String(Math.round(seconds / 10) * 10);
}
