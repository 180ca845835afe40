import type { Pool } from 'pg';
import type { Call } from '../api/operation.ts';
import { mayChangeRole } from '../api/permissions.ts';
import type { Role } from '../database/generated/client.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { switchOff, switchOn } from '../revocation/switch-person.ts';
import { changeRole, lockWithOwners } from '../users/roles.ts';
import { type NewName, renamePerson } from './rename-person.ts';

export type PersonChange = NewName & Readonly<{ role?: Role | undefined; active?: boolean | undefined }>;

/** Another org's person is refused exactly like a person who doesn't exist. */
export const noSuchPerson = () => new AppError('not_found', 'Your organisation has no person of this id.');

/**
 * Changes a person's role, name, or whether they may sign in, all or nothing. The caller's role is
 * read while the rows are locked. Switching off ends all access in the same UPDATE; true if it did.
 * @throws AppError not_found, forbidden; conflict for the last active owner, and for
 * a name that provisioning says
 */
export function createChangePerson({ pool }: { pool: Pool }) {
  return ({ principal, orgId, by }: Call, id: string, change: PersonChange): Promise<boolean> =>
    transaction(pool, async (client) => {
      const record = { orgId, by } as const;
      const locked = await lockWithOwners(client, orgId, [principal.userId, id]);
      const own = locked.get(principal.userId);
      if (!own?.active) throw new AppError('forbidden', ({ answers }) => answers.noMember);
      const person = locked.get(id);
      if (!person) throw noSuchPerson();
      if (!mayChangeRole(own.role, person.role, change.role ?? person.role))
        throw new AppError('forbidden', ({ answers }) => answers.aboveYou);
      await renamePerson(client, record, id, change);
      if (change.role !== undefined) await changeRole(client, locked, { id, role: change.role }, record);
      if (change.active === undefined || change.active === person.active) return false;
      if (change.active) {
        await switchOn(client, id, record);
        return false;
      }
      await switchOff(client, id, { ...record, initiator: 'admin' }, { locked });
      return true;
    });
}
