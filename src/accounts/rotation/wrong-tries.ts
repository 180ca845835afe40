import type { Pool } from 'pg';

/** Whose password is tried. */
type Tried = Readonly<{ orgId: string; account: Readonly<{ id: string }> }>;

/** The right to try a password that may be wrong, or after how many seconds there is one. */
export type WrongTry = Readonly<{ release(): Promise<void> }> | Readonly<{ waitSeconds: number }>;

/**
 * Systems lock accounts after a few wrong passwords. So the try is taken before it is made, once in
 * `everySeconds` and account, over all nodes (one that is over a second to come was made before the
 * database's clock stepped back, and counts for none; the column rounds up to milliseconds); where
 * the password turned out right it is given back.
 */
export async function takeWrongTry(pool: Pool, { orgId, account }: Tried, everySeconds: number): Promise<WrongTry> {
  const { rows } = await pool.query<{ at: Date }>({
    name: 'wrong-try-take',
    text: `UPDATE accounts SET wrong_tried_at = clock_timestamp() WHERE org_id = $1 AND id = $2
             AND (wrong_tried_at IS NULL OR wrong_tried_at <= clock_timestamp() - make_interval(secs => $3)
               OR wrong_tried_at > clock_timestamp() + interval '1 second')
           RETURNING wrong_tried_at AS at`,
    values: [orgId, account.id, everySeconds],
  });
  const taken = rows[0];
  if (!taken) return { waitSeconds: await secondsLeft(pool, orgId, account.id, everySeconds) };
  return {
    async release() {
      await pool.query({
        name: 'wrong-try-release',
        text: 'UPDATE accounts SET wrong_tried_at = NULL WHERE org_id = $1 AND id = $2 AND wrong_tried_at = $3',
        values: [orgId, account.id, taken.at],
      });
    },
  };
}

/** A password that was expected to be right was wrong: that counts too. */
export async function noteWrongTry(pool: Pool, { orgId, account }: Tried): Promise<void> {
  await pool.query({
    name: 'wrong-try-note',
    text: 'UPDATE accounts SET wrong_tried_at = clock_timestamp() WHERE org_id = $1 AND id = $2',
    values: [orgId, account.id],
  });
}

async function secondsLeft(pool: Pool, orgId: string, accountId: string, everySeconds: number): Promise<number> {
  const { rows } = await pool.query<{ left: number }>({
    name: 'wrong-try-left',
    text: `SELECT least($3, greatest(0.1, extract(epoch FROM wrong_tried_at - clock_timestamp()) + $3))::float8 AS left
           FROM accounts WHERE org_id = $1 AND id = $2`,
    values: [orgId, accountId, everySeconds],
  });
  return rows[0]?.left ?? everySeconds;
}
