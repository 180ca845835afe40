import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Browser, type BrowserResponse, createBrowser, type SignInStep } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { borrowRsaKeys } from '../support/rsa-keys.ts';
import type { ProductUrls } from './bed.ts';
import { startServer } from './start-server.ts';

const program = '/usr/bin/glewlwyd';
/** Its tables, and an administrator with the password `password`. */
const schema = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';
const modules = '/usr/lib/glewlwyd';

/** False where Debian's package isn't installed. */
export const hasGlewlwyd = existsSync(program) && existsSync(schema);

const client = { clientId: 'universal-logout', clientSecret: 'a-secret-at-Glewlwyd' };

const person = { username: 'trinity', email: 'trinity@glewlwyd.fake', password: 'Zion123$' };

/**
 * Debian's Glewlwyd in a folder of its own, with one person and one client, set up over its own
 * API as its administrator does.
 */
export async function startGlewlwyd(options: ProductUrls) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-glewlwyd-'));
  const database = path.join(folder, 'glewlwyd.db');
  execFileSync('sqlite3', [database], { input: readFileSync(schema) });
  const settings = path.join(folder, 'glewlwyd.conf');
  writeFileSync(settings, configuration({ port, url, database }));
  const server = await startServer(program, [`--config-file=${settings}`], { url: `${url}/config` });

  const administrator = createBrowser({ baseUrl: url });
  const call = (method: 'post' | 'put', where: string, json: unknown) => ask(administrator, method, where, json);
  await call('post', '/api/auth/', { username: 'admin', password: 'password' });
  const keys = borrowRsaKeys();
  const key = (kid: string) => ({ ...keys.next().privateKey.export({ format: 'jwk' }), kid, alg: 'RS256' });
  const plugin = (kid: string) => ({
    module: 'oidc',
    name: 'oidc',
    display_name: 'OpenID Connect',
    parameters: {
      iss: `${url}/api/oidc`,
      'jwt-type': 'rsa',
      'jwt-key-size': '256',
      'jwks-private': JSON.stringify({ keys: [key(kid)] }),
      'jwks-show': true,
      'access-token-duration': 3600,
      'refresh-token-duration': 1_209_600,
      'code-duration': 600,
      'refresh-token-rolling': true,
      'allow-non-oidc': false,
      'auth-type-code-enabled': true,
      'auth-type-refresh-enabled': true,
      'subject-type': 'public',
      'allowed-scope': ['openid'],
      'email-claim': 'mandatory',
      'name-claim': 'mandatory',
      'pkce-allowed': true,
      'session-management-allowed': true,
      'session-cookie-name': 'GLEWLWYD2_OIDC_SID',
      'session-cookie-expiration': 2_419_200,
      'back-channel-logout-allowed': true,
      'front-channel-logout-allowed': true,
    },
  });
  await call('post', '/api/mod/plugin/', plugin('first'));
  await call('post', '/api/user/', { ...person, name: 'Trinity', enabled: true, scope: ['openid', 'g_profile'] });
  await call('post', '/api/client/', {
    client_id: client.clientId,
    client_secret: client.clientSecret,
    name: 'Universal Logout',
    confidential: true,
    enabled: true,
    scope: [],
    authorization_type: ['code'],
    redirect_uri: [options.redirectUri],
    token_endpoint_auth_method: ['client_secret_basic'],
    backchannel_logout_uri: options.backchannelLogoutUri,
    backchannel_logout_session_required: 'true',
    frontchannel_logout_uri: options.frontchannelLogoutUri,
    frontchannel_logout_session_required: 'true',
  });

  return {
    ...client,
    issuer: `${url}/api/oidc`,
    email: person.email,
    // From here on: what the scripts of its pages do; without one they show nothing.
    async authenticate(browser: Browser, page: BrowserResponse): Promise<SignInStep> {
      const scope = new URL(page.url).searchParams.get('scope');
      await ask(browser, 'post', `${url}/api/auth/`, { username: person.username, password: person.password });
      await ask(browser, 'put', `${url}/api/auth/grant/${client.clientId}`, { scope });
      return goOn(browser, page);
    },
    /** The button of somebody who is signed in; there is none where a password is asked for. */
    async proceed(browser: Browser, page: BrowserResponse): Promise<SignInStep> {
      const { searchParams } = new URL(page.url);
      if (searchParams.has('prompt') || searchParams.has('refresh_login')) return { page };
      if ((await browser.get(`${url}/api/auth/grant/${client.clientId}/openid`)).status !== 200) return { page };
      return goOn(browser, page);
    },
    /** Past the page, whatever it asks for. */
    goOn,
    /** What its page frames when the person signs out (front-channel logout). */
    async frames(browser: Browser): Promise<string[]> {
      const answer = await ask(
        browser,
        'get',
        `${url}/api/oidc/session/${await sidOf(browser, url)}/${client.clientId}`,
      );
      const { iss, sid, client: clients } = answer.json<FrontChannel>();
      return clients.map((each) => `${each.frontchannel_logout_uri}?iss=${iss}&sid=${sid}`);
    },
    /** What it does then: it sends logout tokens (back-channel logout), and ends its session. */
    async logOut(browser: Browser): Promise<void> {
      await ask(browser, 'delete', `${url}/api/oidc/session/${await sidOf(browser, url)}`);
      await ask(browser, 'delete', `${url}/api/auth/`);
    },
    /** Takes a new key, without the old one beside it. */
    async rotateKeys(): Promise<void> {
      await call('put', '/api/mod/plugin/oidc', plugin(`key-${Date.now()}`));
      await call('put', '/api/mod/plugin/oidc/reset/', undefined);
    },
    async stop(): Promise<void> {
      await server.stop();
      keys.giveBack();
      rmSync(folder, { recursive: true });
    },
  };
}

/** On to the address that its page was opened for, as its button does. */
const goOn = async (browser: Browser, page: BrowserResponse): Promise<SignInStep> =>
  browser.toCallback(await browser.get(`${new URL(page.url).searchParams.get('callback_url')}&g_continue`));

type FrontChannel = { iss: string; sid: string; client: { frontchannel_logout_uri: string }[] };

async function sidOf(browser: Browser, url: string): Promise<string> {
  const cookie = (await browser.jar.getCookies(url)).find(({ key }) => key === 'GLEWLWYD2_OIDC_SID');
  return cookie?.value ?? '';
}

type Method = 'get' | 'post' | 'put' | 'delete';

async function ask(browser: Browser, method: Method, where: string, json?: unknown): Promise<BrowserResponse> {
  const answer = await browser[method](where, json === undefined ? {} : { json });
  if (answer.status !== 200) throw new Error(`Glewlwyd answered ${where} with ${answer.status}: ${answer.text}`);
  return answer;
}

/** libconfig's format: https://hyperrealm.github.io/libconfig/. */
const configuration = ({ port, url, database }: { port: number; url: string; database: string }) => `
port = ${port}
bind_address = "127.0.0.1"
external_url = "${url}"
login_url = "login.html"
api_prefix = "api"
static_files_path = "/usr/share/glewlwyd/webapp"
static_files_mime_types = ( { extension = ".html" mime_type = "text/html" } )
log_mode = "console"
log_level = "INFO"
cookie_secure = 0
session_key = "GLEWLWYD2_SESSION_ID"
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "${modules}/user"
client_module_path = "${modules}/client"
user_auth_scheme_module_path = "${modules}/scheme"
plugin_module_path = "${modules}/plugin"
database = { type = "sqlite3", path = "${database}" }
`;
