/**
 * SQL over `r` (revocations): it came from outside and ended nothing here. What somebody held at that
 * moment isn't counted yet while tombstones are pending.
 */
export const endedNothing = `coalesce(r.initiator IN ('idp', 'signal') AND NOT r.tombstones_pending
  AND coalesce(r.sessions_ended, 0) + coalesce(r.grants_ended, 0) = 0, false)`;

/**
 * SQL over `p` (a planned person; `may_echo`: it ended nothing) and `a` (apps): it is the echo of what
 * this app was just told of all of the person, in an event of the same `type`. Two backends that
 * forward to each other would never stop.
 * What was told late, because the app was away, is known by when it was told.
 */
export const isEcho = (type: string): string => `(p.may_echo AND EXISTS (
  SELECT FROM forwards f
  WHERE f.org_id = p.org_id AND f.app_id || '' = a.id AND f.user_id = p.user_id AND f.status <> 'left_out'
    AND f."full" AND f.type = ${type}
    AND f.created_at > p.revoked_at - interval '25 hours' AND f.revoked_at < p.revoked_at
    AND (f.revoked_at > p.revoked_at - interval '10 seconds'
         OR (f.status IN ('delivered', 'dead') AND f.finished_at > p.revoked_at - interval '10 seconds'))))`;
