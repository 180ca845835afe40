import type { Answer } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import type { Product } from '../support/product.ts';

/** Sends JSON with a cookie, as a page of ours does; `path` from the root. */
export async function send(
  url: string,
  cookie: string,
  method: string,
  path: string,
  json?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { cookie, ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
}

export const reveal = (url: string, cookie: string, id: string) =>
  send(url, cookie, 'POST', `/api/users/me/accounts/${id}/reveal`);

/** People without a role who have just authenticated. */
export async function plantMembers(
  product: Product,
  count: number,
  options: { org?: 'whiterabbit' | 'metacortex'; sessions?: number } = {},
) {
  const users = await plantUsers(product, count, options);
  await product.context.pool.query('UPDATE sessions SET authenticated_at = now() WHERE user_id = ANY ($1)', [
    users.map(({ id }) => id),
  ]);
  return users.map((user) => ({ ...user, cookie: user.cookies[0] as string }));
}

/** A group with these people in it. */
export async function plantGroup(
  product: Product,
  id: string,
  members: readonly string[],
  org = 'whiterabbit' as const,
) {
  const { id: orgId } = product.orgs[org];
  const { pool } = product.context;
  await pool.query('INSERT INTO groups (org_id, id, display_name) VALUES ($1, $2, $2)', [orgId, id]);
  await pool.query('INSERT INTO group_members (org_id, group_id, user_id) SELECT $1, $2, unnest($3::text[])', [
    orgId,
    id,
    members,
  ]);
  return id;
}

type Sender = { send: (method: string, path: string, json?: unknown) => Promise<Answer> };

/** Adds an account with a password as an owner; returns its id. */
export async function addAccount({ send }: Sender, more: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await send('POST', '/accounts', {
    name: 'Computer',
    userName: 'operator',
    password: 'first-secret',
    ...more,
  });
  if (status !== 201) throw new Error(`no account was added: ${status} ${JSON.stringify(body)}`);
  return String(body.id);
}

/** Gives a right as an owner; returns its id. */
export async function giveRight({ send }: Sender, account: string, right: Record<string, unknown>): Promise<string> {
  const { status, body } = await send('POST', `/accounts/${account}/rights`, right);
  if (status !== 201) throw new Error(`no right was given: ${status} ${JSON.stringify(body)}`);
  return String(body.id);
}
