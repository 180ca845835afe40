import type { Pool } from 'pg';
import { createAccounts, type NewAccount } from '../accounts/accounts.ts';
import { makePassword, passwordRules } from '../accounts/make-password.ts';
import { createRights, type Right } from '../accounts/rights.ts';
import { bySystem } from '../by.ts';
import type { Keyring } from '../keyring.ts';
import { makeReportsRole } from './seed-reports-role.ts';

type Deps = Readonly<{ pool: Pool; keyring: Keyring }>;

const seeder = bySystem('seed');
const seeding = { changer: { userId: null, changesAll: true }, by: seeder };
const rules = passwordRules.parse({});

/** Who may change the password at the lights: everybody knows it, and it counts on this machine only. */
export const lightsAdmin = { userName: 'admin', password: 'Nebuchadnezzar-1' } as const;
export const lightsUser = 'crew';

/** Who may do what with the demo's shared accounts, by their subjects at the identity provider. */
const rightsOf: Readonly<Record<string, Right>> = { trinity: 'use', neo: 'use', morpheus: 'manage' };

/**
 * Adds the demo's shared accounts where they are missing: the lights' one, and a role of the
 * PostgreSQL of development, unless the database is somebody's own (`postgres` null). They get a
 * first password then, and people their rights. Their addresses follow the ports.
 */
export async function seedAccounts(
  deps: Deps,
  orgId: string,
  where: Readonly<{ lights: string; postgres: string | null; people: Readonly<Record<string, string>> }>,
): Promise<void> {
  const accounts = createAccounts(deps);
  const rights = createRights(deps);
  const shareWithPeople = async (accountId: string) => {
    for (const [subject, right] of Object.entries(rightsOf)) {
      const userId = where.people[subject];
      if (userId) await rights.give(orgId, accountId, { holder: { userId }, right }, seeder);
    }
  };
  const add = async (account: NewAccount) => shareWithPeople((await accounts.add(orgId, account, seeding)).id);
  const known = await accounts.list(orgId, { after: null, limit: 100 });
  const found = (name: string) => known.find((account) => account.name === name);

  const lights = lightsAccount(where.lights);
  const foundLights = found(lights.name);
  if (foundLights && foundLights.settings.url !== lights.settings.url)
    await accounts.change(orgId, foundLights.id, lights, seeding);
  if (!foundLights) {
    const password = makePassword(rules);
    await setAtLights(where.lights, password);
    await add({ ...lights, password });
  }
  if (where.postgres === null) return;
  const { hostname, port } = new URL(where.postgres);
  const settings = { host: hostname, port: Number(port), tls: 'off', database: 'postgres' };
  const foundReports = found('Reports');
  if (foundReports?.settings.port === settings.port) return;
  const made = await makeReportsRole(where.postgres, { isNew: !foundReports });
  if (foundReports) {
    const changes = { settings: { ...foundReports.settings, ...settings }, administrator: made.admin };
    await accounts.change(orgId, foundReports.id, changes, seeding);
    return;
  }
  await add({
    name: 'Reports',
    userName: 'reports',
    place: 'PostgreSQL of npm run dev',
    notes: 'Reads what the monthly reports need.',
    connector: 'postgresql',
    settings,
    administrator: made.admin,
    passwordRules: rules,
    everyDays: null,
    password: made.password,
  });
}

function lightsAccount(url: string): Omit<NewAccount, 'password'> {
  // The connector dials an address: by its name this machine may be another one, too.
  const local = url.replace('localhost', '127.0.0.1');
  return {
    name: 'Lights',
    userName: lightsUser,
    place: url,
    notes: 'One account for everybody on board.',
    connector: 'http',
    settings: {
      method: 'PUT',
      url: `${local}/admin/users/{{user}}/password`,
      headers: { authorization: 'Basic {{basic_admin}}' },
      body: { type: 'json', template: '{"password":"{{new}}"}' },
      rejected: { statuses: [422] },
      verify: {
        url: `${local}/api/sign-in`,
        body: { type: 'json', template: '{"user":"{{user}}","password":"{{new}}"}' },
        accepted: { statuses: [204] },
        refused: { statuses: [401] },
      },
      tls: 'off',
    },
    administrator: lightsAdmin,
    passwordRules: rules,
    everyDays: null,
  };
}

/** As its administrator does it. */
async function setAtLights(url: string, password: string): Promise<void> {
  const { userName, password: own } = lightsAdmin;
  const answer = await fetch(`${url}/admin/users/${lightsUser}/password`, {
    method: 'PUT',
    headers: {
      authorization: `Basic ${Buffer.from(`${userName}:${own}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ password }),
  });
  if (!answer.ok) throw new Error(`The demo's lights refused their first password: ${answer.status}.`);
}
