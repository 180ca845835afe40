import type { Pool, PoolClient } from 'pg';
import type { Call } from '../api/operation.ts';
import { type Permission, requireRole } from '../api/permissions.ts';
import { withSecondLook } from '../database/errors.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import type { InTurn } from '../http/turns.ts';
import type { Keyring } from '../keyring.ts';
import { spend } from '../revocation/once.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Texts } from '../texts/texts.ts';
import { textsFor } from '../web/language.ts';
import type { Concerned, Seen } from './concerned.ts';
import { type Confirmed, createConfirmations, notConfirmed } from './confirmation.ts';
import { createReadEffects, type Effects } from './effects.ts';

/** What is told beside the access that ends. */
export type Told = Pick<Effects, 'means' | 'linking'>;

/** One way of ending access, or of changing who is who, for one request of an administrator. */
export type Ending<Whose extends Concerned, Result> = Readonly<{
  confirmed: Omit<Confirmed, 'by'>;
  permission: Permission;
  /** With `lock` the rows stay locked until the transaction ends. */
  look: (db: Pool | PoolClient, lock: boolean) => Promise<Seen<Whose>>;
  /** Says what the action means, where that is more than the access that ends. */
  tell?: (db: Pool, whose: Whose, words: Texts['whoIsWho']) => Promise<Told>;
  end: (client: PoolClient, whose: Whose) => Promise<Result>;
}>;

export type EndingDeps = Readonly<{
  pool: Pool;
  /** Connections for ending access, which a busy `pool` never delays. */
  accessPool: Pool;
  inTurn: InTurn;
  keyring: Keyring;
  clientNames: ReadonlyMap<string, string>;
  announce: () => void;
}>;

type ConfirmableCall = Pick<Call, 'orgId' | 'principal' | 'req' | 'res'> &
  Readonly<{ body: { confirmation?: string | undefined } }>;

/** Ends access for an administrator, who has to see first what would end. */
export function createEndConfirmed(deps: EndingDeps) {
  const { pool, accessPool, inTurn, announce } = deps;
  const confirmations = createConfirmations(deps);
  const readEffects = createReadEffects(deps);

  /** @throws AppError confirmation_required for a confirmation that doesn't count, or no longer */
  async function end<Whose extends Concerned, Result>(
    { orgId, principal, body }: ConfirmableCall,
    ending: Ending<Whose, Result>,
    confirmed: Confirmed,
  ): Promise<Result> {
    const { id, expiresAt, standing } = await confirmations.open(body.confirmation, confirmed);
    return transaction(accessPool, async (client) => {
      const now = await ending.look(client, true);
      await requireStill(client, principal, ending.permission);
      if (!(await spend(client, orgId, { kind: 'confirmation', id, expiresAt })))
        throw notConfirmed('The confirmation was used before. Here is a fresh one.');
      if (now.standing !== standing)
        throw notConfirmed(
          'Since the confirmation was given, access has ended otherwise, or who is concerned has changed.',
        );
      return ending.end(client, now.whose);
    });
  }

  /** Tells what would end, and how to confirm it. */
  async function explain<Whose extends Concerned, Result>(
    { principal, req, res }: ConfirmableCall,
    ending: Ending<Whose, Result>,
    confirmed: Confirmed,
  ) {
    const { whose, standing } = await ending.look(pool, false);
    const texts = textsFor(req, res);
    // One after another, and two at a time within: an explanation leaves the connections to others.
    const ends = await readEffects(principal, whose, texts.devices);
    const told = await ending.tell?.(pool, whose, texts.whoIsWho);
    return { effects: { ...ends, ...told }, confirmation: await confirmations.seal(confirmed, standing) };
  }

  /**
   * Ends the access if that is confirmed, all or nothing.
   * @throws AppError confirmation_required with what would end, and how to confirm it
   */
  return async function endConfirmed<Whose extends Concerned, Result>(
    call: ConfirmableCall,
    ending: Ending<Whose, Result>,
  ): Promise<Result> {
    const { orgId, principal } = call;
    requireRole(principal.role, ending.permission);
    const confirmed: Confirmed = { by: principal, ...ending.confirmed };
    try {
      const result = await withSecondLook(() => end(call, ending, confirmed));
      announce();
      return result;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'confirmation_required') throw error;
      // Only this look takes turns: ending access never waits.
      const members = await inTurn('lists', orgId, () => explain(call, ending, confirmed), call.res);
      throw new AppError(error.code, error.detail, { members });
    }
  };
}

/**
 * Refuses a caller who may no longer do this: during a wait for locked rows, or while a file is
 * read, the caller's role, person or session may have gone. @throws AppError forbidden
 */
export async function requireStill(
  db: Pool | PoolClient,
  { orgId, userId, credential }: Principal,
  permission: Permission,
) {
  const { rows } = await db.query<Pick<Principal, 'role'>>({
    name: `still-signed-in-${credential.type}`,
    text: `SELECT role FROM live_${credential.type}s WHERE org_id = $1 AND user_id = $2 AND id = $3`,
    values: [orgId, userId, credential.id],
  });
  if (!rows[0]) throw new AppError('forbidden', ({ answers }) => answers.ownAccessEnded);
  requireRole(rows[0].role, permission);
}
