import type { Role } from '../../src/database/generated/client.ts';
import { plantUsers } from './planted-sessions.ts';
import type { Product } from './product.ts';

export type Answer = { status: number; body: Record<string, unknown> & { code?: string }; headers: Headers };

/** What someone sends with this cookie, as a page of ours does. */
export const clientOf = (url: string, cookie?: string) => {
  return async (method: string, path: string, json?: unknown, at = url): Promise<Answer> => {
    const response = await fetch(`${at}/api/orgs/current${path}`, {
      method,
      headers: { ...(cookie ? { cookie } : {}), ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
  };
};

/**
 * Someone of a role who has just authenticated, with a session each; `send` asks the
 * administration's API with the first.
 */
export async function plantAdministrator(
  product: Pick<Product, 'context' | 'orgs' | 'env' | 'url'>,
  role: Role,
  { org = 'whiterabbit' as keyof Product['orgs'], sessions = 1 } = {},
) {
  const [user] = await plantUsers(product, 1, { sessions, org });
  if (!user) throw new Error('nobody was planted');
  const { pool } = product.context;
  await pool.query('UPDATE users SET role = $2::"Role" WHERE id = $1', [user.id, role]);
  await pool.query('UPDATE sessions SET authenticated_at = now() WHERE user_id = $1', [user.id]);
  const cookie = user.cookies[0] as string;
  return { ...user, cookie, send: clientOf(product.url, cookie) };
}
