import { type CryptoKey, decodeProtectedHeader, errors, type LocalJWKSet } from 'jose';
import type { Logger } from 'pino';
import { type GuardedFetch, GuardedFetchError } from '../http/guarded-fetch.ts';
import { parseKeySet } from './published-keys.ts';

/** A minute in milliseconds. */
const minute = 60_000;
/** A set this young is used alone; an older one, up to `usableFor`, while a new one is fetched. */
const freshFor = 5 * minute;
const usableFor = 60 * minute;
/** At most one fetch for an unknown key id in this time, however much junk comes. */
const unknownKeyPause = minute;
/** The pause for tokens from the IdP's own token endpoint, which are no junk. */
const handedOverPause = 1_000;
const failurePause = 1_000;
/** Key sets kept; connections beyond that fetch theirs again. */
const keptKeySets = 1_000;
/** Keys tried for a token that names none. */
const triedKeys = 10;

export type IdpJwtConnection = Readonly<{ orgId: string; id: string; jwksUri: string }>;

/** Keys can't be had. `cause`: a GuardedFetchError, or the answer's fault; none in a pause. */
export class IdpKeysUnavailable extends Error {
  /** Seconds. */
  readonly retryAfter: number;
  constructor(retryAfter: number, cause?: unknown) {
    super('the keys of the identity provider cannot be had', { cause });
    this.name = 'IdpKeysUnavailable';
    this.retryAfter = retryAfter;
  }
}

/** `at`: when the fetch of these keys began. All moments: milliseconds on the monotonic clock. */
type Fetched = Readonly<{ keys: LocalJWKSet; at: number }>;

type KeySet = {
  readonly connection: IdpJwtConnection;
  fetched: Fetched | null;
  loading: Promise<void> | null;
  failure: { at: number; error: IdpKeysUnavailable } | null;
  /** When a fetch for an unknown key last brought keys. */
  askedAt: number;
  reload: NodeJS.Timeout | null;
};

/**
 * The key sets (JWKS) of connections' IdPs, each connection's its own. jose's `createRemoteJWKSet`
 * differs: a set that is old waits for a fetch and fails with it (here a set of an hour still
 * serves); in its pause an unknown key is "wrong" (here "not now"); it fetches again at once after
 * a failure; and its one pause is for all tokens (a token that the IdP itself handed over has a
 * short one here).
 */
export function createKeySets({ guardedFetch, log }: { guardedFetch: GuardedFetch; log: Logger }) {
  const sets = new Map<string, KeySet>();

  function setOf({ orgId, id, jwksUri }: IdpJwtConnection): KeySet {
    const name = `${orgId} ${id} ${jwksUri}`;
    const known = sets.get(name);
    if (known) return known;
    const [oldest] = sets;
    if (sets.size >= keptKeySets && oldest) {
      clearTimeout(oldest[1].reload ?? undefined);
      sets.delete(oldest[0]);
    }
    const connection = { orgId, id, jwksUri };
    const askedAt = Number.NEGATIVE_INFINITY;
    const made = { connection, fetched: null, loading: null, failure: null, askedAt, reload: null };
    sets.set(name, made);
    return made;
  }

  /**
   * One fetch at a time, shared by all who need it; after a failure none for a moment.
   * @param forUnknownKey keys that it brings use up the pause for unknown keys; a failure doesn't
   * @throws IdpKeysUnavailable
   */
  function load(set: KeySet, { forUnknownKey = false } = {}): Promise<void> {
    if (set.loading) return set.loading;
    const begunAt = performance.now();
    if (set.failure && begunAt - set.failure.at < failurePause) return Promise.reject(set.failure.error);
    const fetched = async () => {
      try {
        set.fetched = { keys: await fetchKeys(guardedFetch, set.connection.jwksUri), at: begunAt };
        set.failure = null;
        if (forUnknownKey) set.askedAt = begunAt;
      } catch (cause) {
        const error = new IdpKeysUnavailable(5, cause);
        set.failure = { at: performance.now(), error };
        const reason = cause instanceof GuardedFetchError ? cause.reason : 'garbage';
        log.warn({ connection: set.connection.id, reason }, 'the keys of an identity provider cannot be had');
        throw error;
      } finally {
        set.loading = null;
      }
    };
    set.loading = fetched();
    return set.loading;
  }

  /** @throws IdpKeysUnavailable */
  async function usableKeys(set: KeySet): Promise<Fetched> {
    const age = performance.now() - (set.fetched?.at ?? Number.NEGATIVE_INFINITY);
    if (age >= freshFor) {
      const loading = load(set);
      if (age >= usableFor) await loading;
      else loading.catch(() => {});
    }
    if (!set.fetched) throw new IdpKeysUnavailable(5);
    return set.fetched;
  }

  /**
   * Fetches because of an unknown key. Junk can use this up, so within the pause the answer is "not
   * now", never "wrong", and the next fetch is made as soon as the pause is over.
   * @throws IdpKeysUnavailable
   */
  async function loadForUnknownKey(set: KeySet): Promise<void> {
    const left = set.askedAt + unknownKeyPause - performance.now();
    if (left <= 0 || set.loading) return load(set, { forUnknownKey: true });
    set.reload ??= setTimeout(() => {
      set.reload = null;
      load(set, { forUnknownKey: true }).catch(() => {});
    }, left).unref();
    throw new IdpKeysUnavailable(Math.ceil(left / 1000));
  }

  /**
   * Runs `check` (a verification by jose) with the connection's keys; once more with newly fetched
   * ones if none was the token's.
   * @param options.handedOver the IdP itself gave us the token: it may cause a fetch at any time
   * @throws IdpKeysUnavailable, and what `check` throws
   */
  async function withKeys<T>(
    token: string,
    connection: IdpJwtConnection,
    check: (key: LocalJWKSet | CryptoKey) => Promise<T>,
    options: { handedOver: boolean },
  ): Promise<T> {
    const set = setOf(connection);
    const arrivedAt = performance.now();
    // A load under way when the token came may lack its key: then one more round follows.
    for (;;) {
      const tried = await usableKeys(set);
      try {
        return await tryKeys(token, tried.keys, check);
      } catch (error) {
        // A set whose fetch began after the token came is the last word.
        const isFinal = !(error instanceof errors.JWKSNoMatchingKey) || tried.at >= arrivedAt;
        const paused = options.handedOver && arrivedAt - tried.at < handedOverPause;
        if (isFinal || paused) throw error;
      }
      // Another set may have come while these keys were tried.
      if (set.fetched === tried) await (options.handedOver ? load(set) : loadForUnknownKey(set));
    }
  }

  return {
    withKeys,

    /** Stops the fetches that would begin by themselves. */
    stop() {
      for (const { reload } of sets.values()) clearTimeout(reload ?? undefined);
    },
  };
}

async function fetchKeys(guardedFetch: GuardedFetch, jwksUri: string): Promise<LocalJWKSet> {
  const { status, text } = await guardedFetch(jwksUri);
  if (status !== 200) throw new Error(`the JWKS answers with status ${status}`);
  return parseKeySet(text);
}

function isNamed(token: string, keys: LocalJWKSet): boolean {
  const { kid } = decodeProtectedHeader(token);
  return kid !== undefined && keys.jwks().keys.some((key) => key.kid === kid);
}

/** A token that names no key may fit several of the set: then each is tried. */
async function tryKeys<T>(
  token: string,
  keys: LocalJWKSet,
  check: (key: LocalJWKSet | CryptoKey) => Promise<T>,
): Promise<T> {
  try {
    return await check(keys);
  } catch (error) {
    // Without a `kid`, a key that doesn't fit counts as a key that isn't there.
    if (error instanceof errors.JWSSignatureVerificationFailed && decodeProtectedHeader(token).kid === undefined)
      throw new errors.JWKSNoMatchingKey();
    // The key is there, and is none of this algorithm: no fetch changes that.
    if (error instanceof errors.JWKSNoMatchingKey && isNamed(token, keys))
      throw new errors.JWSSignatureVerificationFailed();
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let tried = 0;
    for await (const key of error) {
      try {
        return await check(key);
      } catch (mismatch) {
        // An error that isn't jose's means an unusable key, such as one that is too short.
        const fits =
          mismatch instanceof errors.JOSEError && !(mismatch instanceof errors.JWSSignatureVerificationFailed);
        if (fits) throw mismatch;
      }
      tried += 1;
      if (tried === triedKeys) break;
    }
    throw new errors.JWKSNoMatchingKey();
  }
}
