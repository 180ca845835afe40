import { isEcho } from './echo.ts';
import { ofMissingNames } from './missing-names.ts';
import { isConcerned, joinThere, namesOf, noNameFor, plannedPeople } from './planned-people.ts';

/**
 * SQL that plans logouts from `revoked`: SQL with (org_id, event_id, revocation_id, user_id,
 * revoked_at, mass, may_echo). What isn't sent has a row too: a receipt can then say why.
 *
 * - What has a reason not to be sent takes nothing's place.
 * - Of the rest the latest of a person stays, in one batch or in several: a backlog stays in the
 *   order of apps and people. A step of an org-wide sign-out may come after a later sign-out.
 * - Others of the person are found by them (`|| ''` keeps PostgreSQL from asking the index of what
 *   an app has, which may be thousands), and locked in the order in which those are that are settled.
 */
export const planLogoutsSql = (revoked: string) => `${plannedPeople(revoked)}, planned AS MATERIALIZED (
    SELECT p.org_id, 'fwd_' || substr(encode(sha256(convert_to(p.revocation_id || ' ' || p.user_id || ' ' || a.id, 'UTF8')), 'hex'), 1, 32) AS id,
           a.id AS app_id, p.user_id, p.event_id, p.revocation_id, p.revoked_at, p.mass,
           ${namesOf} AS names, CASE WHEN ${isEcho("'logout'")} THEN 'echo' ELSE ${noNameFor} END AS reason
    FROM person p
    JOIN apps a ON a.org_id = p.org_id AND a.state <> 'disabled' AND a.kind IN ('gtr', 'oidc')
    ${joinThere}
    WHERE ${isConcerned}
  ), fated AS MATERIALIZED (
    SELECT p.*, CASE
      WHEN reason IS NOT NULL THEN 'left_out'
      WHEN row_number() OVER (PARTITION BY p.org_id, p.app_id, p.user_id, reason IS NULL
                              ORDER BY p.revoked_at DESC, p.revocation_id DESC) > 1 THEN 'superseded'
      WHEN EXISTS (
        SELECT FROM forwards f
        WHERE f.org_id = p.org_id AND f.app_id || '' = p.app_id AND f.user_id = p.user_id AND f."full"
          AND f.created_at > p.revoked_at AND f.revoked_at > p.revoked_at
          AND f.status NOT IN ('left_out', 'cancelled')) THEN 'superseded'
      ELSE 'pending' END AS status
    FROM planned p
  ), overtaken AS MATERIALIZED (
    SELECT f.org_id, f.id FROM fated p JOIN forwards f ON f.org_id = p.org_id AND f.user_id = p.user_id
    WHERE p.status = 'pending' AND f.app_id || '' = p.app_id AND f.status || '' = 'pending' AND f.revoked_at < p.revoked_at AND f.id <> p.id
    ORDER BY f.org_id, f.id FOR NO KEY UPDATE OF f
  ), superseded AS (
    UPDATE forwards f SET status = 'superseded', names = '{}', finished_at = clock_timestamp()
    FROM overtaken o WHERE f.org_id = o.org_id AND f.id = o.id
  ), made AS (
    INSERT INTO forwards (org_id, id, app_id, user_id, event_id, revocation_id, names, status, error, mass, revoked_at, finished_at)
    SELECT org_id, id, app_id, user_id, event_id, revocation_id,
           CASE WHEN status = 'pending' OR reason = 'echo' THEN names ELSE '{}' END,
           status, reason, mass, revoked_at, CASE WHEN status <> 'pending' THEN clock_timestamp() END
    FROM fated
    ON CONFLICT DO NOTHING
    RETURNING org_id, app_id, error
  )
  ${ofMissingNames}`;
