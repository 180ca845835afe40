import type { Command } from 'commander';
import type { Pool } from 'pg';
import { z } from 'zod';
import { recordEvent } from '../audit/record.ts';
import { byOperator } from '../by.ts';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { switchOff } from '../revocation/switch-person.ts';
import { domainKey } from '../users/email.ts';
import { action, type Console, text } from './command.ts';
import { table } from './output.ts';

type MovedPerson = { org_id: string; id: string; email: string; email_key: string; name: string; slug: string };

export function registerOidcMigrate(program: Command, shell: Console): void {
  program
    .command('oidc-migrate')
    .description(
      'bring active people with addresses at a domain, from organisations without a connection, into the organisation that owns it',
    )
    .argument('<domain>', 'verified for the organisation they come into')
    .action(
      action(shell, z.object({ domain: text }), async ({ orgs, pool, announce }, input) => {
        const domain = domainKey(input.domain);
        const org = domain && (await orgs.findOrg(domain));
        if (!domain || !org)
          throw new AppError('not_found', `No organisation owns "${input.domain}" as a verified domain.`);
        const { rows } = await pool.query<MovedPerson>(
          `SELECT u.org_id, u.id, u.email, u.email_key, u.name, o.slug FROM users u JOIN orgs o ON o.id = u.org_id
           WHERE u.active AND u.org_id <> $1 AND split_part(u.email_key, '@', 2) = $2
             AND NOT EXISTS (SELECT FROM connections c WHERE c.org_id = u.org_id)
           ORDER BY u.email_key, u.created_at`,
          [org.id, domain],
        );
        const moved: Awaited<ReturnType<typeof move>>[] = [];
        for (const person of rows) moved.push(await move(pool, org.id, person));
        await announce();
        const cells = moved.map((person) => [person.email, person.fromOrg, person.outcome, person.todos, person.id]);
        const headings = ['E-MAIL', 'FROM', `IN ${org.slug}`, 'TODOS', 'ID'];
        return { json: moved, text: table(headings, cells, `Nobody with an address at ${domain} is left to move.`) };
      }),
    );
}

/**
 * Moves one person, all or nothing, so that an interrupted run can be repeated. Roles stay behind.
 */
function move(pool: Pool, orgId: string, person: MovedPerson) {
  return transaction(pool, async (db) => {
    const added = await db.query<{ id: string }>(
      `INSERT INTO users (org_id, id, email, email_key, name) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (org_id, email_key) DO NOTHING RETURNING id`,
      [orgId, newId('user'), person.email, person.email_key, person.name],
    );
    const found = await db.query<{ id: string; active: boolean }>(
      'SELECT id, active FROM users WHERE org_id = $1 AND email_key = $2 FOR NO KEY UPDATE',
      [orgId, person.email_key],
    );
    const { id, active } = found.rows[0] as { id: string; active: boolean };
    const { org_id: from, id: old } = person;
    const known = { id, email: person.email, fromOrg: person.slug, fromUserId: old };
    // A person who is inactive in the new org would lose the old access and todos for nothing.
    if (!active) return { ...known, outcome: 'inactive there: left alone', todos: 0 };
    // The revocation precedes the move: no session of the old user can add a todo after it.
    const ending = {
      orgId: from,
      initiator: 'operator',
      by: byOperator,
      reason: 'moved to another organisation',
    } as const;
    const ended = await switchOff(db, old, ending, null);
    if (!ended) throw new AppError('conflict', `${person.email} vanished. Run it again.`);
    const todos = await db.query('UPDATE todos SET org_id = $1, user_id = $2 WHERE org_id = $3 AND user_id = $4', [
      orgId,
      id,
      from,
      old,
    ]);
    await recordEvent(db, {
      orgId,
      action: 'user.moved_in',
      by: byOperator,
      target: { type: 'user', id },
      detail: { fromOrg: from, fromUser: old, todos: todos.rowCount },
    });
    return { ...known, outcome: added.rowCount === 1 ? 'created' : 'was there', todos: todos.rowCount ?? 0 };
  });
}
