import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import { digestSize } from './digest.ts';
import { addJobs, deliverJob, type Job } from './jobs.ts';
import { type OutboxEvent, passwordChanges, passwordMail, taskMail } from './kinds.ts';

/** What is kept of such an e-mail until it is sent. What an account is called is looked up then. */
export const accountMailForm = z.object({
  accounts: z.array(z.object({ id: z.string(), at: z.string() })),
  /** How many further accounts there were. */
  more: z.number(),
});
type AccountMail = z.infer<typeof accountMailForm>;

/**
 * Milliseconds: whoever loses their access leaves many accounts to be changed, which takes a while.
 */
const gathers = 60_000;

/**
 * Plans that people are told, in the relay's transaction: a job for each account, for there may be
 * thousands of either, and the relay is everybody's.
 */
export async function planAccountMails(client: PoolClient, events: readonly OutboxEvent[]): Promise<void> {
  const jobs = events.flatMap(({ action, orgId, targetId, at, actorType, actorId }): Job[] => {
    const task = action === 'account.rotation_manual';
    if (!(task || passwordChanges.includes(action)) || targetId === null) return [];
    const by = actorType === 'user' ? (actorId ?? '') : '';
    return [
      {
        task: 'note-account-mails',
        payload: { orgId, accountId: targetId, at: at.toISOString(), by, task: task ? 'yes' : '' },
        lanes: [`accounts:${orgId}`],
        key: `account-mails ${orgId} ${targetId} ${task ? 'task' : 'change'}`,
      },
    ];
  });
  // Of two changes of one account the later one is told.
  await addJobs(client, [...new Map(jobs.map((job) => [job.key, job])).values()]);
}

/**
 * Notes who is to be told of one account: whoever may use it, if its password changed and they chose
 * to hear of it, and whoever manages it, if people have to change it, without a choice. They hear
 * that it changed, never the password.
 */
export async function noteAccountMails(pool: Pool, payload: Readonly<Record<string, string>>): Promise<void> {
  const { orgId = '', accountId = '', at = '', by = '', task = '' } = payload;
  await transaction(pool, async (client) => {
    const values = [orgId, accountId, at, by, task !== ''];
    const { rows } = await client.query<{ userId: string }>({ name: 'account-mails-note', text: noteSql, values });
    const toGather = rows.map(
      ({ userId }): Job => ({
        task: 'gather-account-mail',
        payload: { orgId, userId },
        lanes: [],
        key: `account-mail ${orgId} ${userId}`,
        afterMs: gathers,
      }),
    );
    await addJobs(client, toGather, { keepTime: true });
  });
}

// Whoever changed the password themself knows it already. In the order of the key, so that two
// nodes never wait for each other in a circle.
const noteSql = `
  INSERT INTO account_mails (org_id, user_id, account_id, task, changed_at)
  SELECT DISTINCT u.org_id, u.id, r.account_id, $5::bool, $3::timestamptz
  FROM account_rights r
  LEFT JOIN group_members m ON m.org_id = r.org_id AND m.group_id = r.group_id
  JOIN users u ON u.org_id = r.org_id AND u.id = coalesce(r.user_id, m.user_id)
  WHERE r.org_id = $1 AND r.account_id = $2 AND u.active AND u.deleted_at IS NULL
    AND CASE WHEN $5 THEN r."right" = 'manage' ELSE u.mail_of_accounts AND u.id <> $4 END
  ORDER BY u.id
  ON CONFLICT (org_id, user_id, account_id, task)
    DO UPDATE SET changed_at = greatest(account_mails.changed_at, excluded.changed_at)
  RETURNING user_id AS "userId"`;

/**
 * Puts the accounts that a person is to hear of into one e-mail, and those that they are to do
 * something at into another, and plans their deliveries. One transaction does all of it, so that no
 * change is in two e-mails or in none.
 */
export async function gatherAccountMail(
  pool: Pool,
  { orgId, userId }: { orgId: string; userId: string },
): Promise<void> {
  await transaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string; at: Date; task: boolean }>({
      name: 'account-mails-gather',
      text: `WITH taken AS (DELETE FROM account_mails WHERE org_id = $1 AND user_id = $2 RETURNING account_id, changed_at, task)
             SELECT account_id AS id, changed_at AS at, task FROM taken ORDER BY changed_at, account_id`,
      values: [orgId, userId],
    });
    for (const kind of [taskMail, passwordMail]) {
      const told = rows.filter(({ task }) => task === (kind === taskMail));
      if (told.length === 0) continue;
      const accounts = told.slice(0, digestSize).map(({ id, at }) => ({ id, at: at.toISOString() }));
      const mail: AccountMail = { accounts, more: told.length - accounts.length };
      const id = newId('delivery');
      await client.query({
        name: 'account-mail-plan',
        text: `INSERT INTO deliveries (org_id, id, channel, user_id, kinds, body) VALUES ($1, $2, 'email', $3, $4, $5)`,
        values: [orgId, id, userId, [kind], JSON.stringify(mail)],
      });
      await addJobs(client, [deliverJob({ orgId, id, webhookId: null })]);
    }
  });
}
