import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startReceiver } from './notifications/receiver.ts';
import { startSmtp } from './notifications/smtp.ts';
import { until } from './notifications/support.ts';
import { createBrowser } from './support/browser.ts';
import { freePort } from './support/free-port.ts';
import { startTestIdp, type TestIdp } from './support/idp.ts';
import { cli, commandsOf, createReader } from './support/reader.ts';

const commands = commandsOf('docs/administrators.md');
const olivia = { email: 'olivia@acme.example', password: 'Olivia-and-123$' };

let reader: ReturnType<typeof createReader>;
let idp: TestIdp;
let dev: Awaited<ReturnType<typeof reader.startService>>;
let ports: { app: number; idp: number };
let hooks: Awaited<ReturnType<typeof startReceiver>>;
let mail: Awaited<ReturnType<typeof startSmtp>>;
/** What earlier answers brought, by what stands for it in the document. */
const known = new Map<string, string>();
let addedApps = 0;

beforeAll(async () => {
  reader = createReader();
  ports = { app: await freePort(), idp: await freePort() };
  const url = `http://localhost:${ports.app}`;
  // Acme's own IdP, in place of Okta.
  const client = {
    id: '0oa1example',
    secret: 'the-secret-from-okta',
    redirectUris: [`${url}/openid/callback/acme`],
    postLogoutRedirectUris: [`${url}/signed-out`],
  };
  const users = [{ subject: 'olivia', name: 'Olivia', ...olivia }];
  const app = {
    name: 'Universal Logout',
    revocationEndpoint: `${url}/global-token-revocation`,
    backchannelLogoutUri: `${url}/openid/backchannel-logout/acme`,
  };
  idp = await startTestIdp({ tenants: [{ path: 'acme', name: 'Acme', client, users, app }] });
  hooks = await startReceiver();
  mail = await startSmtp();
  dev = await reader.startService('npm run dev', environment(), /^ready http/m);
});
afterAll(async () => {
  await dev?.stop();
  await idp?.stop();
  await hooks?.stop();
  await mail?.stop();
  reader?.remove('data');
});

it('documents the way from nothing to a first revocation', () => {
  expect(commands.length).toBeGreaterThan(20);
  for (const part of [
    'set-role',
    '/scim/v2/Users',
    '/policies',
    '/revocations',
    '/forgotten-subjects',
    '/notifications',
    'export',
    '/apps/app_',
  ])
    expect(
      commands.some((command) => command.includes(part)),
      part,
    ).toBe(true);
});

it.each(commands)('%s', async (command) => {
  // What needs no shell, nobody who watches, and no npm, which README's commands go through.
  const here = command.startsWith(`${cli}api `) && !command.includes(' > ');
  const { code, output } = here
    ? await reader.runHere(localised(command), environment())
    : await reader.run(localised(command), environment(), / login /.test(command) ? approve : undefined);
  expect(output).not.toMatch(/Error:|at .*\.ts:\d/);
  expect(code, output).toBe(0);
  if (command.startsWith('curl')) expect(output).toMatch(/^HTTP\/1\.1 20[014] /m);
  remember(command, output);
});

it('has ended what it says it ended, and has it on record', async () => {
  const { output } = await reader.runHere(`${cli}api GET '/api/orgs/current/audit-events?limit=200'`, environment());
  const actions = JSON.parse(output).items.map(({ action }: { action: string }) => action);
  for (const action of [
    'access.revoked',
    'policy.changed',
    'user.added',
    'group.added',
    'api_key.created',
    'role.changed',
    'user.address_changed',
    'identity.linked',
    'identity.unlinked',
    'connection.subjects_forgotten',
    'app.added',
  ])
    expect(actions).toContain(action);
});

it('has told Olivia of the last revocation, by e-mail and at the webhook', async () => {
  expect((await hooks.arrived('/logout'))[0]?.message).toMatchObject({ type: 'revocation' });
  const [message] = await until(async () => mail.mails.length > 0 && mail.mails);
  expect(message?.to).toEqual([olivia.email]);
});

function remember(command: string, output: string): void {
  const provisioning = /^API key +(\S+)$/m.exec(output)?.[1];
  if (provisioning) known.set('ul_the_key_from_above', provisioning);
  const workflow = /"apiKey": "([^"]+)"/.exec(output)?.[1];
  if (workflow) known.set('ul_the_workflows_key', workflow);
  const identity = /"id": "(idn_[^"]+)"/.exec(output)?.[1];
  if (identity) known.set('idn_01example', identity);
  const app = / POST \/api\/orgs\/current\/apps /.test(command) && /"id": "(app_[^"]+)"/.exec(output)?.[1];
  if (app) {
    addedApps += 1;
    known.set(`app_0${addedApps}example`, app);
  }
  const connection = /"id": "(con_[^"]+)"/.exec(output)?.[1];
  const added = command.includes('POST /api/orgs/current/connections');
  if (connection) known.set(added ? 'con_02example' : 'con_01example', connection);
  const domain = /"id": "(dom_[^"]+)"/.exec(output)?.[1];
  if (domain) known.set('dom_01example', domain);
  if (command.includes('/scim/v2/Users ')) known.set('usr_zoe', /"id":"(usr_[^"]+)"/.exec(output)?.[1] as string);
}

function localised(command: string): string {
  const here = command
    .replaceAll('localhost:3333', `localhost:${ports.app}`)
    .replaceAll('https://acme.okta.com', `${idp.url}/acme`)
    .replaceAll('https://hooks.acme.example', hooks.url);
  return [...known].reduce((text, [name, value]) => text.replaceAll(name, value), here);
}

function environment(): NodeJS.ProcessEnv {
  return {
    ...{
      PORT: String(ports.app),
      IDP_PORT: String(ports.idp),
      APPS_PORT: '0',
      DATA_DIR: path.join(reader.folder, 'data'),
    },
    ...{ SMTP_URL: mail.url, MAIL_FROM: 'Universal Logout <logout@example.com>' },
  };
}

/** What Olivia does in her browser while `login` waits. */
async function approve(printed: string): Promise<void> {
  const url = `http://localhost:${ports.app}`;
  const browser = createBrowser({ baseUrl: url });
  await browser.signIn({ appUrl: url, org: 'acme', ...olivia });
  const page = await browser.get(/^or open (\S+)$/m.exec(printed)?.[1] as string);
  const confirm = await browser.submitForm(page, {}, 'user_code');
  expect(confirm.text).toContain('administer your organisation');
  const done = await browser.follow(await browser.submitForm(confirm, { confirm: 'yes' }, 'user_code'));
  expect(done.text).toContain('is signed in');
}
