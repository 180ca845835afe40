import { uriOf } from '../../src/downstream/ssf/event-uris.ts';
import { until } from '../notifications/support.ts';
import type { Product } from '../support/product.ts';

type Send = (method: string, path: string, body?: object) => Promise<{ body: Record<string, unknown> }>;

const site = 'https://payroll.whiterabbit.fake';
const apps = {
  payroll: {
    kind: 'gtr',
    name: 'Payroll',
    settings: {
      endpoint: `${site}/global-token-revocation`,
      auth: { method: 'signed_jwt', clientId: 'white-rabbit', audience: null },
    },
  },
  wiki: {
    kind: 'oidc',
    name: 'Wiki',
    settings: {
      redirectUris: ['https://wiki.whiterabbit.fake/callback'],
      backchannelLogoutUri: 'https://wiki.whiterabbit.fake/backchannel-logout',
    },
  },
  sales: {
    kind: 'gtr',
    name: 'Sales desk',
    settings: {
      endpoint: 'https://sales-desk.okta.example/oauth2/v1/global-token-revocation',
      auth: {
        method: 'oauth',
        tokenEndpoint: 'https://sales-desk.okta.example/oauth2/v1/token',
        clientId: '0oa8x2',
        clientAuth: 'private_key_jwt',
      },
    },
  },
  doors: {
    kind: 'gtr',
    name: 'Door badges',
    settings: { endpoint: 'https://doors.whiterabbit.fake/revoke', naming: 'id', auth: { method: 'bearer' } },
    credential: 'the-key-that-the-doors-have-made',
  },
  soc: { kind: 'ssf', name: 'Security operations', settings: { audience: 'https://soc.whiterabbit.fake' } },
} as const;

export type LifelikeApps = Readonly<Record<keyof typeof apps, string>>;

/** Adds apps that nothing is sent to: nobody is at their addresses here. */
export async function plantApps(product: Product, send: Send, people: readonly string[]): Promise<LifelikeApps> {
  const orgId = product.orgs.whiterabbit.id;
  const ids: Record<string, string> = {};
  for (const [name, app] of Object.entries(apps))
    ids[name] = String((await send('POST', '/apps', { ...app, state: 'paused' })).body.id);
  await product.context.pool.query(
    `INSERT INTO app_people (org_id, app_id, user_id, seen_at) SELECT $1, $2, unnest($3::text[]), now() - interval '2 days'`,
    [orgId, ids.wiki, people],
  );
  await product.context.pool.query(
    `INSERT INTO event_streams (org_id, id, app_id, method, events_requested) VALUES ($1, 'str_soc', $2, 'poll', $3)`,
    [orgId, ids.soc, Object.values(uriOf)],
  );
  return ids as LifelikeApps;
}

/** What the apps were told, as if they had answered; the sales desk is away since a while. */
export async function settleForwards(product: Product, { sales }: LifelikeApps): Promise<void> {
  const { pool } = product.context;
  const orgId = product.orgs.whiterabbit.id;
  await until(async () => (await pool.query('SELECT FROM forward_outbox WHERE org_id = $1', [orgId])).rowCount === 0);
  await pool.query(
    `UPDATE forwards f SET revoked_at = r.created_at, created_at = r.created_at,
       finished_at = CASE WHEN f.finished_at IS NOT NULL THEN r.created_at + interval '0.1 seconds' END FROM revocations r
     WHERE f.org_id = $1 AND r.org_id = f.org_id AND r.id = f.revocation_id`,
    [orgId],
  );
  await pool.query(
    `UPDATE forwards f SET attempts = 1, names = '{}', finished_at = f.revoked_at + interval '0.3 seconds',
       status = 'delivered', error = NULL, http_status = CASE a.kind WHEN 'gtr' THEN 204 WHEN 'oidc' THEN 200 END
     FROM apps a WHERE f.org_id = $1 AND f.status = 'pending' AND a.org_id = f.org_id AND a.id = f.app_id AND a.id <> $2`,
    [orgId, sales],
  );
  // The sales desk knows some of them, refuses one, and doesn't answer any more.
  await pool.query(
    `UPDATE forwards f SET attempts = 1, finished_at = f.revoked_at + interval '0.6 seconds',
       status = CASE WHEN s.n = 3 THEN 'dead' ELSE 'delivered' END, error = CASE s.n WHEN 3 THEN 'refused' ELSE 'unknown_there' END,
       http_status = CASE s.n WHEN 3 THEN 403 ELSE 404 END, names = '{"email":"a@b.fake"}'
     FROM (SELECT id, row_number() OVER (ORDER BY revoked_at DESC, id) AS n FROM forwards WHERE org_id = $1 AND app_id = $2 AND status = 'pending') s
     WHERE f.org_id = $1 AND f.id = s.id AND s.n > 1`,
    [orgId, sales],
  );
  await pool.query(
    `UPDATE forwards SET attempts = 14, error = 'timeout', due_at = now() + interval '40 seconds'
     WHERE org_id = $1 AND app_id = $2 AND status = 'pending'`,
    [orgId, sales],
  );
  await pool.query(
    `INSERT INTO forward_attempts (org_id, forward_id, number, at, status, duration_ms, error)
     SELECT org_id, id, attempts, coalesce(finished_at, now()), http_status, 60 + length(id) + ascii(right(id, 1)), error
     FROM forwards WHERE org_id = $1 AND attempts > 0 ON CONFLICT DO NOTHING`,
    [orgId],
  );
  await pool.query(
    `UPDATE apps a SET state = 'enabled', updated_at = created_at, last_received_at = (
       SELECT max(finished_at) FROM forwards f WHERE f.org_id = a.org_id AND f.app_id = a.id AND f.status = 'delivered')
     WHERE org_id = $1`,
    [orgId],
  );
  await pool.query(
    `UPDATE apps SET away_since = now() - interval '26 minutes', failures = 14, probe_at = now() + interval '1 day'
     WHERE org_id = $1 AND id = $2`,
    [orgId, sales],
  );
}
