import type { Pool } from 'pg';
import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { roles } from '../api/permissions.ts';

/** Owners come first; whoever looks for help needs no longer list. */
const most = 20;

export const administrators = z
  .object({ items: z.array(z.object({ name: z.string(), email: z.string(), role: z.enum(roles) })) })
  .meta({ id: 'Administrators' });

/** Whom a member turns to: those who administer their own organisation. */
export function administratorsOperation({ pool }: { pool: Pool }): Operation {
  return operation({
    method: 'get',
    path: '/api/users/me/administrators',
    id: 'listMyAdministrators',
    tag: 'You',
    summary: 'Who administers your organisation',
    description: `Their names and addresses, owners first; ${most} at most.`,
    turn: 'own',
    success: { status: 200, description: 'Those who are switched on.', schema: administrators },
    problems: ['too_many_requests'],
    handle: async ({ principal: { orgId } }) => {
      const { rows } = await pool.query({
        name: 'administrators-of-org',
        text: `SELECT name, email, role FROM users
               WHERE org_id = $1 AND role <> 'member' AND active AND deleted_at IS NULL
               ORDER BY role, email_key LIMIT ${most}`,
        values: [orgId],
      });
      return { items: rows };
    },
  });
}
