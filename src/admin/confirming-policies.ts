import { hash } from 'node:crypto';
import type { Pool } from 'pg';
import type { Call } from '../api/operation.ts';
import { canonicalJson } from '../audit/canonical-json.ts';
import { AppError } from '../errors.ts';
import type { InTurn } from '../http/turns.ts';
import type { Keyring } from '../keyring.ts';
import type { PolicyChanges } from '../orgs/policies.ts';
import { isMuchMore, type PolicyEffects, readPolicyEffects } from '../orgs/policy-effects.ts';
import { type Confirmed, createConfirmations, notConfirmed } from './confirmation.ts';

type PolicyCall = Pick<Call, 'orgId' | 'principal' | 'res'>;

/** Binds a change of policies to what a preview of the very same change had shown. */
export function createConfirmPolicies(deps: Readonly<{ pool: Pool; inTurn: InTurn; keyring: Keyring }>) {
  const { pool, inTurn } = deps;
  const confirmations = createConfirmations(deps);

  /** What the change would do now, and what confirms it. */
  async function preview({ orgId, principal, res }: PolicyCall, changes: PolicyChanges) {
    const effects = await inTurn('lists', orgId, () => readPolicyEffects(pool, principal, changes), res);
    const confirmation = await confirmations.seal(confirmedBy(principal, changes), JSON.stringify(effects));
    return { effects, confirmation };
  }

  return {
    preview,

    /**
     * Lets the change pass while it would do about what was shown. The confirmation isn't spent: to
     * save the same policies twice ends nothing more.
     * @throws AppError confirmation_required with what it would do now, and how to confirm that
     */
    async requireAsShown(call: PolicyCall, changes: PolicyChanges, confirmation: string): Promise<void> {
      const opened = await confirmations.open(confirmation, confirmedBy(call.principal, changes)).then(
        ({ standing }) => ({ shown: JSON.parse(standing) as PolicyEffects, refusal: null }),
        (refusal: unknown) => ({ shown: null, refusal }),
      );
      if (opened.refusal !== null && !isNotConfirmed(opened.refusal)) throw opened.refusal;
      const members = await preview(call, changes);
      if (opened.shown && !isMuchMore(opened.shown, members.effects)) return;
      const { detail } = opened.refusal ?? notConfirmed('Meanwhile this would do more than the preview said.');
      throw new AppError('confirmation_required', detail, { members });
    },
  };
}

const isNotConfirmed = (error: unknown): error is AppError =>
  error instanceof AppError && error.code === 'confirmation_required';

const confirmedBy = (by: Confirmed['by'], changes: PolicyChanges): Confirmed => ({
  by,
  action: 'policies',
  target: hash('sha256', canonicalJson(JSON.parse(JSON.stringify(changes))), 'base64url'),
});
