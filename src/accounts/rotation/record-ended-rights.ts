import type { PoolClient } from 'pg';

/** A row of the outbox: whose rights to which accounts ended, and what ended them; `ended`: null: that is on record already. */
export type EndedRights = Readonly<{
  org_id: string;
  account_ids: readonly string[];
  user_ids: readonly string[];
  revocation_id: string | null;
  /** `rights`: of each of these accounts. */
  ended: 'person_off' | 'group_left' | 'group_removed' | null;
  rights: readonly string[];
  group_id: string | null;
  created_at: Date;
}>;

/** Events of one row that name each person; where there would be more, each account has one with a count. */
const mostOfPeople = 200;

/**
 * Puts on record which rights to shared accounts ended because somebody was switched off, left a
 * group, or a group was removed: rows of the outbox with `ended`. It is done after the commit that
 * ended them, which waits for none of it, by whoever did that: the event of the same transaction
 * tells. `endedAt` is when it was.
 */
export async function recordEndedRights(client: PoolClient, taken: readonly EndedRights[]): Promise<void> {
  const rows = taken.filter(({ ended }) => ended !== null);
  if (rows.length > 0) await client.query(recordSql, [JSON.stringify(rows)]);
}

// A person's row has the revocation, whose event was written in the statement of the trigger. Of
// groups the event comes later in the transaction, which holds the lock of the group's row, and the
// person's if they are removed: so it is the first one since the trigger. Events are found by their
// target and time. An account that is gone by now has ended its rights itself.
const recordSql = `
  WITH ended AS MATERIALIZED (
    SELECT t.*, by.* FROM jsonb_to_recordset($1::jsonb) AS t (org_id text, account_ids text[], rights text[], user_ids text[],
      group_id text, revocation_id text, ended text, created_at timestamptz(3))
    LEFT JOIN LATERAL (
      SELECT e.actor_type, e.actor_id, e.actor_ref, e.ip, e.request_id FROM audit_events e
      WHERE e.org_id = t.org_id
        AND e.target_id IN (t.group_id, CASE WHEN cardinality(t.user_ids) = 1 THEN t.user_ids[1] END)
        AND e.at BETWEEN t.created_at - interval '30 seconds' AND t.created_at + interval '30 seconds'
        AND CASE WHEN t.ended = 'person_off' THEN e.detail ->> 'revocation' = t.revocation_id
            ELSE e.at >= t.created_at AND e.action IN ('group.changed', 'group.removed', 'user.removed') END
      ORDER BY e.at LIMIT 1
    ) by ON true
  )
  INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, actor_ref, ip, request_id, target_type, target_id, detail)
  SELECT t.org_id, 'evt_' || replace(gen_random_uuid()::text, '-', ''), 'account.right_ended', coalesce(t.actor_type, 'system'),
         t.actor_id, t.actor_ref, t.ip, t.request_id, 'account', k.account_id,
         jsonb_strip_nulls(jsonb_build_object(
           'name', a.name, 'user', w.user_id, 'group', t.group_id, 'right', k."right", 'cause', t.ended,
           'people', CASE WHEN w.user_id IS NULL THEN cardinality(t.user_ids) END, 'revocation', t.revocation_id,
           'endedAt', to_char(t.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
  FROM ended t
  CROSS JOIN LATERAL unnest(t.account_ids, t.rights) AS k (account_id, "right")
  JOIN accounts a ON a.org_id = t.org_id AND a.id = k.account_id
  CROSS JOIN LATERAL unnest(
    CASE WHEN t.ended = 'group_removed' OR cardinality(t.user_ids) * cardinality(t.account_ids) > ${mostOfPeople}
              AND cardinality(t.user_ids) > 1
    THEN ARRAY[NULL]::text[] ELSE t.user_ids END) AS w (user_id)`;
