import { z } from 'zod';
import { type Keyring, UnsealError } from '../keyring.ts';
import type { Visit } from './screen.ts';

const lifetimeMs = 15 * 60_000;
const purpose = 'search whose people were signed out';

const form = z.object({
  expiresAt: z.number(),
  org: z.string(),
  user: z.string(),
  receipt: z.string(),
  search: z.string(),
});

export type SealedSearches = ReturnType<typeof createSealedSearches>;

/**
 * The search whose people somebody has signed out, in the address of the receipt. It is sealed: a
 * search may name people, and nobody else's link makes a receipt say who is to be signed out, too.
 */
export function createSealedSearches({ keyring }: { keyring: Keyring }) {
  return {
    /** `receipt`: the id of the revocation. */
    seal({ principal }: Visit, receipt: string, search: string): Promise<string> {
      const { orgId: org, userId: user } = principal;
      const sealed: z.infer<typeof form> = { expiresAt: Date.now() + lifetimeMs, org, user, receipt, search };
      return keyring.encrypt(JSON.stringify(sealed), purpose);
    },

    /** Null where it is of another receipt or another person, too old, or was never sealed. */
    async open({ principal }: Visit, receipt: string, sealed: string): Promise<string | null> {
      const text = await keyring.decrypt(sealed, purpose).catch((error: unknown) => {
        if (error instanceof UnsealError) return null;
        throw error;
      });
      if (text === null) return null;
      const found = form.parse(JSON.parse(text));
      const isTheirs = found.org === principal.orgId && found.user === principal.userId && found.receipt === receipt;
      return isTheirs && found.expiresAt > Date.now() ? found.search : null;
    },
  };
}
