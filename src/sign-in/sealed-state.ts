import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { type Keyring, UnsealError } from '../keyring.ts';

/** Seconds that a sign-in may take. */
export const stateLifetime = 600;
/** Cookies of starts that a browser keeps: more could make its headers too long for servers. */
const atOnce = 4;

export const sealedState = z.object({
  /** The `state` parameter: 256 random bits. Burnt with the session's insert. */
  id: z.string(),
  orgId: z.string(),
  connectionId: z.string(),
  nonce: z.string(),
  /**
   * PKCE (RFC 7636); null where the connection does without. A code that was injected then fails by
   * the nonce, which its ID token has from another start.
   */
  verifier: z.string().nullable(),
  /** The transactions that were done at the start, as pg_snapshot. */
  snapshot: z.string(),
  /** The org's generation at the start: no sign-in outlives a sign-out of everyone. */
  orgGeneration: z.number(),
  /** The database's clock at the start, seconds. */
  startedAt: z.number(),
  /** 2 when the first answer was not fresh enough. There is no third. */
  round: z.union([z.literal(1), z.literal(2)]),
  /**
   * The IdP was told to authenticate anew: in round 2, where the start was asked to, and at once
   * when somebody of the org was revoked within the last five seconds. Claims are whole seconds: a
   * password typed just before a revocation could pass for one typed just after.
   */
  prompted: z.boolean(),
  /** The start asked for `prompt=login`: only a new authentication will do, revoked or not. */
  anew: z.boolean(),
  returnTo: z.string().nullable(),
  /** Who was expected. Starts of the version before sealed none. */
  loginHint: z.string().nullable().default(null),
});

export type SealedState = z.infer<typeof sealedState>;

/** States of different kinds have different names and purposes: none opens as one of another kind. */
export type StateKind<State extends SealedState> = Readonly<{
  name: string;
  purpose: string;
  form: z.ZodType<State>;
}>;

export const signInState: StateKind<SealedState> = { name: 'sign-in', purpose: 'sign-in-state', form: sealedState };

/**
 * Keeps the state of a sign-in in an encrypted cookie of its own: two tabs do not disturb each
 * other, and nothing is stored for people who are not signed in. The cookie ties the sign-in to the
 * browser that started it.
 */
export function createStateCookies<State extends SealedState>(
  deps: { config: Config; keyring: Keyring },
  { name: kind, purpose, form }: StateKind<State>,
) {
  const secure = deps.config.publicUrl.startsWith('https:');
  const prefix = `${secure ? '__Host-' : ''}${kind}.`;
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax' as const, secure };
  // The suffix tells the cookies of several tabs apart; the state is compared after decryption.
  const suffixOf = (id: string) => id.slice(0, 8);

  return {
    /** Sets the cookie. At most four of a browser's sign-ins stay: the oldest go first. */
    async seal(req: Request, res: Response, state: State): Promise<void> {
      const value = await deps.keyring.encrypt(JSON.stringify(state), purpose);
      const earlier = [...cookiesOf(req, prefix).keys()].sort().reverse();
      for (const name of earlier.slice(atOnce - 1)) res.clearCookie(name, attributes);
      const time = Math.floor(state.startedAt).toString(36).padStart(8, '0');
      res.cookie(`${prefix}${time}.${suffixOf(state.id)}`, value, { ...attributes, maxAge: stateLifetime * 1000 });
    },

    /** The state of this id, however old; null if no cookie of this browser opens to it. */
    async open(req: Request, id: string): Promise<State | null> {
      for (const value of named(req, id).values()) {
        const state = await unseal(value);
        if (state?.id === id) return state;
      }
      return null;
    },

    /** Deletes the cookie of this id. */
    clear(req: Request, res: Response, id: string): void {
      for (const name of named(req, id).keys()) res.clearCookie(name, attributes);
    },
  };

  function named(req: Request, id: string): Map<string, string> {
    const all = cookiesOf(req, prefix);
    return new Map([...all].filter(([name]) => name.endsWith(`.${suffixOf(id)}`)).slice(0, atOnce));
  }

  async function unseal(value: string): Promise<State | null> {
    try {
      // Another version of this program may have sealed it, in another shape.
      return form.safeParse(JSON.parse(await deps.keyring.decrypt(value, purpose))).data ?? null;
    } catch (error) {
      if (error instanceof UnsealError) return null;
      throw error;
    }
  }
}

/** Only names and values of our form, never quoted or encoded: others could not be cleared. */
function cookiesOf(req: Request, prefix: string): Map<string, string> {
  const pairs = (req.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('=', 2));
  return new Map(
    pairs.flatMap(([name, value]) =>
      name?.startsWith(prefix) && /^[\w.-]+$/.test(name) && value ? [[name, value] as [string, string]] : [],
    ),
  );
}
