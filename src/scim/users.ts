import { isDeepStrictEqual } from 'node:util';
import type { Pool, PoolClient } from 'pg';
import { eraseNames } from '../audit/erase-names.ts';
import { isUniqueViolation } from '../database/errors.ts';
import { isReference, newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import type { InTurn } from '../http/turns.ts';
import { removePerson } from '../revocation/remove-person.ts';
import type { NewNames, Revocation } from '../revocation/revocation.ts';
import { revokeAccess } from '../revocation/revoke-access.ts';
import { switchOff, switchOn } from '../revocation/switch-person.ts';
import { ownReasons } from '../sessions/own-reasons.ts';
import { createIndexLook, findFew } from '../users/find-by-part.ts';
import { type Changed, type Precondition, recordChange, type ScimCall } from './call.ts';
import type { Filter } from './filter.ts';
import { toIndexedSql } from './filter-sql.ts';
import { type ListPage, type ListQuery, listRows } from './list.ts';
import type { Change } from './patch.ts';
import { quoted } from './paths.ts';
import { requireVersion } from './precondition.ts';
import { ScimError } from './scim-error.ts';
import { groupsOfUser, userColumns } from './user-columns.ts';
import {
  changedAttributes,
  type ProvisionedPerson,
  patchedPerson,
  saysNames,
  toPerson,
  type UserRow,
  userVersion,
} from './user-resource.ts';
import type { JsonObject } from './values.ts';

const columns = `u.id, u.email, u.email_key, u.user_name, u.user_name_key, u.external_id, u.name, u.role, u.active, u.profile,
  u.provisioned, u.created_at, u.updated_at`;

type Deps = Readonly<{ pool: Pool; accessPool: Pool; inTurn: InTurn }>;

export type ScimUsers = ReturnType<typeof createScimUsers>;

/**
 * An org's users as provisioning sees them. A change that takes access away (switched off, removed,
 * another name or address) ends it by `revokeAccess` in the UPDATE that says so, in one transaction
 * with the request's other changes. The row is locked from reading to writing: of two changes at
 * once none is lost.
 */
export function createScimUsers({ pool, accessPool, inTurn }: Deps) {
  const hasIndexes = createIndexLook();

  /** Whoever may meet a filter, by the indexes for parts of names; null where they can't say. */
  async function findAny(client: PoolClient, orgId: string, filter: Filter): Promise<string[] | null> {
    const values: unknown[] = [orgId];
    const condition = toIndexedSql(filter, userColumns, values);
    if (!condition || !(await hasIndexes(client))) return null;
    return findFew(client, `SELECT id FROM users WHERE org_id = $1 AND deleted_at IS NULL AND ${condition}`, values);
  }

  return {
    async list(orgId: string, asked: ListQuery, withGroups: boolean): Promise<ListPage<UserRow>> {
      const select = withGroups ? `${columns}, ${groupsOfUser} AS groups` : columns;
      const where = 'u.deleted_at IS NULL';
      const source = { alias: 'u', from: 'users u', where, select, columns: userColumns, findAny };
      return listRows<UserRow>(pool, orgId, source, asked);
    },

    find: (orgId: string, id: string): Promise<UserRow> => load(pool, orgId, id),

    /** @throws ScimError uniqueness for a user's name or address, also one who is switched off */
    create(call: ScimCall, resource: JsonObject): Promise<UserRow> {
      const person = toPerson(resource, null);
      const id = newId('user');
      return transaction(pool, async (client) => {
        await client.query(insertSql, [call.orgId, id, ...personValues(person), person.active]);
        await recordChange(
          client,
          call,
          'user.added',
          { type: 'user', id },
          { role: person.role, active: person.active },
        );
        if (person.role !== 'member')
          await recordChange(client, call, 'role.changed', { type: 'user', id }, { from: 'member', to: person.role });
        return load(client, call.orgId, id);
      }).catch(async (error) => {
        throw isUniqueViolation(error) ? await taken(pool, call.orgId, id, person) : error;
      });
    },

    replace(call: ScimCall, id: string, resource: JsonObject, ifMatch: Precondition): Promise<Changed<UserRow>> {
      return change(call, id, ifMatch, (before) => toPerson(resource, before), true);
    },

    patch(call: ScimCall, id: string, changes: readonly Change[], ifMatch: Precondition): Promise<Changed<UserRow>> {
      return change(call, id, ifMatch, (before) => patchedPerson(before, changes), saysNames(changes));
    },

    /** Ends access and changes nothing else. A user who is switched off already stays so. */
    switchOff(call: ScimCall, id: string, ifMatch: Precondition): Promise<Changed<UserRow>> {
      return change(call, id, ifMatch, (before) => ({ ...before, active: false }), false);
    },

    /** Names on record go with the person, unless the org keeps them. */
    remove(call: ScimCall, id: string, ifMatch: Precondition): Promise<void> {
      return inOwnTransaction(call, async (client) => {
        const before = await lock(client, call.orgId, id, 'UPDATE');
        requireVersion(ifMatch, userVersion(before));
        const ended = await removePerson(client, before, {
          ...call,
          initiator: 'scim',
          reason: 'Removed by provisioning.',
          reasonForPerson: ownReasons.removed,
          asked: { format: 'opaque', id },
        });
        await eraseNames(client, call.orgId, { userId: id, keep: ended.revocationId, unlessKept: true });
        await recordChange(client, call, 'user.removed', { type: 'user', id });
      });
    },
  };

  /**
   * Changes that may end access have their own connections, two at once per org, so that no org's
   * endings wait for another's.
   */
  function inOwnTransaction<T>({ orgId }: ScimCall, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return inTurn('endings', orgId, () => transaction(accessPool, work));
  }

  /** `names`: the request says names or addresses, which are provisioning's from then on. */
  function change(
    call: ScimCall,
    id: string,
    ifMatch: Precondition,
    decide: (before: UserRow) => ProvisionedPerson,
    names: boolean,
  ): Promise<Changed<UserRow>> {
    let wanted: ProvisionedPerson | undefined;
    return inOwnTransaction(call, async (client) => {
      const before = await lock(client, call.orgId, id);
      requireVersion(ifMatch, userVersion(before));
      wanted = decide(before);
      const revoked = await write(client, call, before, { ...wanted, provisioned: before.provisioned || names });
      return { resource: await load(client, call.orgId, id), revoked };
    }).catch(async (error) => {
      throw wanted && isUniqueViolation(error) ? await taken(pool, call.orgId, id, wanted) : error;
    });
  }
}

/** Writes and records what differs. Returns whether access was ended. */
async function write(
  client: PoolClient,
  call: ScimCall,
  before: UserRow,
  after: ProvisionedPerson & Pick<UserRow, 'provisioned'>,
): Promise<boolean> {
  const { id } = before;
  const target = { type: 'user', id } as const;
  const deactivate = before.active && !after.active;
  const renamed = lookUpNames(before) !== lookUpNames(after);
  if (deactivate || renamed)
    await endAccess(client, call, id, {
      deactivate,
      ...(renamed
        ? {
            rename: {
              email: after.email,
              emailKey: after.email_key,
              userName: after.user_name,
              userNameKey: after.user_name_key,
            },
          }
        : {}),
      reason: deactivate ? 'Switched off by provisioning.' : 'Renamed by provisioning.',
      reasonForPerson: deactivate ? ownReasons.switchedOff : ownReasons.namesChanged,
    });
  if (!before.active && after.active) await switchOn(client, id, call);
  const isTaken = !before.provisioned && after.provisioned;
  const changed = [...changedAttributes(before, after), ...(isTaken ? ['provisioned'] : [])];
  const isPromoted = before.role !== after.role;
  if (changed.length > 0 || isPromoted || deactivate || !isDeepStrictEqual(before.profile, after.profile))
    await client.query(updateSql, [call.orgId, id, ...personValues(after), after.provisioned]);
  if (isPromoted) await recordChange(client, call, 'role.changed', target, { from: before.role, to: after.role });
  if (changed.length > 0) await recordChange(client, call, 'user.changed', target, { attributes: changed.join(', ') });
  return deactivate || renamed;
}

/** The names by which a person is found. */
function lookUpNames(person: ProvisionedPerson): string {
  return JSON.stringify([person.email_key, person.user_name_key ?? person.email_key]);
}

/** The org's directory has the last word: it may also switch the last owner off. */
async function endAccess(
  client: PoolClient,
  call: ScimCall,
  id: string,
  { deactivate, ...how }: Pick<Revocation, 'reason' | 'reasonForPerson'> & { deactivate: boolean; rename?: NewNames },
): Promise<void> {
  const ending = { ...call, ...how, initiator: 'scim', asked: { format: 'opaque', id } } as const;
  const ended = deactivate
    ? await switchOff(client, id, ending, null)
    : (await revokeAccess(client, { ...ending, subject: { userIds: [id] } })).result === 'revoked';
  if (!ended) throw new Error('access was not ended');
}

async function load(db: Pool | PoolClient, orgId: string, id: string): Promise<UserRow> {
  const query = { name: 'scim-user', text: loadSql, values: [orgId, id] };
  const { rows } = isReference(id) ? await db.query<UserRow>(query) : { rows: [] };
  return rows[0] ?? unknown(id);
}

/**
 * NO KEY UPDATE is the lock that revocations take: rows that refer to the user can be inserted
 * meanwhile. With UPDATE, a sign-in that would link its subject waits, and is refused then.
 */
async function lock(
  client: PoolClient,
  orgId: string,
  id: string,
  strength: 'NO KEY UPDATE' | 'UPDATE' = 'NO KEY UPDATE',
): Promise<UserRow> {
  const text = `${loadSql} FOR ${strength} OF u`;
  const query = { name: `scim-user-lock-${strength}`, text, values: [orgId, id] };
  const { rows } = isReference(id) ? await client.query<UserRow>(query) : { rows: [] };
  return rows[0] ?? unknown(id);
}

function unknown(id: string): never {
  const explanation = 'There is no user of this id.';
  throw new ScimError(404, null, `There is no user ${JSON.stringify(id.slice(0, 80))}.`, null, { explanation });
}

/** The refusal of a name or an address, which says who of the org has it. */
async function taken(pool: Pool, orgId: string, id: string, wanted: ProvisionedPerson): Promise<ScimError> {
  const { rows } = await pool.query<{ id: string; userName: string; hasName: boolean; hasAddress: boolean }>({
    name: 'scim-user-taken',
    text: takenSql,
    values: [orgId, id, wanted.user_name_key ?? wanted.email_key, wanted.email_key],
  });
  const attributesOf = ({ hasName, hasAddress }: (typeof rows)[number]) => [
    ...(hasName ? ['userName'] : []),
    ...(hasAddress ? ['emails.value'] : []),
  ];
  const tell = (nameOf: (row: (typeof rows)[number]) => string) =>
    rows
      .map((row) => `${attributesOf(row).join(' and ')}: taken by the user ${nameOf(row)} of the organisation.`)
      // Whoever had it may be gone by now.
      .join(' ') || 'Another user of the organisation had this userName or e-mail address; try again.';
  const detail = tell((row) => `${row.id} (userName ${quoted(row.userName)})`);
  return new ScimError(409, 'uniqueness', detail, rows.flatMap(attributesOf)[0] ?? null, {
    explanation: tell(({ id }) => id),
    bearer: rows[0]?.id ?? null,
  });
}

function personValues(person: ProvisionedPerson): unknown[] {
  return [
    person.email,
    person.email_key,
    person.user_name,
    person.user_name_key,
    person.external_id,
    person.name,
    person.role,
    JSON.stringify(person.profile),
  ];
}

const loadSql = `SELECT ${columns}, ${groupsOfUser} AS groups FROM users u
  WHERE u.org_id = $1 AND u.id = $2 AND u.deleted_at IS NULL`;
const takenSql = `SELECT id, coalesce(user_name, email) AS "userName",
    coalesce(user_name_key, email_key) = $3 AS "hasName", email_key = $4 AS "hasAddress"
  FROM users WHERE org_id = $1 AND id <> $2 AND (coalesce(user_name_key, email_key) = $3 OR email_key = $4) ORDER BY 3 DESC, id`;
const insertSql = `INSERT INTO users (org_id, id, email, email_key, user_name, user_name_key, external_id, name, role, profile,
    active, provisioned)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::"Role", $10, $11, true)`;
const updateSql = `UPDATE users SET email = $3, email_key = $4, user_name = $5, user_name_key = $6, external_id = $7, name = $8,
    role = $9::"Role", profile = $10, provisioned = $11, updated_at = clock_timestamp()
  WHERE org_id = $1 AND id = $2`;
