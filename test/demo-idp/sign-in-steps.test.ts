import { createServer, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBrowser, hasLoginForm } from '../support/browser.ts';
import { startTestIdp, type TestIdp } from '../support/idp.ts';
import { createRelyingParty } from './relying-party.ts';

const trinity = { subject: 't', email: 'trinity@whiterabbit.fake', name: 'Trinity', password: 'Zion123$' };

let idp: TestIdp;
let app: Awaited<ReturnType<typeof createRelyingParty>>;
let appUrl: string;
let askAgain = false;

/**
 * The redirects of an app's sign-in and nothing else: to the IdP, back to the callback, to where
 * the person wanted.
 */
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', appUrl);
  const redirect = (location: string, cookie?: string) => redirectTo(response, location, cookie);
  const toIdp = (prompt?: string) => app.start({ redirect_uri: `${appUrl}/openid/callback/1`, prompt }).url;
  if (url.pathname === '/openid/start/1')
    return redirect(toIdp(), `returnTo=${url.searchParams.get('returnTo') ?? '/'}; Path=/; SameSite=Lax`);
  if (url.pathname === '/openid/callback/1' && askAgain) {
    askAgain = false;
    return redirect(toIdp('login'));
  }
  if (url.pathname === '/openid/callback/1')
    return redirect(/returnTo=([^;]*)/.exec(request.headers.cookie ?? '')?.[1] ?? '/lost');
  response.end(`at ${url.pathname}`);
});

function redirectTo(response: ServerResponse, location: string, cookie?: string): void {
  response.writeHead(302, { location, ...(cookie && { 'set-cookie': cookie }) }).end();
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  appUrl = `http://localhost:${(server.address() as { port: number }).port}`;
  const client = { id: 'app', secret: 'secret-of-app', redirectUris: [`${appUrl}/openid/callback/1`] };
  idp = await startTestIdp({ tenants: [{ path: '1', name: 'White Rabbit', client, users: [trinity] }] });
  app = await createRelyingParty(idp.tenant('1').issuer, client);
});
afterAll(async () => {
  server.close().closeAllConnections();
  await idp.stop();
});

const options = () => ({ appUrl, org: '1', returnTo: '/todos', ...trinity });

test('each step can be stopped at', async () => {
  const browser = createBrowser();
  const step = await browser.beginSignIn(options());
  expect([step.callbackUrl, hasLoginForm(step.page)]).toEqual([undefined, true]);
  await expect(browser.submitLogin(step, { ...trinity, password: 'wrong' })).rejects.toThrow('did not lead back');
  const callbackUrl = await browser.submitLogin(step, trinity);
  expect(callbackUrl).toContain(`${appUrl}/openid/callback/1?code=`);
  expect((await browser.finish(callbackUrl)).text).toBe('at /todos');
  const silent = await browser.beginSignIn(options());
  expect(silent.callbackUrl).toContain('code=');
  await expect(browser.submitLogin(silent, trinity)).rejects.toThrow('asked for no password');
});

test('signIn goes all the way, silently the second time, and types the password when the app has it asked again', async () => {
  const browser = createBrowser();
  expect((await browser.signIn(options())).text).toBe('at /todos');
  expect((await browser.signIn({ ...options(), password: 'not needed' })).text).toBe('at /todos');
  askAgain = true;
  expect((await browser.signIn(options())).text).toBe('at /todos');
});

test('signIn types the password once: an app that asks twice gets the form', async () => {
  askAgain = true;
  const page = await createBrowser().signIn(options());
  expect([hasLoginForm(page), new URL(page.url).origin]).toEqual([true, idp.url]);
});
