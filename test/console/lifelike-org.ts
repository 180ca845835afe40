import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import sharp from 'sharp';
import { recordEvent } from '../../src/audit/record.ts';
import type { Role } from '../../src/database/generated/client.ts';
import { newId } from '../../src/database/ids.ts';
import { relayed, until } from '../notifications/support.ts';
import { clientOf } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import type { Product } from '../support/product.ts';
import { plantAccounts, settleRotations } from './lifelike-accounts.ts';
import { plantApps, settleForwards } from './lifelike-apps.ts';

const agents = {
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  iphone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  chrome:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
  safari:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
} as const;
type Agent = keyof typeof agents;

type Lifelike = Readonly<{ name: string; role?: Role; browsers: readonly Agent[]; apps?: number; groups?: string[] }>;

const everybody: readonly Lifelike[] = [
  { name: 'Morpheus Fishburne', role: 'owner', browsers: ['firefox', 'iphone'], groups: ['Operations'] },
  { name: 'Zoe Smith', browsers: ['firefox', 'iphone', 'chrome'], apps: 1, groups: ['Engineering', 'Zion'] },
  { name: 'Neo Anderson', browsers: ['chrome', 'iphone'], apps: 1, groups: ['Engineering', 'Zion'] },
  { name: 'Niobe Okafor', role: 'super_admin', browsers: ['safari'], groups: ['Operations', 'Zion'] },
  { name: 'Olivia Brown', role: 'owner', browsers: ['edge'], groups: ['Operations'] },
  { name: 'Jürgen Müller', role: 'admin', browsers: ['firefox'], groups: ['Help desk'] },
  { name: 'Persephone Laurent', browsers: ['safari', 'iphone'], groups: ['Sales'] },
  { name: 'Dozer Williams', browsers: ['firefox'], groups: ['Engineering'] },
  { name: 'Tank Williams', browsers: ['chrome'], apps: 1, groups: ['Engineering'] },
  { name: 'Switch Novak', browsers: [], groups: ['Sales'] },
  { name: 'Mouse Tremblay', browsers: ['edge'], groups: ['Engineering'] },
  { name: 'Cypher Reagan', browsers: ['chrome', 'iphone'], groups: ['Sales'] },
  { name: 'Apoc Silva', browsers: ['firefox'], groups: ['Sales'] },
  { name: 'Seraph Chen', browsers: ['safari'], groups: ['Help desk'] },
  { name: 'Sati Raghavan', browsers: ['iphone'], groups: ['Sales'] },
];

const addressOf = (name: string) => `${name.toLowerCase().replaceAll('ü', 'ue').replaceAll(' ', '.')}@whiterabbit.fake`;

export type LifelikeOrg = Awaited<ReturnType<typeof plantLifelikeOrg>>;

/**
 * White Rabbit as an organisation looks after a week: people with devices, groups, sign-outs and
 * refused calls over the days, a logo, a webhook. Its ids by name, and its owner's session.
 */
export async function plantLifelikeOrg(product: Product) {
  const { pool } = product.context;
  const org = product.orgs.whiterabbit;
  await pool.query(`UPDATE orgs SET name = 'White Rabbit' WHERE id = $1`, [org.id]);
  await pool.query(`UPDATE connections SET name = 'Okta', tells_auth_time = true WHERE org_id = $1`, [org.id]);
  await pool.query(`UPDATE api_keys SET name = 'Okta Workflows' WHERE org_id = $1`, [org.id]);
  await pool.query(`UPDATE users SET name = 'Trinity Moss' WHERE org_id = $1 AND email = 'trinity@whiterabbit.fake'`, [
    org.id,
  ]);
  const people = new Map<string, { id: string; cookies: string[] }>();
  for (const person of everybody) people.set(person.name, await plantPerson(product, person));
  const idOf = (name: string) => people.get(name)?.id as string;
  const groups = await plantGroups(product, idOf);

  const owner = people.get('Morpheus Fishburne') as { id: string; cookies: string[] };
  const cookie = owner.cookies[0] as string;
  const send = clientOf(product.url, cookie);
  const signOut = async (name: string, reason: Record<string, string>) => {
    const asked = await send('POST', `/users/${idOf(name)}/revocations`, {});
    const { confirmation } = asked.body;
    return (await send('POST', `/users/${idOf(name)}/revocations`, { reason, confirmation })).body;
  };
  await send('PATCH', '/look', { logo: (await logo()).toString('base64'), colour: '#8a1c5b' });
  await send('PATCH', '/policies', { helpText: 'IT help desk, 7:00 to 19:00\nhelp@whiterabbit.fake, +1 555 0100' });
  await send('POST', '/domains', { domain: 'whiterabbit-labs.fake' });
  const expiresAt = new Date(Date.now() + 90 * 86_400_000).toISOString();
  const key = await send('POST', '/api-keys', { name: 'Leavers script', scopes: ['revoke'], expiresAt });
  const scim = await send('POST', '/api-keys', { name: 'Okta provisioning', scopes: ['scim'] });
  const hook = await send('POST', '/webhooks', {
    url: 'https://hooks.whiterabbit.fake/sign-outs',
    kinds: ['revocation', 'role_change', 'refused_calls'],
  });
  const apps = await plantApps(
    product,
    send,
    [...people.values()].map(({ id }) => id),
  );
  const accounts = await plantAccounts(send, idOf);
  await signOut('Cypher Reagan', { administrators: 'Left the company', person: 'Your account has been closed.' });
  await send('PATCH', `/users/${idOf('Switch Novak')}`, { active: false });
  await send('PATCH', `/users/${idOf('Seraph Chen')}`, { role: 'admin' });
  for (const name of ['Mouse Tremblay', 'Apoc Silva', 'Sati Raghavan', 'Cypher Reagan', 'Dozer Williams'])
    await product.revoke({ format: 'email', email: addressOf(name) });
  for (const email of ['agent.jones@whiterabbit.fake', 'zoe@whiterabbit.fake'])
    await product.revoke({ format: 'email', email });
  await product.revoke({ format: 'phone_number', phone_number: '+15550100' });
  await product.revoke(undefined, { apiKey: 'ul_a_key_that_ended' });
  await fetch(`${product.url}/openid/backchannel-logout/whiterabbit`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'logout_token=eyJhbGciOiJub25lIn0.e30.',
  });
  await provision(product.url, String(scim.body.apiKey), idOf('Apoc Silva'), addressOf('Zoe Smith'));
  await relayed(product);
  await deliver(product);
  await spreadOverDays(product);
  await putDevices(product);
  await settleForwards(product, apps);
  await settleRotations(product, accounts);
  return {
    cookie,
    ids: Object.fromEntries([...people].map(([name, { id }]) => [name, id])),
    groups,
    connection: org.connectionId,
    key: String(key.body.id),
    scimKey: String(scim.body.id),
    webhook: String(hook.body.id),
    apps,
    accounts,
    addressOf,
  };
}

/** Adds somebody, changes them, switches `leaver` off, and is refused: `taken` is somebody's user name. */
async function provision(url: string, key: string, leaver: string, taken: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/scim+json' };
  const call = async (method: string, path: string, body: object) =>
    (await (await fetch(`${url}/scim/v2/Users${path}`, { method, headers, body: JSON.stringify(body) })).json()) as {
      id: string;
    };
  const user = (userName: string, displayName: string) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName,
    displayName,
    emails: [{ value: userName }],
  });
  const change = (path: string, value: unknown) => ({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path, value }],
  });
  const { id } = await call('POST', '', user(addressOf('Rama Kandra'), 'Rama'));
  await call('PATCH', `/${id}`, change('displayName', 'Rama Kandra'));
  await call('PATCH', `/${leaver}`, change('active', false));
  await call('POST', '', user(taken, 'Zoe Smith'));
}

async function plantPerson(product: Product, { name, role = 'member', browsers, apps = 0 }: Lifelike) {
  const { pool } = product.context;
  const orgId = product.orgs.whiterabbit.id;
  const [person] = await plantUsers(product, 1, { sessions: browsers.length });
  if (!person) throw new Error('nobody was planted');
  const email = addressOf(name);
  await pool.query(
    `UPDATE users SET name = $2, email = $3, email_key = $3, role = $4::"Role", created_at = now() - interval '90 days'
     WHERE id = $1`,
    [person.id, name, email, role],
  );
  await pool.query(
    `UPDATE identities SET subject = $2, claimed_email = $3, claimed_email_key = $3, claim_verified = true,
       claimed_at = now() - interval '2 hours' WHERE user_id = $1`,
    [person.id, `00u${randomBytes(6).toString('hex')}`, email],
  );
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM sessions WHERE user_id = $1 ORDER BY id', [
    person.id,
  ]);
  for (const [index, { id }] of rows.entries()) {
    const agent = browsers[index] as Agent;
    const ip = `192.0.2.${randomInt(10, 250)}`;
    await pool.query(
      'UPDATE sessions SET user_agent = $2, ip = $3, last_seen_ip = $3, authenticated_at = now() WHERE id = $1',
      [id, agents[agent], ip],
    );
    await recordEvent(pool, {
      orgId,
      action: 'sign_in.succeeded',
      by: { actor: { type: 'user', id: person.id }, ip: ip, requestId: randomUUID() },
      target: { type: 'session', id },
      detail: { connection: product.orgs.whiterabbit.connectionId },
    });
  }
  const grants = await plantGrants(product, { orgId, userId: person.id }, apps);
  for (const { id } of grants)
    await pool.query(
      `UPDATE grants SET ip = '198.51.100.7', last_seen_ip = '198.51.100.7', user_agent = $2 WHERE id = $1`,
      [id, agents.iphone],
    );
  return person;
}

async function plantGroups(product: Product, idOf: (name: string) => string) {
  const { pool } = product.context;
  const orgId = product.orgs.whiterabbit.id;
  const ids: Record<string, string> = {};
  for (const name of new Set(everybody.flatMap(({ groups = [] }) => groups))) {
    const id = newId('group');
    ids[name] = id;
    await pool.query('INSERT INTO groups (org_id, id, display_name) VALUES ($1, $2, $3)', [orgId, id, name]);
    for (const person of everybody.filter(({ groups }) => groups?.includes(name)))
      await pool.query('INSERT INTO group_members (org_id, group_id, user_id) VALUES ($1, $2, $3)', [
        orgId,
        id,
        idOf(person.name),
      ]);
  }
  return ids;
}

/** What was done a moment ago as if it had been done over the last days; the newest stays today. */
async function spreadOverDays(product: Product): Promise<void> {
  const { pool } = product.context;
  const orgId = product.orgs.whiterabbit.id;
  await pool.query('ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only');
  await pool.query(
    `UPDATE audit_events e SET at = now() - spread.n * interval '397 minutes' - interval '7 minutes'
     FROM (SELECT id, row_number() OVER (ORDER BY at DESC) - 1 AS n FROM audit_events WHERE org_id = $1) spread
     WHERE e.org_id = $1 AND e.id = spread.id`,
    [orgId],
  );
  await pool.query('ALTER TABLE audit_events ENABLE TRIGGER audit_events_append_only');
  await pool.query(
    `UPDATE revocations r SET created_at = e.at FROM audit_events e
     WHERE r.org_id = $1 AND e.org_id = r.org_id AND e.detail ->> 'revocation' = r.id`,
    [orgId],
  );
  await pool.query(
    `UPDATE notifications n SET first_at = e.at, last_at = e.at, created_at = e.at FROM audit_events e
     WHERE n.org_id = $1 AND e.org_id = n.org_id AND e.id = n.event_id`,
    [orgId],
  );
  for (const [table, since] of [
    ['groups', 60],
    ['api_keys', 40],
    ['webhooks', 20],
    ['apps', 20],
    ['connections', 80],
  ] as const)
    await pool.query(`UPDATE ${table} SET created_at = now() - $2 * interval '1 day' WHERE org_id = $1`, [
      orgId,
      since,
    ]);
}

/** When each device signed in and was seen: some now, some days ago. */
async function putDevices(product: Product): Promise<void> {
  for (const table of ['sessions', 'grants'])
    await product.context.pool.query(
      `UPDATE ${table} t SET created_at = now() - s.n * interval '7 hours' - interval '50 minutes',
         last_seen_at = now() - s.n * s.m * interval '13 minutes'
       FROM (SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY id) AS n,
                    dense_rank() OVER (ORDER BY user_id) AS m FROM ${table} WHERE org_id = $1) s
       WHERE t.org_id = $1 AND t.id = s.id`,
      [product.orgs.whiterabbit.id],
    );
}

/** The webhook's messages as its receiver took them: nobody is at that address here. */
async function deliver(product: Product): Promise<void> {
  const { pool } = product.context;
  const orgId = product.orgs.whiterabbit.id;
  await until(async () => (await pool.query('SELECT FROM delivery_attempts WHERE org_id = $1', [orgId])).rowCount);
  await pool.query(`DELETE FROM delivery_attempts WHERE org_id = $1`, [orgId]);
  await pool.query(
    `UPDATE deliveries SET status = 'delivered', error = NULL, attempts = 1, tries = 1, finished_at = now() WHERE org_id = $1`,
    [orgId],
  );
}

/** A rabbit's head in white on a colour. */
function logo(): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#8a1c5b"/><g fill="#fff"><ellipse cx="24" cy="18" rx="5" ry="14"/><ellipse cx="40" cy="18" rx="5" ry="14"/><circle cx="32" cy="42" r="16"/></g><g fill="#8a1c5b"><circle cx="26" cy="40" r="2.2"/><circle cx="38" cy="40" r="2.2"/><ellipse cx="32" cy="46" rx="2.4" ry="1.6"/></g></svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}
