import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import type { Loss } from '../accounts/remove-account.ts';
import type { Success } from '../api/endpoint.ts';
import type { Call } from '../api/operation.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import { spend } from '../revocation/once.ts';
import { type Confirmed, createConfirmations, notConfirmed } from './confirmation.ts';
import { refusalOf } from './ending-access.ts';

/** Something that is lost for good, for one request. */
export type Losing = Readonly<{
  confirmed: Omit<Confirmed, 'by'>;
  /** With `lock` the rows stay as they are until the transaction ends. */
  look: (db: Pool | PoolClient, lock: boolean) => Promise<Loss>;
  lose: (client: PoolClient) => Promise<void>;
}>;

const confirmationRequired = refusalOf(
  'confirmation_required',
  'Look at `effects`, then send the same request again with this `confirmation`.',
)
  .extend({
    effects: z
      .object({
        accounts: z.int(),
        versions: z.int().describe('Passwords.'),
        rights: z.int(),
        mayBeLive: z
          .array(z.int())
          .describe(
            'Of one account whose password is just being changed: versions of which one may be what signs in. Read them first if anybody still needs the system.',
          ),
        underWay: z
          .int()
          .describe('Changes that may have set a password which is kept here alone. Let them end first.'),
      })
      .describe('What would be lost.'),
    confirmation: z.string().describe('To be sent back with the same request, within five minutes.'),
  })
  .meta({ id: 'LossToConfirm', description: 'Problem details (RFC 9457), with what would be lost.' });
const conflict = refusalOf(
  'conflict',
  'This account changes the passwords of others: give them another administrator first. Or a new password is on its way to its system: wait until it is there.',
).meta({
  id: 'LossConflict',
});

/** The first answer: what would be lost, and what to send back to confirm it; or why it can't be. */
export const askedBackOfLoss: Success = {
  status: 409,
  description: '`confirmation_required`: nothing has changed yet. `conflict`: nothing will.',
  contentTypes: ['application/problem+json'],
  schema: z.union([confirmationRequired, conflict]).meta({ id: 'LossToConfirmOrConflict' }),
};

/** Carries out what can't be undone, once whoever asks has seen what would be lost. */
export function createConfirmLoss(deps: Readonly<{ pool: Pool; keyring: Keyring }>) {
  const { pool } = deps;
  const confirmations = createConfirmations(deps);
  type LossCall = Pick<Call, 'orgId' | 'principal'> & Readonly<{ body: { confirmation?: string | undefined } }>;

  /** @throws AppError confirmation_required with what would be lost, and how to confirm it */
  return async function confirmLoss({ orgId, principal, body }: LossCall, losing: Losing): Promise<void> {
    const confirmed: Confirmed = { by: principal, ...losing.confirmed };
    try {
      const { id, expiresAt, standing } = await confirmations.open(body.confirmation, confirmed);
      await transaction(pool, async (client) => {
        const now = await losing.look(client, true);
        if (!(await spend(client, orgId, { kind: 'confirmation', id, expiresAt })))
          throw notConfirmed('The confirmation was used before. Here is a fresh one.');
        if (now.standing !== standing)
          throw notConfirmed('Since the confirmation was given, a password, or a change of one, has moved on.');
        await losing.lose(client);
      });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'confirmation_required') throw error;
      const { standing, ...effects } = await losing.look(pool, false);
      throw new AppError(error.code, error.detail, {
        members: { effects, confirmation: await confirmations.seal(confirmed, standing) },
      });
    }
  };
}
