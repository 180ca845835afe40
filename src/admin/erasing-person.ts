import type { Pool, PoolClient } from 'pg';
import { erasePerson } from '../revocation/erase-person.ts';
import { lockWithOwners } from '../users/roles.ts';
import { noSuchPerson } from './change-person.ts';
import type { Changer, Ended } from './changer.ts';
import { type ConcernedPeople, digestOf, lookAtPeople } from './concerned.ts';
import type { Ending } from './end-confirmed.ts';

/** `revocationId`: null for somebody who had been removed before. */
export type Erased = Pick<Ended, 'sessionsEnded' | 'grantsEnded'> & Readonly<{ revocationId: string | null }>;

/** Somebody of the org, also one who was removed. */
type AnyPerson = Readonly<{
  removed: boolean;
  /** How they are called; of somebody who was removed, what the record still says, the last first. */
  names: readonly Readonly<{ name: string; email: string | null }>[];
}>;

/** Of the names that the record has, as many are shown. */
const mostNames = 20;

/**
 * Removes a person for good, with their names on record; of somebody who was removed before, erases
 * what the record still says. @throws AppError not_found; conflict, with `advice`, for the last
 * active owner
 */
export function erasingPerson(
  { orgId, by, initiator }: Changer,
  id: string,
  advice?: string,
): Ending<ConcernedPeople & { person: AnyPerson }, Erased> {
  return {
    confirmed: { action: 'erasure', target: id },
    permission: 'people.erase',
    look: async (db, lock) => {
      // In the order of their ids with the owners: of two erasures at once, neither blocks the other.
      if (lock) await lockWithOwners(db as PoolClient, orgId, [id]);
      const { whose, standing } = await lookAtPeople(db, orgId, [id], lock);
      const person = await readAnyPerson(db, orgId, id);
      if (!person) throw noSuchPerson();
      return { whose: { ...whose, unknown: [], person }, standing: digestOf([standing, person.names]) };
    },
    tell: async (_db, { person: { removed, names } }, words) => {
      const who = names.map(({ name, email }) => (email === null ? name : `${name} (${email})`)).join(', ');
      const [{ name = '', email = null } = {}] = names;
      const means = removed
        ? [who ? words.erasedBefore({ names: who }) : words.erasedBeforeNameless]
        : [words.eraseMeans({ who }), words.accessEnds({ name }), words.addressFreed({ email: email ?? '' })];
      return { means: [...means, words.eraseRecord, words.eraseForGood] };
    },
    end: async (client) => {
      const locked = await lockWithOwners(client, orgId, [id]);
      const done = await erasePerson(client, id, { orgId, by, initiator }, { locked, advice });
      if (!done) throw noSuchPerson();
      const { revocationId = null, sessionsEnded = 0, grantsEnded = 0 } = done.revoked ?? {};
      return { revocationId, sessionsEnded, grantsEnded };
    },
  };
}

/** Null when the org never had such a person. */
async function readAnyPerson(db: Pool | PoolClient, orgId: string, id: string): Promise<AnyPerson | null> {
  const { rows } = await db.query<AnyPerson>({
    name: 'person-ever',
    text: `SELECT u.deleted_at IS NOT NULL AS removed,
                  CASE WHEN u.deleted_at IS NULL THEN jsonb_build_array(jsonb_build_object('name', u.name, 'email', u.email))
                       ELSE (SELECT coalesce(jsonb_agg(jsonb_build_object('name', n.name, 'email', n.email) ORDER BY n.made_at DESC), '[]')
                             FROM (SELECT * FROM audit_names n WHERE n.org_id = u.org_id AND n.subject_id = u.id
                                   ORDER BY n.made_at DESC LIMIT ${mostNames}) n)
                  END AS names
           FROM users u WHERE u.org_id = $1 AND u.id = $2`,
    values: [orgId, id],
  });
  return rows[0] ?? null;
}
