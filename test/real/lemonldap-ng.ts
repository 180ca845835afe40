import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Browser, type BrowserResponse, hasLoginForm, type SignInStep } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { borrowRsaKeys } from '../support/rsa-keys.ts';
import type { ProductUrls } from './bed.ts';
import { startServer } from './start-server.ts';

const portal = '/usr/share/lemonldap-ng/portal/htdocs/index.psgi';
const plackup = '/usr/bin/plackup';

/** False where Debian's package isn't installed. */
export const hasLemonLdapNg = existsSync(portal) && existsSync(plackup);

const client = { clientId: 'universal-logout', clientSecret: 'a-secret-at-LemonLDAP-NG' };

/**
 * The portal of Debian's LemonLDAP::NG in a folder of its own, with its own demonstration people
 * (`dwho` of badwolf.org, whose password is `dwho`), and one client.
 */
export async function startLemonLdapNg(options: ProductUrls) {
  const port = await freePort();
  // Another site than the product's, as everywhere but in tests: none of its cookies in a frame.
  const host = '127.0.0.1';
  const url = `http://${host}:${port}/`;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-lemonldap-ng-'));
  const inside = (name: string) => path.join(folder, name);
  for (const name of ['conf', 'cache', 'sessions/lock', 'psessions/lock']) mkdirSync(inside(name), { recursive: true });
  const files = (kind: 'global' | 'persistent', name: string) => ({
    [`${kind}Storage`]: 'Apache::Session::File',
    [`${kind}StorageOptions`]: {
      Directory: inside(name),
      LockDirectory: inside(`${name}/lock`),
      generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256',
    },
  });
  const keys = borrowRsaKeys();
  let number = 0;

  /** A configuration with a new key; the portal looks for a newer one each second. */
  function configure(): void {
    number += 1;
    const { privateKey, publicKey } = keys.next();
    const configuration = {
      cfgNum: number,
      cfgDate: Math.floor(Date.now() / 1000) + number,
      cfgVersion: '2.16.1',
      portal: url,
      domain: host,
      ...files('global', 'sessions'),
      ...files('persistent', 'psessions'),
      localSessionStorage: '',
      authentication: 'Demo',
      userDB: 'Same',
      passwordDB: 'Demo',
      demoExportedVars: { uid: 'uid', cn: 'cn', mail: 'mail' },
      whatToTrace: 'uid',
      captcha_mail_enabled: 0,
      captcha_register_enabled: 0,
      portalDisplayRegister: 0,
      locationRules: { [host]: { default: 'accept' } },
      issuerDBOpenIDConnectActivation: 1,
      oidcServiceKeyIdSig: `key-${number}`,
      oidcServicePrivateKeySig: privateKey.export({ type: 'pkcs1', format: 'pem' }),
      oidcServicePublicKeySig: publicKey.export({ type: 'spki', format: 'pem' }),
      oidcRPMetaDataOptions: {
        product: {
          oidcRPMetaDataOptionsClientID: client.clientId,
          oidcRPMetaDataOptionsClientSecret: client.clientSecret,
          oidcRPMetaDataOptionsRedirectUris: options.redirectUri,
          oidcRPMetaDataOptionsPostLogoutRedirectUris: options.signedOutUri,
          oidcRPMetaDataOptionsIDTokenSignAlg: 'RS256',
          oidcRPMetaDataOptionsBypassConsent: 1,
          oidcRPMetaDataOptionsUserIDAttr: 'subjectOrSession',
          oidcRPMetaDataOptionsIDTokenForceClaims: 1,
          oidcRPMetaDataOptionsLogoutUrl: options.frontchannelLogoutUri,
          oidcRPMetaDataOptionsLogoutType: 'front',
          oidcRPMetaDataOptionsLogoutSessionRequired: 1,
        },
      },
      // Its `sid` of front-channel logout is else the person's `sub`, and its ID tokens have none.
      oidcServiceIgnoreScopeForClaims: 1,
      oidcRPMetaDataExportedVars: { product: { email: 'mail', name: 'cn', preferred_username: 'uid', sid: 'session' } },
      oidcRPMetaDataMacros: {
        product: {
          session: 'substr($_session_id, -16)',
          subjectOrSession: '$ENV{REQUEST_URI} =~ m#^/(oauth2/logout|[?]logout)# ? substr($_session_id, -16) : $uid',
        },
      },
    };
    const file = inside(`conf/lmConf-${number}.json`);
    writeFileSync(`${file}.new`, JSON.stringify(configuration));
    renameSync(`${file}.new`, file);
  }

  configure();
  writeFileSync(
    inside('lemonldap-ng.ini'),
    `[all]
logger = Lemonldap::NG::Common::Logger::Std
logLevel = notice
checkTime = 1
[configuration]
type = File
dirName = ${inside('conf')}
localStorage = Cache::FileCache
localStorageOptions = { 'namespace' => 'configuration', 'cache_root' => '${inside('cache')}' }
[portal]
templateDir = /usr/share/lemonldap-ng/portal/templates
staticPrefix = /static
languages = en
`,
  );
  const server = await startServer(
    plackup,
    ['-s', 'HTTP::Server::PSGI', '-E', 'deployment', '-o', host, '-p', String(port), portal],
    { url, env: { LLNG_DEFAULTCONFFILE: inside('lemonldap-ng.ini') } },
  );
  const jwks = async () => (await fetch(`${url}oauth2/jwks`)).text();

  return {
    ...client,
    url,
    issuer: url,
    email: 'dwho@badwolf.org',
    /** Its form; to somebody who is signed in it first shows a page with one button. */
    async authenticate(browser: Browser, page: BrowserResponse): Promise<SignInStep> {
      const form = hasLoginForm(page) ? page : await browser.follow(await browser.submitForm(page, {}, 'confirm'));
      return browser.toCallback(await browser.submitForm(form, { user: 'dwho', password: 'dwho' }, 'password'));
    },
    /** The sign-out of its own portal. */
    logOut: (browser: Browser): Promise<BrowserResponse> => browser.get(`${url}?logout=1`),
    /** The addresses that a page of it frames. */
    frames: ({ text }: BrowserResponse): URL[] =>
      [...text.matchAll(/<iframe src="([^"]*)"/g)].map(([, address = '']) => new URL(address)),
    /** Takes a new key, without the old one beside it. */
    async rotateKeys(): Promise<void> {
      configure();
      while (!(await jwks()).includes(`"key-${number}"`)) await new Promise((resolve) => setTimeout(resolve, 100));
    },
    async stop(): Promise<void> {
      await server.stop();
      keys.giveBack();
      rmSync(folder, { recursive: true });
    },
  };
}
