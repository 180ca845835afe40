import type { PoolClient } from 'pg';
import { event } from '../planned-people.ts';
import { uriOf } from './event-uris.ts';

const type = 'credential-change';

/**
 * Plans what receivers hear of shared accounts: that a password is another one from now on. In the
 * caller's transaction. Only a stream that asked for this type hears of it, whomever its app
 * concerns: an account is nobody. `user_id` is the account, `names` what it is called.
 *
 * Several revocations may be the cause of one change. It is one event all the same: a token for each
 * would tell of as many changes. A token's `txn` is one string (RFC 8417 §2.2), so it is that of the
 * revocation whose person had read the password, or of the first; `account.rotated` names them all.
 */
export async function planAccountEvents(
  client: PoolClient,
  taken: readonly Readonly<{ event_id: string; org_id: string }>[],
): Promise<void> {
  await client.query({
    text: planSql,
    values: [taken.map(({ org_id }) => org_id), taken.map(({ event_id }) => event_id), uriOf[type]],
  });
}

const planSql = `
  WITH ${event}
  INSERT INTO forwards (org_id, id, app_id, user_id, event_id, type, names, said, jti, revoked_at)
  SELECT e.org_id, 'fwd_' || substr(encode(sha256(convert_to(e.id || ' ${type} ' || a.id, 'UTF8')), 'hex'), 1, 32),
         a.id, e.target_id, e.id, '${type}', jsonb_build_object('account', e.detail ->> 'name'),
         jsonb_build_object('initiator', r.initiator, 'cause', coalesce(e.detail ->> 'cause', CASE e.action WHEN 'account.reconciled' THEN 'reconcile' ELSE 'hand' END), 'revocation', r.id),
         gen_random_uuid(), e.at
  FROM event e
  JOIN apps a ON a.org_id = e.org_id AND a.kind = 'ssf' AND a.state <> 'disabled' AND a.settings -> 'events' ? '${type}'
  JOIN event_streams s ON s.org_id = a.org_id AND s.app_id = a.id AND s.status <> 'disabled' AND $3 = ANY (s.events_requested)
  LEFT JOIN revocations r ON r.org_id = e.org_id AND r.id = e.revocation
  WHERE e.action IN ('account.rotated', 'account.rotation_confirmed', 'account.reconciled')
  ON CONFLICT DO NOTHING`;
