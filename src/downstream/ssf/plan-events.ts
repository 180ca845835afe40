import type { PoolClient } from 'pg';
import { endedNothing, isEcho } from '../echo.ts';
import { ofMissingNames, tellOfMissingNames } from '../missing-names.ts';
import { isConcerned, joinThere, namesOf, noNameFor, plannedPeople } from '../planned-people.ts';
import { uriOf } from './event-uris.ts';

type Taken = Readonly<{ event_id: string; org_id: string }>;

/**
 * Plans what receivers hear of from audit events: the end of all access, and that an account was
 * switched off, switched on or removed. In the caller's transaction.
 */
export async function planEvents(client: PoolClient, taken: readonly Taken[]): Promise<void> {
  const { rows } = await client.query({
    text: planSql(`
      SELECT e.org_id, e.id AS event_id, r.id AS revocation_id, e.target_id AS user_id, coalesce(r.created_at, e.at) AS revoked_at,
             false AS mass, kinds.type, r.initiator, r.reason AS reason_text, r.reason_for_person, r.caller_id,
             ${endedNothing} AS may_echo
      FROM event e
      LEFT JOIN revocations r ON r.org_id = e.org_id AND r.id = e.revocation AND r.user_id = e.target_id
      JOIN (VALUES ('access.revoked', 'session-revoked'), ('user.deactivated', 'session-revoked'),
                   ('user.deactivated', 'account-disabled'), ('user.activated', 'account-enabled'),
                   ('user.removed', 'account-purged'), ('user.erased', 'account-purged')) AS kinds (action, type) ON kinds.action = e.action
      WHERE e.target_type = 'user' AND (kinds.type <> 'session-revoked' OR r.user_generation IS NOT NULL)`),
    values: [taken.map(({ org_id }) => org_id), taken.map(({ event_id }) => event_id), types, uris],
  });
  await tellOfMissingNames(client, rows);
}

/** The same of some people of an org-wide sign-out. */
export async function planEventsOfEveryone(
  client: PoolClient,
  { org_id, event_id }: Taken,
  people: readonly Readonly<{ id: string }>[],
): Promise<void> {
  const { rows } = await client.query({
    text: planSql(`
      SELECT u.org_id, e.id AS event_id, r.id AS revocation_id, u.id AS user_id, r.created_at AS revoked_at, true AS mass,
             'session-revoked' AS type, r.initiator, r.reason AS reason_text, r.reason_for_person, r.caller_id, false AS may_echo
      FROM event e JOIN revocations r ON r.org_id = e.org_id AND r.id = e.revocation
      JOIN users u ON u.org_id = r.org_id AND u.id = ANY ($5::text[]) AND u.created_at <= r.created_at`),
    values: [[org_id], [event_id], types, uris, people.map(({ id }) => id)],
  });
  await tellOfMissingNames(client, rows);
}

const types = Object.keys(uriOf);
const uris = Object.values(uriOf);

/**
 * One forward for each event and receiver that asked for its type ($3 to $4: types and their URIs).
 * None of them is ever superseded. A receiver without a stream, or with one that is switched off,
 * hears nothing, and the receipt says so; so does a receiver that is where the event came from.
 */
const planSql = (events: string) => `${plannedPeople(events)}, planned AS MATERIALIZED (
    SELECT p.*, a.id AS app_id, ${namesOf} AS names, CASE
        WHEN s.id IS NULL THEN 'no_stream'
        WHEN s.status = 'disabled' THEN 'stream_disabled'
        WHEN p.caller_id = a.settings ->> 'connection' THEN 'came_from_there'
        WHEN removed.user_id IS NOT NULL THEN 'subject_removed'
        WHEN ${isEcho('p.type')} THEN 'echo'
        ELSE ${noNameFor} END AS reason
    FROM person p
    JOIN apps a ON a.org_id = p.org_id AND a.kind = 'ssf' AND a.state <> 'disabled' AND a.settings -> 'events' ? p.type
    JOIN unnest($3::text[], $4::text[]) AS known (type, uri) ON known.type = p.type
    LEFT JOIN event_streams s ON s.org_id = a.org_id AND s.app_id = a.id
    LEFT JOIN stream_subjects removed ON removed.org_id = s.org_id AND removed.stream_id = s.id AND removed.user_id = p.user_id
    ${joinThere}
    WHERE NOT p.nameless AND (s.id IS NULL OR known.uri = ANY (s.events_requested))
      AND ${isConcerned}
  ), made AS (
    INSERT INTO forwards (org_id, id, app_id, user_id, event_id, revocation_id, type, names, said, jti, status, error, mass, revoked_at, finished_at)
    SELECT org_id, 'fwd_' || substr(encode(sha256(convert_to(event_id || ' ' || type || ' ' || user_id || ' ' || app_id, 'UTF8')), 'hex'), 1, 32),
           app_id, user_id, event_id, revocation_id, type,
           CASE WHEN reason IS NULL OR reason = 'echo' THEN names ELSE '{}' END,
           jsonb_build_object('initiator', initiator, 'reasonAdmin', reason_text, 'reasonUser', reason_for_person),
           gen_random_uuid(), CASE WHEN reason IS NULL THEN 'pending' ELSE 'left_out' END, reason, mass, revoked_at,
           CASE WHEN reason IS NOT NULL THEN clock_timestamp() END
    FROM planned
    ON CONFLICT DO NOTHING
    RETURNING org_id, app_id, error
  )
  ${ofMissingNames}`;
