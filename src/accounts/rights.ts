import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import type { AccountRightKind } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import type { TimePage } from '../database/time-key.ts';
import { AppError } from '../errors.ts';
import { emailKey, userNameKey } from '../users/email.ts';
import { lockAccount } from './account.ts';

/** Rights to one account: each is looked at when a password is revealed. */
export const mostRights = 1_000;

export const accountRights = ['use', 'manage'] as const satisfies readonly AccountRightKind[];
export type Right = (typeof accountRights)[number];

/** A person, or whoever is in a group. */
export type Holder = Readonly<{ userId: string } | { groupId: string }>;

export type RightRow = Readonly<{
  id: string;
  accountId: string;
  user: Readonly<{ id: string; name: string; email: string; active: boolean }> | null;
  group: Readonly<{ id: string; displayName: string; members: number }> | null;
  right: Right;
  createdAt: Date;
}>;

/**
 * SQL: the rights of a person, `person` being an expression of their id, as rows of `account_id` and
 * `"right"`: their own and those of their groups. Only somebody who is active has any.
 */
export const rightsOfPerson = (org: string, person: string) => `
  SELECT r.account_id, r."right" FROM account_rights r
  JOIN users u ON u.org_id = r.org_id AND u.id = ${person} AND u.active AND u.deleted_at IS NULL
  WHERE r.org_id = ${org} AND (r.user_id = ${person}
    OR r.group_id IN (SELECT m.group_id FROM group_members m WHERE m.org_id = ${org} AND m.user_id = ${person}))`;

/**
 * The greatest right that somebody has to an account, by whatever way; null: none. `manage`
 * includes `use`.
 */
export async function rightTo(
  db: Pool | PoolClient,
  { orgId, userId }: Readonly<{ orgId: string; userId: string }>,
  accountId: string,
): Promise<Right | null> {
  const { rows } = await db.query<{ right: Right | null }>({
    name: 'account-right-of',
    text: `SELECT max(r."right") AS "right" FROM (${rightsOfPerson('$1', '$2')}) r WHERE r.account_id = $3`,
    values: [orgId, userId, accountId],
  });
  return rows[0]?.right ?? null;
}

const columns = `r.id, r.account_id AS "accountId", r."right", r.created_at AS "createdAt",
  CASE WHEN u.id IS NOT NULL THEN jsonb_build_object('id', u.id, 'name', u.name, 'email', u.email, 'active', u.active) END AS "user",
  CASE WHEN g.id IS NOT NULL THEN jsonb_build_object('id', g.id, 'displayName', g.display_name, 'members',
    (SELECT count(*) FROM group_members m JOIN users n ON n.org_id = m.org_id AND n.id = m.user_id AND n.active AND n.deleted_at IS NULL
     WHERE m.org_id = g.org_id AND m.group_id = g.id)) END AS "group"`;
const from = `FROM account_rights r LEFT JOIN users u ON u.org_id = r.org_id AND u.id = r.user_id
  LEFT JOIN groups g ON g.org_id = r.org_id AND g.id = r.group_id`;

/**
 * Who may use or manage each shared account. Triggers end the rights of whoever is switched off or
 * removed.
 */
export function createRights({ pool }: { pool: Pool }) {
  const find = async (db: Pool | PoolClient, orgId: string, accountId: string, id: string) => {
    const text = `SELECT ${columns} ${from} WHERE r.org_id = $1 AND r.account_id = $2 AND r.id = $3`;
    const { rows } = await db.query<RightRow>({ name: 'account-right-find', text, values: [orgId, accountId, id] });
    return rows[0] ?? null;
  };

  return {
    /** A page of an account's rights, the youngest first. */
    async list(orgId: string, accountId: string, { limit, after }: TimePage): Promise<readonly RightRow[]> {
      const { rows } = await pool.query<RightRow>({
        name: 'account-rights-list',
        text: `SELECT ${columns} ${from}
               WHERE r.org_id = $1 AND r.account_id = $2 AND ($4::timestamptz IS NULL OR (r.created_at, r.id) < ($4, $5))
               ORDER BY r.created_at DESC, r.id DESC LIMIT $3`,
        values: [orgId, accountId, limit, after?.createdAt ?? null, after?.id ?? null],
      });
      return rows;
    },

    /**
     * The id of the person of an id, an address or a user name, in this order.
     * @throws AppError not_found for nobody, and where a user name is that of several
     */
    async requirePerson(orgId: string, who: string): Promise<string> {
      const { rows } = await pool.query<{ id: string | null }>({
        name: 'account-right-who',
        text: `SELECT coalesce(
                 (SELECT id FROM users WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL),
                 (SELECT id FROM users WHERE org_id = $1 AND email_key = $3 AND deleted_at IS NULL),
                 (SELECT min(id) FROM users WHERE org_id = $1 AND user_name_key = $4 AND deleted_at IS NULL HAVING count(*) = 1)) AS id`,
        values: [orgId, who, emailKey(who), userNameKey(who)],
      });
      const found = rows[0]?.id;
      if (!found) throw new AppError('not_found', ({ answers }) => answers.accounts.noPerson, { field: 'who' });
      return found;
    },

    /**
     * The id of the group of an id or a name. @throws AppError not_found for none, and where
     * several are called that
     */
    async requireGroup(orgId: string, group: string): Promise<string> {
      const { rows } = await pool.query<{ id: string | null }>({
        name: 'account-right-group',
        text: `SELECT coalesce((SELECT id FROM groups WHERE org_id = $1 AND id = $2),
                 (SELECT min(id) FROM groups WHERE org_id = $1 AND display_name = $2 HAVING count(*) = 1)) AS id`,
        values: [orgId, group],
      });
      const found = rows[0]?.id;
      if (!found) throw new AppError('not_found', ({ answers }) => answers.accounts.noGroup, { field: 'group' });
      return found;
    },

    /**
     * Gives a right, in the place of another one of the same holder. Null: the org has no such
     * account. @throws AppError not_found for nobody, conflict for somebody who is switched off or
     * where there are as many as there may be
     */
    async give(
      orgId: string,
      accountId: string,
      { holder, right }: Readonly<{ holder: Holder; right: Right }>,
      by: By,
    ): Promise<RightRow | null> {
      const id = await transaction(pool, (client) => giveRight(client, orgId, accountId, { holder, right }, by));
      return id === null ? null : find(pool, orgId, accountId, id);
    },

    /** Takes a right away; a trigger then has the password changed. False: there was no such right. */
    async take(orgId: string, accountId: string, id: string, by: By): Promise<boolean> {
      return transaction(pool, async (client) => {
        const { rows } = await client.query<{ user_id: string | null; group_id: string | null; right: Right }>({
          name: 'account-right-take',
          text: `DELETE FROM account_rights WHERE org_id = $1 AND account_id = $2 AND id = $3 RETURNING user_id, group_id, "right"`,
          values: [orgId, accountId, id],
        });
        const [taken] = rows;
        if (!taken) return false;
        const holder = taken.user_id === null ? { group: taken.group_id } : { user: taken.user_id };
        const target = { type: 'account', id: accountId };
        const detail = { ...holder, right: taken.right };
        await recordEvent(client, { orgId, action: 'account.right_ended', by, target, detail });
        return true;
      });
    },
  };
}

export type Rights = ReturnType<typeof createRights>;

/**
 * The same inside a transaction; returns the right's id. Locks the account, so that the count holds,
 * then the person: a right that is given while they are switched off doesn't outlive that.
 */
export async function giveRight(
  client: PoolClient,
  orgId: string,
  accountId: string,
  { holder, right }: Readonly<{ holder: Holder; right: Right }>,
  by: By,
): Promise<string | null> {
  if (!(await lockAccount(client, orgId, accountId))) return null;
  await requireHolder(client, orgId, holder);
  const userId = 'userId' in holder ? holder.userId : null;
  const groupId = 'groupId' in holder ? holder.groupId : null;
  const { rows } = await client.query<{ id: string; right: Right }>({
    name: 'account-right-there',
    text: `SELECT id, "right" FROM account_rights WHERE org_id = $1 AND account_id = $2 AND (user_id = $3 OR group_id = $4)`,
    values: [orgId, accountId, userId, groupId],
  });
  if (rows[0]?.right === right) return rows[0].id;
  const id = rows[0]?.id ?? newId('accountRight');
  if (rows[0])
    await client.query('UPDATE account_rights SET "right" = $4 WHERE org_id = $1 AND account_id = $2 AND id = $3', [
      orgId,
      accountId,
      id,
      right,
    ]);
  else {
    await requireRoom(client, orgId, accountId);
    await client.query(
      `INSERT INTO account_rights (org_id, id, account_id, user_id, group_id, "right") VALUES ($1, $2, $3, $4, $5, $6)`,
      [orgId, id, accountId, userId, groupId, right],
    );
  }
  const detail = { ...(userId === null ? { group: groupId } : { user: userId }), right };
  await recordEvent(client, {
    orgId,
    action: 'account.right_given',
    by,
    target: { type: 'account', id: accountId },
    detail,
  });
  return id;
}

/** @throws AppError not_found, or conflict for somebody who is switched off */
async function requireHolder(client: PoolClient, orgId: string, holder: Holder): Promise<void> {
  if ('groupId' in holder) {
    const text = 'SELECT FROM groups WHERE org_id = $1 AND id = $2 FOR KEY SHARE';
    const { rowCount } = await client.query({ name: 'group-kept', text, values: [orgId, holder.groupId] });
    if (rowCount === 0) throw new AppError('not_found', ({ answers }) => answers.accounts.noGroup);
    return;
  }
  const { rows } = await client.query<{ active: boolean }>({
    name: 'holder-lock',
    text: 'SELECT active FROM users WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE',
    values: [orgId, holder.userId],
  });
  if (!rows[0]) throw new AppError('not_found', ({ answers }) => answers.accounts.noPerson);
  if (!rows[0].active) throw new AppError('conflict', ({ answers }) => answers.accounts.switchedOff);
}

/** @throws AppError conflict */
async function requireRoom(client: PoolClient, orgId: string, accountId: string): Promise<void> {
  const { rows } = await client.query<{ count: number }>({
    name: 'account-rights-count',
    text: 'SELECT count(*)::int AS count FROM account_rights WHERE org_id = $1 AND account_id = $2',
    values: [orgId, accountId],
  });
  if ((rows[0]?.count ?? 0) >= mostRights)
    throw new AppError('conflict', ({ answers }) => answers.limits.accountRights({ most: mostRights }));
}
