import type { Command } from 'commander';
import { z } from 'zod';
import type { Org } from '../database/generated/client.ts';
import { action, type Console, collect, operator, text } from './command.ts';
import { addConnectionOptions, connectionForm, readNewConnection } from './connection-options.ts';
import { type Answer, facts, table } from './output.ts';

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and -, not beginning with -');
const createForm = z.object({
  name: text,
  slug: slug.optional(),
  domain: z.array(text).min(1),
  createUsers: z.boolean(),
  ...connectionForm,
});

export function registerOrg(program: Command, shell: Console): void {
  const org = program.command('org').description('organisations (tenants)');
  const create = org
    .command('create')
    .description('create an organisation; what must be entered at its identity provider is printed')
    .requiredOption('--name <name>', 'shown to people')
    .option('--slug <slug>', 'short name in links; random when left out')
    .requiredOption('--domain <domain>', 'an e-mail domain that you vouch is theirs (repeatable)', collect)
    .option('--no-create-users', 'a first sign-in does not create the user');
  addConnectionOptions(create).action(
    action(shell, createForm, async (workspace, input) => {
      const publicUrl = await workspace.publicUrl();
      const connection = await readNewConnection(input, workspace.guardedFetch, shell);
      const domains = input.domain.map((domain) => ({ domain, verified: true }));
      const { name, slug, createUsers } = input;
      const created = await workspace.orgs.createOrg({ name, slug, createUsers, domains, connection }, operator);
      const connections = await workspace.connections.listConnections(created.id);
      const owned = await workspace.domains.listDomains(created.id);
      return describeCreated(
        created,
        publicUrl,
        owned.map(({ domain }) => domain),
        connections[0],
      );
    }),
  );

  org
    .command('list')
    .description('all organisations')
    .action(
      action(shell, z.object({}), async ({ orgs }) => {
        const all = (await orgs.listOrgs()).map(({ domains, _count, ...one }) => ({
          id: one.id,
          slug: one.slug,
          name: one.name,
          domains: domains.map(({ domain, verifiedAt }) => ({ domain, verified: verifiedAt !== null })),
          connections: _count.connections,
          users: _count.users,
          createUsers: one.createUsers,
          revokedAt: one.revokedAt,
          createdAt: one.createdAt,
        }));
        const rows = all.map((one) => [
          one.slug,
          one.name,
          one.domains.map(({ domain, verified }) => (verified ? domain : `${domain} (unverified)`)),
          one.connections,
          one.users,
          one.createdAt,
          one.id,
        ]);
        const headings = ['SLUG', 'NAME', 'DOMAINS', 'CONNECTIONS', 'USERS', 'CREATED', 'ID'];
        return { json: all, text: table(headings, rows, 'There are no organisations yet.') };
      }),
    );
}

/** All that the other side of the connection needs to know. */
function describeCreated(
  { id, slug, name }: Org,
  publicUrl: string,
  domains: string[],
  connection?: { id: string; issuer: string; clientId: string; tokenEndpointAuth: string },
): Answer {
  const links = {
    signInUrl: `${publicUrl}/openid/start/${slug}`,
    callbackUrl: `${publicUrl}/openid/callback/${slug}`,
    revocationEndpoint: `${publicUrl}/global-token-revocation`,
  };
  const json = { id, slug, name, domains, connectionId: connection?.id ?? null, ...links };
  const next = connection
    ? ''
    : `\n\nThere is no connection yet:\n  npm run -s cli -- connection add --org ${slug} --issuer <url> --client-id <id> --client-secret -`;
  const text = [
    facts([
      ['Organisation', name],
      ['Id', id],
      ['Slug', slug],
      ['Domains', domains],
      ...(connection ? ([['Connection', `${connection.id} (${connection.issuer})`]] as const) : []),
    ]),
    '\n\nTo enter at the identity provider:\n',
    facts([
      ['  Application type', 'web application (OpenID Connect), authorization code with PKCE (S256)'],
      ['  Sign-in redirect URI', links.callbackUrl],
      ['  Initiate login URI', links.signInUrl],
      ['  Scopes', 'openid profile email'],
      ['  Client authentication', connection?.tokenEndpointAuth ?? 'client_secret_basic or client_secret_post'],
      ['  Logout endpoint (global token revocation)', links.revocationEndpoint],
      ['  Subject format', 'email, or issuer and subject'],
      ['  Authentication there', `an API key: npm run -s cli -- api-key create --org ${slug} --name <name>`],
    ]),
    `\n\nSign-in link for people: ${links.signInUrl}`,
    next,
  ].join('');
  return { json, text };
}
