import { setTimeout as delay } from 'node:timers/promises';
import { plantAdministrator } from '../support/planted-administrators.ts';
import type { Product } from '../support/product.ts';

type Answers = { responses: Record<string, { content?: Record<string, unknown> }> };
type Documented = { paths: Record<string, Record<string, Answers>> };

/**
 * The addresses of the console's pages, as the documentation lists them; `post`: those with forms;
 * `root`: where they are, for the pages of a person's own accounts are made in the same way.
 * What leads on, or is a file, isn't among them.
 */
export async function consolePaths(
  product: Pick<Product, 'url'>,
  method: 'get' | 'post' = 'get',
  root: '/admin' | '/accounts' = '/admin',
): Promise<string[]> {
  const { paths } = (await (await fetch(`${product.url}/openapi.json`)).json()) as Documented;
  const isPage = (answers?: Answers) => answers?.responses['200']?.content?.['text/html'] !== undefined;
  return Object.entries(paths)
    .filter(([path, methods]) => `${path}/`.startsWith(`${root}/`) && isPage(methods[method]))
    .map(([path]) => path);
}

/** The address with its ids filled in, by the part of the pattern that stands before each. */
export function filledWith(path: string, ids: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\/\{\w+\}/g, (_name, at: number) => {
    const before = path.slice(0, at);
    const id = ids[before];
    if (id === undefined) throw new Error(`test/console/world.ts has no id for ${before}/{…}`);
    return `/${id}`;
  });
}

/** Plants something of each kind in an org. Returns its ids, by the pattern before them. */
export async function plantOrgWithEverything(
  product: Product,
  org: keyof Product['orgs'],
): Promise<Readonly<Record<string, string>>> {
  const { pool } = product.context;
  const orgId = product.orgs[org].id;
  const owner = await plantAdministrator(product, 'owner', { org, sessions: 2 });
  const person = await plantAdministrator(product, 'member', { org, sessions: 3 });
  const leaver = await plantAdministrator(product, 'member', { org });
  const insert = async (text: string, values: readonly unknown[]) => {
    const { rows } = await pool.query<{ id: string }>(`${text} RETURNING id`, [...values]);
    return rows[0]?.id as string;
  };
  // A long word must not widen a page.
  await pool.query('UPDATE users SET name = $2 WHERE id = $1', [person.id, 'Longname'.repeat(10)]);
  const group = await insert(`INSERT INTO groups (org_id, id, display_name) VALUES ($1, $2, 'Engineering')`, [
    orgId,
    `grp_${crypto.randomUUID()}`,
  ]);
  await pool.query('INSERT INTO group_members (org_id, group_id, user_id) VALUES ($1, $2, $3)', [
    orgId,
    group,
    person.id,
  ]);
  const domain = await owner.send('POST', '/domains', { domain: `${org}-labs.example` });
  const key = await owner.send('POST', '/api-keys', { name: 'Workflow', scopes: ['revoke'] });
  await owner.send('POST', '/api-keys', { name: 'Okta', scopes: ['scim'] });
  const hook = await owner.send('POST', '/webhooks', { url: 'https://hooks.example/in', kinds: ['revocation'] });
  await owner.send('POST', `/webhooks/${hook.body.id}/test`, {});
  const app = await owner.send('POST', '/apps', {
    kind: 'gtr',
    name: 'Payroll',
    settings: {
      endpoint: 'https://payroll.example/revoke',
      auth: {
        method: 'oauth',
        tokenEndpoint: 'https://idp.example/token',
        clientId: 'us',
        clientAuth: 'private_key_jwt',
      },
      concerns: { who: 'groups', groups: [group] },
      naming: 'id',
    },
  });
  await owner.send('PUT', `/apps/${app.body.id}/people/${person.id}`, { nameThere: 'E-4711' });
  const forward = await insert(
    `INSERT INTO forwards (org_id, id, app_id, user_id, event_id, status, error, http_status, attempts, revoked_at, finished_at, names)
     VALUES ($1, $2, $3, $4, 'evt_none', 'dead', 'refused', 400, 1, now(), now(), '{"email":"a@b.example"}')`,
    [orgId, `fwd_${crypto.randomUUID()}`, app.body.id, person.id],
  );
  await pool.query(
    `INSERT INTO forward_attempts (org_id, forward_id, number, status, duration_ms, error) VALUES ($1, $2, 1, 400, 83, 'refused')`,
    [orgId, forward],
  );
  const account = await owner.send('POST', '/accounts', {
    name: `Database ${'Longname'.repeat(10)}`,
    userName: 'app',
    place: 'db.internal',
    password: 'correct-horse-battery',
  });
  await owner.send('POST', `/accounts/${account.body.id}/rights`, { groupId: group, right: 'manage' });
  const right = await owner.send('POST', `/accounts/${account.body.id}/rights`, { userId: person.id, right: 'use' });
  const asked = await owner.send('POST', '/revocations', { users: [leaver.id] });
  const done = await owner.send('POST', '/revocations', {
    users: [leaver.id],
    confirmation: asked.body.confirmation,
  });
  const [{ revocationId }] = done.body.results as [{ revocationId: string }];
  const firstOf = async (list: string): Promise<string> => {
    for (;;) {
      const { body } = await owner.send('GET', list);
      const [first] = body.items as { id: string }[];
      if (first) return first.id;
      await delay(50);
    }
  };
  return {
    '/admin/people': person.id,
    '/admin/people/{id}/sessions': await firstOf(`/users/${person.id}/sessions`),
    '/admin/people/{id}/identities': await firstOf(`/users/${person.id}/identities`),
    '/admin/groups': group,
    '/admin/accounts': String(account.body.id),
    '/accounts': String(account.body.id),
    '/admin/accounts/{id}/rights': String(right.body.id),
    '/accounts/{id}/rights': String(right.body.id),
    '/admin/apps': String(app.body.id),
    '/admin/forwards': forward,
    '/admin/revocations': revocationId,
    '/admin/record': await firstOf('/audit-events'),
    '/admin/webhooks': String(hook.body.id),
    '/admin/deliveries': await firstOf(`/webhooks/${hook.body.id}/deliveries`),
    '/admin/settings/administrators': owner.id,
    '/admin/settings/api-keys': String(key.body.id),
    '/admin/settings/connections': await firstOf('/connections'),
    '/admin/settings/domains': String(domain.body.id),
  };
}
