import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { type Call, type Operation, operation } from '../api/operation.ts';
import { erasePerson } from '../revocation/erase-person.ts';
import { lockWithOwners } from '../users/roles.ts';
import { noSuchPerson } from './change-person.ts';
import { type ConcernedPeople, lookAtPeople, type Seen } from './concerned.ts';
import { createEndConfirmed, type Ending, type EndingDeps } from './end-confirmed.ts';
import { askedBack } from './ending-access.ts';
import { reference } from './forms.ts';

const erasure = z
  .strictObject({
    confirmation: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .describe('From the 409 that this request was answered with first.'),
  })
  .meta({ id: 'Erasure' });

const erased = z
  .object({
    revocationId: z.string().nullable().describe('Null for somebody who had been removed before.'),
    sessionsEnded: z.int(),
    grantsEnded: z.int(),
  })
  .meta({ id: 'Erased' });

/** Removes people with their names on record. */
export function erasingOperations(deps: EndingDeps): readonly Operation[] {
  const endConfirmed = createEndConfirmed(deps);
  return [
    operation({
      method: 'post',
      path: '/api/orgs/current/users/{id}/erasure',
      id: 'eraseUser',
      bodyExample: {},
      tag: 'People',
      summary: 'Remove a person for good, with their names on record',
      description:
        'Ends all of their access, frees their address, and erases their names and addresses from the record, and the reasons for which their access was ended. Their events stay, under an id that says nothing. Also for somebody who was removed before, by the id in the record. It can’t be undone. Without `confirmation` nothing happens: the answer says what would end.',
      permission: 'people.erase',
      params: z.object({ id: reference }),
      body: erasure,
      success: { status: 200, description: 'Nothing here says who they were any more.', schema: erased },
      also: [askedBack],
      problems: ['not_found', 'conflict', 'confirmation_required'],
      handle: (call) => endConfirmed(call, erasingOf(call, call.params.id)),
    }),
  ];
}

const erasingOf = ({ orgId, by }: Call, id: string): Ending<ConcernedPeople, z.infer<typeof erased>> => ({
  confirmed: { action: 'erasure', target: id },
  permission: 'people.erase',
  look: async (db, lock) => {
    // In the order of their ids with the owners: of two erasures at once, neither blocks the other.
    if (lock) await lockWithOwners(db as PoolClient, orgId, [id]);
    return lookAtAnybody(db, orgId, id, lock);
  },
  end: async (client) => {
    const locked = await lockWithOwners(client, orgId, [id]);
    const done = await erasePerson(client, id, { orgId, by, initiator: 'admin' }, { locked });
    if (!done) throw noSuchPerson();
    const { revocationId = null, sessionsEnded = 0, grantsEnded = 0 } = done.revoked ?? {};
    return { revocationId, sessionsEnded, grantsEnded };
  },
});

/** Also finds somebody who has been removed: nothing of theirs would end. @throws AppError not_found */
async function lookAtAnybody(
  db: Pool | PoolClient,
  orgId: string,
  id: string,
  lock: boolean,
): Promise<Seen<ConcernedPeople>> {
  const seen = await lookAtPeople(db, orgId, [id], lock);
  if (seen.whose.userIds.length > 0) return seen;
  const { rowCount } = await db.query({
    name: 'person-ever',
    text: 'SELECT FROM users WHERE org_id = $1 AND id = $2',
    values: [orgId, id],
  });
  if (!rowCount) throw noSuchPerson();
  return { ...seen, whose: { kind: 'people', userIds: [], unknown: [] } };
}
