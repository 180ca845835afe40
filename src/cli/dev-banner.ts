import { isLoopback } from '../config.ts';
import type { DemoAppUrls } from '../demo-apps/demo-apps.ts';
import { lightsUser } from './seed-accounts.ts';
import { seedOrgs } from './seed-data.ts';

export type Addresses = Readonly<{
  local: string;
  publicUrl: string;
  appUrl: string;
  idpUrl: string;
  apps: DemoAppUrls;
  database: string;
}>;

/** The addresses that a developer needs; the last line begins with `ready`. */
export function banner({ local, publicUrl, appUrl, idpUrl, apps, database }: Addresses): string {
  const people = seedOrgs.flatMap((org) => org.people.map((person) => ({ ...person, org })));
  const owners = people.filter(({ role }) => role === 'owner');
  const emailWidth = Math.max(...people.map(({ email }) => email.length));
  const passwordWidth = Math.max(...people.map(({ password }) => password.length));
  const [first] = seedOrgs;
  const subject = { sub_id: { format: 'email', email: first?.people[0]?.email } };
  return [
    '',
    `Sign in at ${appUrl}/ with an e-mail address, or straight through an organisation:`,
    '',
    ...people.map(
      ({ email, password, org }) =>
        `  ${email.padEnd(emailWidth)}  ${password.padEnd(passwordWidth)}  ${publicUrl}/openid/start/${org.slug}  ${org.name}`,
    ),
    '',
    'API keys:',
    '',
    ...seedOrgs.map(({ apiKey, slug, name }) => `  ${apiKey}  organisation ${slug}, ${name}`),
    '',
    `End every session of ${first?.people[0]?.name} at ${first?.name}:`,
    '',
    `curl -i -X POST ${local}/global-token-revocation -H 'Authorization: Bearer ${first?.apiKey}' -H 'Content-Type: application/json' -d '${JSON.stringify(subject)}'`,
    '',
    ...(isLoopback(publicUrl) ? [] : [exposure(publicUrl), '']),
    ...owners.map(({ email, org }) => `Console            ${appUrl}/admin  ${org.name}, as ${email}`),
    `Identity provider  ${idpUrl}`,
    ...seedOrgs.map(({ slug, name }) => `Its own console    ${idpUrl}/${slug}/admin  ${name}`),
    `Apps behind        ${apps.wiki}  ${first?.name}'s wiki: OpenID Connect, back-channel logout`,
    `                   ${apps.crm}  ${first?.name}'s CRM: Global Token Revocation`,
    `Shared accounts    ${apps.lights}  Lights, whose password is replaced by HTTP; its user is ${lightsUser}`,
    ...(database.startsWith('PostgreSQL') ? ['                   the role reports of the PostgreSQL below'] : []),
    `                   ${publicUrl}/accounts  where Trinity and Neo read their passwords`,
    `Database           ${database}`,
    'Command line       npm run -s cli -- --help',
    '',
    `ready ${local}`,
  ].join('\n');
}

function exposure(publicUrl: string): string {
  return [
    `CAREFUL: everybody knows the API keys above, and anyone who can reach ${publicUrl} can use them.`,
    'The demo identity provider stays on this machine: people elsewhere sign in through a connection of your own.',
  ].join('\n');
}
