// Found first, by their keys: else a plan for small tables begins with all of an org's revocations.
export const event = `event AS MATERIALIZED (
    SELECT e.org_id, e.id, e.at, e.action, e.target_type, e.target_id, e.detail, e.detail ->> 'revocation' AS revocation
    FROM unnest($1::text[], $2::text[]) AS taken (org_id, event_id)
    JOIN audit_events e ON e.org_id = taken.org_id AND e.id = taken.event_id)`;

/**
 * SQL: the people of `revoked` with the names by which apps know them: those of now, or, of somebody
 * removed, those of the moment of the removal. `revoked` is SQL with
 * (org_id, user_id, …), and may read `event`, of $1 and $2: orgs and ids.
 */
export const plannedPeople = (revoked: string) => `
  WITH ${event}, revoked AS MATERIALIZED (${revoked}
  ), person AS MATERIALIZED (
    SELECT r.*, coalesce(d.email, u.email) AS email,
           CASE WHEN d.user_id IS NULL THEN i.issuer ELSE d.issuer END AS issuer,
           CASE WHEN d.user_id IS NULL THEN i.subject ELSE d.subject END AS subject,
           CASE WHEN d.user_id IS NULL THEN u.external_id ELSE d.external_id END AS external_id,
           CASE WHEN d.user_id IS NULL THEN coalesce(u.user_name, u.email) ELSE coalesce(d.user_name, d.email) END AS user_name,
           coalesce(d.groups, ARRAY(SELECT m.group_id FROM group_members m WHERE m.org_id = u.org_id AND m.user_id = u.id)) AS groups,
           u.deleted_at IS NOT NULL AND d.user_id IS NULL AS nameless,
           (SELECT f.email FROM departed_people f WHERE f.org_id = u.org_id AND f.user_id = u.id AND u.deleted_at IS NULL AND f.email <> u.email) AS former_email
    FROM revoked r
    JOIN users u ON u.org_id = r.org_id AND u.id = r.user_id
    LEFT JOIN departed_people d ON d.org_id = u.org_id AND d.user_id = u.id AND u.deleted_at IS NOT NULL
    LEFT JOIN LATERAL (
      SELECT i.issuer, i.subject FROM identities i
      WHERE i.org_id = u.org_id AND i.user_id = u.id AND i.connection_id IS NOT NULL
      ORDER BY coalesce(i.claimed_at, i.created_at) DESC LIMIT 1
    ) i ON true
  )`;

// What follows is SQL over `p` (a person as above), `a` (apps) and `there`.

/** What the app knows of the person: `there`, or nothing. */
export const joinThere =
  'LEFT JOIN app_people there ON there.org_id = a.org_id AND there.app_id = a.id AND there.user_id = p.user_id';

/**
 * Whether the app concerns the person. Whoever is known there is concerned although they are in none
 * of its groups any more: identity providers take people out of groups before they switch them off.
 */
export const isConcerned = `CASE coalesce(a.settings -> 'concerns' ->> 'who', 'seen')
  WHEN 'everyone' THEN true
  WHEN 'groups' THEN there.user_id IS NOT NULL OR a.settings -> 'concerns' -> 'groups' ?| p.groups
  ELSE there.user_id IS NOT NULL END`;

const nameThere = `coalesce(there.name_there, CASE a.settings ->> 'attribute' WHEN 'externalId' THEN p.external_id
                                                                          WHEN 'userName' THEN p.user_name END)`;

/** A forward's `names`. */
export const namesOf = `jsonb_build_object('userId', p.user_id, 'email', p.email, 'issuer', p.issuer, 'subject', p.subject,
                                           'there', ${nameThere}, 'formerEmail', p.former_email)`;

/** Why the app can't be told of the person: it knows people by a name that this one doesn't have. */
export const noNameFor = `CASE WHEN a.settings ->> 'naming' = 'iss_sub' AND p.subject IS NULL THEN 'no_identity'
  WHEN a.settings ->> 'naming' = 'id' AND ${nameThere} IS NULL THEN 'no_name_there' END`;
