import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
import { type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

type Page = Awaited<ReturnType<ReturnType<typeof createBrowser>['get']>>;

/** What stands in the log of the refused request. Only what the IdP itself said is on record so, too. */
async function wordsAbout(page: Page) {
  const [line] = bed.logged(page);
  const requestId = page.headers.get('x-request-id');
  const event = await bed.prisma.auditEvent.findFirstOrThrow({ where: { requestId, action: 'sign_in.refused' } });
  const ofLine = { idpError: line?.idpError, idpErrorDescription: line?.idpErrorDescription, idpVia: line?.idpVia };
  const listed = line?.detail === line?.idpError ? { idpError: line?.idpError } : { idpError: null };
  const recorded = line?.idpVia === 'browser' ? { ...ofLine, ...listed, idpErrorDescription: null } : ofLine;
  expect(event.detail).toEqual({ reason: line?.reason, connection: line?.connection, ...recorded });
  expect(line?.connection).toMatch(/^con_/);
  return { ...ofLine, all: JSON.stringify([line, event]) };
}

async function tokenAnswers(error: unknown, error_description: unknown, status = 400) {
  bed.hostile.set('token', answers.json({ error, error_description }, status));
  const { page } = await bed.attempt();
  return { page, ...(await wordsAbout(page)) };
}

async function sentBack(error: string, error_description: string | string[]) {
  bed.hostile.setAuthorizeParams((_query, { state, iss }) => ({ state, iss, error, error_description }));
  const { page } = await bed.attempt();
  return { page, ...(await wordsAbout(page)) };
}

test('what the token endpoint said is in the log and in the record, and not on the page', async () => {
  const { page, ...said } = await tokenAnswers('invalid_grant', 'The redirect URI “x” isn’t registered.');
  expect(said).toMatchObject({
    idpError: 'invalid_grant',
    idpErrorDescription: 'The redirect URI “x” isn’t registered.',
    idpVia: 'direct',
  });
  expect(page.text).not.toMatch(/redirect URI|invalid_grant/);
  const { hint } = bed.logged(page)[0] as { hint: string };
  expect(hint).toContain(`${bed.url}/openid/callback/hostile`);
});

test('what came in the callback is marked as the browser’s, whatever its form', async () => {
  const { page, ...said } = await sentBack('access_denied', 'AADSTS50105: Zoe <zoe@hostile.fake> is not assigned.');
  expect(said).toMatchObject({
    idpError: 'access_denied',
    idpErrorDescription: 'AADSTS50105: Zoe <[address]> is not assigned.',
    idpVia: 'browser',
  });
  expect(page.text).not.toContain('AADSTS');
  expect(await sentBack('access_denied', ['first', 'second'])).toMatchObject({ idpErrorDescription: 'first' });
  expect(await sentBack('access_denied', '')).toMatchObject({ idpErrorDescription: null });
});

test('of what the browser brought the record has a listed code alone', async () => {
  const recordOf = async (page: Page) => {
    const requestId = page.headers.get('x-request-id');
    return (await bed.prisma.auditEvent.findFirstOrThrow({ where: { requestId } })).detail;
  };
  const listed = await sentBack('login_required', 'Call +1 900');
  expect(await recordOf(listed.page)).toMatchObject({
    idpError: 'login_required',
    idpErrorDescription: null,
    idpVia: 'browser',
  });
  const unlisted = await sentBack('call_+1_900', 'Call +1 900');
  expect(unlisted).toMatchObject({ idpError: 'call_+1_900', idpErrorDescription: 'Call +1 900' });
  expect(await recordOf(unlisted.page)).toMatchObject({ idpError: null, idpErrorDescription: null });
});

test.each([
  'zoe@hostile.fake',
  'zoe＠hostile.fake',
  'zoe﹫hostile.fake',
  'zoe%40hostile.fake',
  'zoe%2540hostile.fake',
  'zoe\\u0040hostile.fake',
  'zoe\\x40hostile.fake',
  'zoe&#64;hostile.fake',
  'zoe&#x40;hostile.fake',
  'zoe&commat;hostile.fake',
  'zoe&amp;#064;hostile.fake',
])('an address is left out however it is written: %s', async (address) => {
  const { idpErrorDescription } = await tokenAnswers('invalid_grant', `User ${address}, max_age=40 at 4 % 5.`);
  expect(idpErrorDescription).toBe('User [address], max_age=40 at 4 % 5.');
});

test('it is one line of characters that can be seen, and bounded', async () => {
  const { idpError, idpErrorDescription } = await tokenAnswers(
    `\u001b[31m${'e'.repeat(100)}`,
    `a\r\n{"level":60}\u0000\u202eevil\u2066\ud800\u200b\u2028 ${'ü'.repeat(5_000)}`,
  );
  expect(idpError).toBe(`[31m${'e'.repeat(55)}…`);
  expect(idpErrorDescription).toBe(`a {"level":60} evil ${'ü'.repeat(279)}…`);
});

test.each([null, 7, {}, ['a']])('what is no text is left out: %j', async (wrong) => {
  bed.hostile.set('token', answers.json({ error: wrong, error_description: wrong }, 400));
  const { page } = await bed.attempt();
  expect(bed.logged(page)[0]).not.toHaveProperty('idpError');
});

test('no secret of ours stands in it: client secret, code, verifier, the header that was sent', async () => {
  const secrets: string[] = [];
  bed.hostile.set('token', (request, response) => {
    const sent = bed.hostile.requests.at(-1);
    const form = new URLSearchParams(sent?.body);
    const header = sent?.headers.authorization ?? '';
    const found = [bed.hostile.clientSecret, form.get('code') ?? '', form.get('code_verifier') ?? '', header.slice(6)];
    secrets.push(...found);
    const error_description = `Not with ${found.join(' / ')}, and not ${header}.`;
    return answers.json({ error: 'invalid_client', error_description }, 401)(request, response);
  });
  const { page } = await bed.attempt();
  const { all, idpErrorDescription } = await wordsAbout(page);
  expect(idpErrorDescription).toBe('Not with [hidden] / [hidden] / [hidden] / [hidden], and not Basic [hidden].');
  expect(secrets).toHaveLength(4);
  for (const secret of secrets) expect(secret.length > 5 && !all.includes(secret)).toBe(true);

  const browser = createBrowser({ baseUrl: bed.url });
  bed.hostile.setAuthorizeParams((query, { state, iss }) => {
    const [nonce, sent] = [query.get('nonce'), query.get('state')];
    return { state, iss, error: 'server_error', error_description: `state ${sent}, nonce ${nonce}` };
  });
  const refused = await browser.get(await bed.begin(browser));
  expect((await wordsAbout(refused)).idpErrorDescription).toBe('state [hidden], nonce [hidden]');
});

test('a stranger’s callback, of no sign-in that began here, brings no words along', async () => {
  const stranger = createBrowser({ baseUrl: bed.url });
  const page = await stranger.get('/openid/callback/hostile?state=s&error=access_denied&error_description=Call+1-900');
  expect(JSON.stringify(bed.logged(page))).not.toContain('1-900');
  expect(bed.logged(page)[0]).toMatchObject({ reason: 'state_missing' });
});
