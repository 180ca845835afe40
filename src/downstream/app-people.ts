import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { transaction } from '../database/pool.ts';
import { emailKey, userNameKey } from '../users/email.ts';

export type AppPeople = ReturnType<typeof createAppPeople>;

export type AppPersonRow = Readonly<{
  userId: string;
  name: string;
  email: string;
  nameThere: string | null;
  seenAt: Date | null;
}>;

/** A line of a list: an id, an address or a user name, and the app's own id of that person. */
export type ImportLine = Readonly<{ line: number; who: string; there: string }>;
export type Imported = Readonly<{ set: number; unknown: readonly Pick<ImportLine, 'line' | 'who'>[] }>;

const columns = `p.user_id AS "userId", u.name, u.email, p.name_there AS "nameThere", p.seen_at AS "seenAt"`;
const from = `FROM app_people p JOIN users u ON u.org_id = p.org_id AND u.id = p.user_id AND u.deleted_at IS NULL`;

/** By which id each app knows each person, where it isn't an address or a subject. */
export function createAppPeople({ pool }: { pool: Pool }) {
  /** Null: the org has no such app. */
  const change = <T>(orgId: string, appId: string, by: By, write: (client: PoolClient) => Promise<[T, number]>) =>
    transaction(pool, async (client): Promise<T | null> => {
      const { rows } = await client.query('SELECT name FROM apps WHERE org_id = $1 AND id = $2 FOR SHARE', [
        orgId,
        appId,
      ]);
      if (!rows[0]) return null;
      const [result, people] = await write(client);
      const target = { type: 'app', id: appId };
      if (people > 0)
        await recordEvent(client, {
          orgId,
          action: 'app.people_changed',
          by,
          target,
          detail: { name: rows[0].name, people },
        });
      return result;
    });

  return {
    /** By the people's ids, after the person `after`. */
    async list(orgId: string, appId: string, { after, limit }: { after: string | null; limit: number }) {
      const { rows } = await pool.query<AppPersonRow>(
        `SELECT ${columns} ${from} WHERE p.org_id = $1 AND p.app_id = $2 AND p.user_id > $3 ORDER BY p.user_id LIMIT $4`,
        [orgId, appId, after ?? '', limit],
      );
      return rows;
    },

    /** Null: the org has no such app, or no such person. */
    set(orgId: string, appId: string, userId: string, nameThere: string, by: By): Promise<AppPersonRow | null> {
      return change(orgId, appId, by, async (client) => {
        const { rowCount } = await client.query(
          `INSERT INTO app_people (org_id, app_id, user_id, name_there)
           SELECT $1, $2, id, $4 FROM users WHERE org_id = $1 AND id = $3 AND deleted_at IS NULL
           ON CONFLICT (org_id, app_id, user_id) DO UPDATE SET name_there = EXCLUDED.name_there`,
          [orgId, appId, userId, nameThere],
        );
        const { rows } = await client.query<AppPersonRow>(
          `SELECT ${columns} ${from} WHERE p.org_id = $1 AND p.app_id = $2 AND p.user_id = $3`,
          [orgId, appId, userId],
        );
        return [rows[0] ?? null, rowCount ?? 0];
      });
    },

    /** Whether the person was seen there is kept. False: the app knows them by no id. */
    async remove(orgId: string, appId: string, userId: string, by: By): Promise<boolean> {
      const removed = await change(orgId, appId, by, async (client) => {
        const values = [orgId, appId, userId];
        const { rowCount } = await client.query(
          `UPDATE app_people SET name_there = NULL
           WHERE org_id = $1 AND app_id = $2 AND user_id = $3 AND name_there IS NOT NULL`,
          values,
        );
        await client.query(
          'DELETE FROM app_people WHERE org_id = $1 AND app_id = $2 AND user_id = $3 AND name_there IS NULL AND seen_at IS NULL',
          values,
        );
        return [rowCount === 1, rowCount ?? 0];
      });
      return removed ?? false;
    },

    /** Of lines about the same person the last counts. Null: the org has no such app. */
    import(orgId: string, appId: string, lines: readonly ImportLine[], by: By): Promise<Imported | null> {
      return change(orgId, appId, by, async (client) => {
        const found = await findPeople(client, orgId, lines);
        const there = new Map(lines.flatMap((line, index) => (found[index] ? [[found[index], line.there]] : [])));
        await client.query(
          `INSERT INTO app_people (org_id, app_id, user_id, name_there)
           SELECT $1, $2, * FROM unnest($3::text[], $4::text[])
           ON CONFLICT (org_id, app_id, user_id) DO UPDATE SET name_there = EXCLUDED.name_there`,
          [orgId, appId, [...there.keys()], [...there.values()]],
        );
        const unknown = lines.filter((_, index) => !found[index]).map(({ line, who }) => ({ line, who }));
        return [{ set: there.size, unknown }, there.size];
      });
    },
  };
}

/**
 * Their ids, in the order of the lines; null: nobody. An id goes before an address, that before a
 * user name.
 */
async function findPeople(client: PoolClient, orgId: string, lines: readonly ImportLine[]) {
  const { rows } = await client.query<{ id: string | null }>(
    `SELECT coalesce(
       (SELECT id FROM users WHERE org_id = $1 AND id = asked.id AND deleted_at IS NULL),
       (SELECT id FROM users WHERE org_id = $1 AND email_key = asked.email AND deleted_at IS NULL),
       (SELECT id FROM users WHERE org_id = $1 AND user_name_key = asked.user_name AND deleted_at IS NULL LIMIT 1)) AS id
     FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS asked (id, email, user_name, line) ORDER BY line`,
    [
      orgId,
      lines.map(({ who }) => who),
      lines.map(({ who }) => emailKey(who)),
      lines.map(({ who }) => userNameKey(who)),
    ],
  );
  return rows.map(({ id }) => id);
}
