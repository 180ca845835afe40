import type { Pool } from 'pg';
import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';

const here = '/api/users/me/account-mail';
const tag = 'You';

const choice = {
  changed: z
    .boolean()
    .describe('Whether you get an e-mail when the password of a shared account that you may use changed.'),
};
export const accountMail = z
  .object({ ...choice, emailAvailable: z.boolean().describe('Whether this deployment can send e-mail.') })
  .meta({ id: 'AccountMail' });

/** Whether somebody hears by e-mail that a password changed. It is their own choice alone. */
export function accountMailOperations(deps: { pool: Pool; emailAvailable: boolean }): readonly Operation[] {
  const { pool, emailAvailable } = deps;
  return [
    operation({
      method: 'get',
      path: here,
      id: 'getAccountMail',
      tag,
      summary: 'Whether you get an e-mail when the password of a shared account changed',
      description: 'It is your own choice, and nobody else sees it.',
      success: { status: 200, description: 'Your choice.', schema: accountMail },
      handle: async ({ principal: { orgId, userId } }) => {
        const { rows } = await pool.query<{ changed: boolean }>({
          name: 'account-mail-choice',
          text: 'SELECT mail_of_accounts AS changed FROM users WHERE org_id = $1 AND id = $2',
          values: [orgId, userId],
        });
        return { changed: rows[0]?.changed ?? false, emailAvailable };
      },
    }),
    operation({
      method: 'put',
      path: here,
      id: 'chooseAccountMail',
      tag,
      summary: 'Choose whether you get an e-mail when the password of a shared account changed',
      description:
        'What changed within a minute is one e-mail, in your language. It says that the password changed, and where you read it; the password never stands in it.',
      body: z.strictObject(choice),
      bodyExample: { changed: true },
      success: { status: 200, description: 'As it is now.', schema: accountMail },
      handle: async ({ principal: { orgId, userId }, body: { changed } }) => {
        await pool.query({
          name: 'account-mail-choose',
          text: 'UPDATE users SET mail_of_accounts = $3 WHERE org_id = $1 AND id = $2',
          values: [orgId, userId, changed],
        });
        return { changed, emailAvailable };
      },
    }),
  ];
}
