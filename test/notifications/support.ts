import type { Browser } from '../support/browser.ts';
import type { Product, TestOrg } from '../support/product.ts';

export type Item = {
  id: string;
  position: number;
  kind: string;
  text: string;
  count: number;
  read: boolean;
  event: string;
  target: { type: string; id: string; name: string | null } | null;
  actor: { type: string; id: string | null; name: string | null };
  detail: Record<string, unknown>;
};
export type Feed = { items: Item[]; next: string | null; unreadCount: number; readUpTo: number };

export const here = '/api/orgs/current/notifications';

/** Trinity of that org with that role, signed in. */
export async function signInAs(product: Product, role: string, org: 'whiterabbit' | 'metacortex' = 'whiterabbit') {
  const browser = await product.signIn(org);
  await setRole(product, product.orgs[org], role);
  return browser;
}

export function setRole(product: Product, org: TestOrg, role: string) {
  return product.context.prisma.user.updateMany({ where: { id: org.userId }, data: { role: role as 'owner' } });
}

export async function feedOf(browser: Browser, query = ''): Promise<Feed> {
  const answer = await browser.get(`${here}${query}`);
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return answer.json<Feed>();
}

/** Asks until it holds. @throws after 50 s: what never holds must not be asked for ever */
export async function until<T>(ask: () => Promise<T | false | null | undefined>): Promise<T> {
  for (const start = performance.now(); performance.now() - start < 50_000; ) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`never came to hold: ${ask}`);
}

/**
 * Nothing is left that a relay would still turn into a notification, and who is to be told by mail is
 * noted.
 */
export async function relayed(product: Pick<Product, 'context'>): Promise<void> {
  const left = `SELECT FROM outbox UNION ALL SELECT FROM graphile_worker.jobs WHERE task_identifier = 'note-account-mails' LIMIT 1`;
  await until(async () => (await product.context.pool.query(left)).rowCount === 0);
}

export async function record(
  product: Product,
  org: TestOrg,
  event: {
    action: string;
    actorType?: string;
    actorId?: string | null;
    targetType?: string | null;
    targetId?: string | null;
    ip?: string | null;
    detail?: Record<string, unknown>;
  },
  times = 1,
): Promise<void> {
  await product.context.pool.query(
    `INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, detail)
     SELECT $1, 'evt_' || replace(gen_random_uuid()::text, '-', ''), $2, $3, $4, $5, $6, $7, $8 FROM generate_series(1, $9)`,
    [
      ...[org.id, event.action, event.actorType ?? 'system', event.actorId ?? null, event.targetType ?? null],
      ...[event.targetId ?? null, event.ip ?? null, JSON.stringify(event.detail ?? {}), times],
    ],
  );
}

/** Jobs that wait for their time, be it a pause after a failure or a window, run now. */
export async function hasten(product: Pick<Product, 'context'>): Promise<void> {
  await product.context.pool.query(
    `WITH due AS (UPDATE graphile_worker._private_jobs SET run_at = now() WHERE locked_at IS NULL RETURNING id)
     SELECT pg_notify('jobs:insert', '{"count":' || count(*) || '}') FROM due`,
  );
}

/** Runs what is planned until nothing is left. */
export async function drained(product: Pick<Product, 'context'>): Promise<void> {
  await relayed(product);
  await until(async () => {
    await hasten(product);
    return (await product.context.pool.query('SELECT FROM graphile_worker._private_jobs LIMIT 1')).rowCount === 0;
  });
}
