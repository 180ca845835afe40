import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { type Keyring, UnsealError } from '../keyring.ts';
import type { Principal } from '../sessions/principal.ts';

/** What a confirmation allows, and to whom it was given. */
export type Confirmed = Readonly<{
  by: Pick<Principal, 'orgId' | 'userId' | 'credential'>;
  action:
    | 'person'
    | 'device'
    | 'list'
    | 'group'
    | 'everyone'
    | 'everyone_else'
    | 'address'
    | 'link'
    | 'unlink'
    | 'subjects'
    | 'policies'
    | 'erasure'
    | 'account'
    | 'account_key';
  /** Names what the action is done to, within the org. */
  target: string;
}>;

const lifetimeMs = 5 * 60_000;
const purpose = 'confirmation of ending access';

const form = z.object({
  id: z.string(),
  expiresAt: z.number(),
  org: z.string(),
  user: z.string(),
  credential: z.string(),
  action: z.string(),
  target: z.string(),
  standing: z.string(),
});

/** Refuses a confirmation; `endConfirmed` catches this and adds a fresh one. */
export const notConfirmed = (detail: string) => new AppError('confirmation_required', detail);

/**
 * A confirmation is what an administrator sends back after seeing what would end. It is sealed, so
 * that nobody can make one, and bound for five minutes to the session that asked, the action, its
 * target and that target's `standing` (which holds the generations). It counts once: its id goes
 * into `spent`, in the transaction that ends the access.
 */
export function createConfirmations({ keyring }: { keyring: Keyring }) {
  return {
    seal({ by, action, target }: Confirmed, standing: string): Promise<string> {
      const sealed: z.infer<typeof form> = {
        id: randomUUID(),
        expiresAt: Date.now() + lifetimeMs,
        org: by.orgId,
        user: by.userId,
        credential: by.credential.id,
        action,
        target,
        standing,
      };
      return keyring.encrypt(JSON.stringify(sealed), purpose);
    },

    /** @throws AppError confirmation_required, with a detail that says why it doesn't count */
    async open(
      confirmation: string | undefined,
      { by, action, target }: Confirmed,
    ): Promise<Readonly<{ id: string; expiresAt: Date; standing: string }>> {
      if (confirmation === undefined)
        throw notConfirmed('Look at `effects`, then send the same request again with this `confirmation`.');
      const text = await keyring.decrypt(confirmation, purpose).catch((error: unknown) => {
        if (!(error instanceof UnsealError)) throw error;
        throw notConfirmed('The confirmation is not one that was given here, or it was changed. Here is a fresh one.');
      });
      const sealed = form.parse(JSON.parse(text));
      if (sealed.org !== by.orgId || sealed.user !== by.userId || sealed.credential !== by.credential.id)
        throw notConfirmed('The confirmation was given to another session. Here is one for yours.');
      if (sealed.action !== action || sealed.target !== target)
        throw notConfirmed('The confirmation is for another action or target. Here is one for this.');
      if (sealed.expiresAt <= Date.now())
        throw notConfirmed('The confirmation has expired: it counts for five minutes. Here is a fresh one.');
      return { id: sealed.id, expiresAt: new Date(sealed.expiresAt), standing: sealed.standing };
    },
  };
}
