import type { Chore } from '../database/chores.ts';

/** Days, where an org keeps its record for ever. */
const standardDays = 400;
const days = `coalesce(o.audit_retention_days, ${standardDays})`;

/**
 * Removes who has read what, and rotations that are over, once they are as old as what the org's
 * record keeps. Whoever has read the password that still signs in is known as long as it does: it is
 * changed when they leave. So is a rotation whose former password is the last word on the account.
 */
export const sweepAccounts: Chore = async (client) => {
  const reveals = await client.query(
    `DELETE FROM account_reveals WHERE (org_id, id) IN (
       SELECT old.org_id, old.id FROM orgs o CROSS JOIN LATERAL (
         SELECT v.org_id, v.id FROM account_reveals v JOIN accounts a ON a.org_id = v.org_id AND a.id = v.account_id
         WHERE v.org_id = o.id AND v.at < now() - make_interval(days => ${days})
           AND v.version < a.version AND v.at < a.changed_at
         ORDER BY v.at LIMIT 1000) old
       LIMIT 5000)`,
  );
  const rotations = await client.query(
    `DELETE FROM account_rotations WHERE (org_id, id) IN (
       SELECT old.org_id, old.id FROM orgs o CROSS JOIN LATERAL (
         SELECT r.org_id, r.id FROM account_rotations r JOIN accounts a ON a.org_id = r.org_id AND a.id = r.account_id
         WHERE r.org_id = o.id AND r.finished_at < now() - make_interval(days => ${days})
           AND (r.state IN ('done', 'cancelled') OR r.candidate IS DISTINCT FROM a.version)
         ORDER BY r.finished_at LIMIT 1000) old
       LIMIT 5000)`,
  );
  return (reveals.rowCount ?? 0) + (rotations.rowCount ?? 0) > 0;
};
