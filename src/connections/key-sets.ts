import { setTimeout as delay } from 'node:timers/promises';
import { type CryptoKey, decodeProtectedHeader, errors, type LocalJWKSet } from 'jose';
import type { Logger } from 'pino';
import { type GuardedFetch, GuardedFetchError } from '../http/guarded-fetch.ts';
import { parseKeySet } from './published-keys.ts';
import { createStrangerFetches, type StrangerFetches } from './stranger-fetches.ts';

/** A minute in milliseconds. */
const minute = 60_000;
/** A set this young is used alone; an older one, up to `usableFor`, while a new one is fetched. */
const freshFor = 5 * minute;
const usableFor = 60 * minute;
/** After a failed fetch, and between two fetches for tokens that the IdP itself handed over. */
const shortPause = 1_000;
/** Key sets kept; connections beyond that fetch theirs again. */
const keptKeySets = 1_000;
/** Keys tried for a token that names none. */
const triedKeys = 10;

export type IdpJwtConnection = Readonly<{ orgId: string; id: string; jwksUri: string }>;

/**
 * Whom we have a token from. The IdP itself handed it over, so it is no junk: for `patience`
 * milliseconds its key is asked for again each second. Or somebody sent it from this network.
 */
export type TokenSource = Readonly<{ patience: number } | { network: string }>;

type Check<T> = (key: LocalJWKSet | CryptoKey) => Promise<T>;

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

/** The token's key is in the set, and is none of the token's algorithm. */
class KeyOfOtherAlgorithm extends errors.JWSSignatureVerificationFailed {}

/** `at`: when the fetch of these keys began. All moments: milliseconds on the monotonic clock. */
type Fetched = Readonly<{ keys: LocalJWKSet; at: number }>;

type KeySet = {
  readonly connection: IdpJwtConnection;
  readonly strangers: StrangerFetches;
  fetched: Fetched | null;
  loading: Promise<void> | null;
  failure: { at: number; error: IdpKeysUnavailable } | null;
};

/**
 * The key sets (JWKS) of connections' IdPs, each connection's its own. jose's `createRemoteJWKSet`
 * differs: a set that is old waits for a fetch and fails with it (here a set of an hour still
 * serves); in its pause an unknown key is "wrong" (here "not now"); it fetches again at once after
 * a failure; a key that was replaced under its own id stays wrong; and its one pause is for all
 * tokens (here each network has its own, and what the IdP itself handed over has a short one).
 */
export function createKeySets({ guardedFetch, log }: { guardedFetch: GuardedFetch; log: Logger }) {
  const sets = new Map<string, KeySet>();

  function setOf({ orgId, id, jwksUri }: IdpJwtConnection): KeySet {
    const name = `${orgId} ${id} ${jwksUri}`;
    const known = sets.get(name);
    if (known) return known;
    const [oldest] = sets.keys();
    if (sets.size >= keptKeySets && oldest !== undefined) sets.delete(oldest);
    const connection = { orgId, id, jwksUri };
    const made = { connection, strangers: createStrangerFetches(), fetched: null, loading: null, failure: null };
    sets.set(name, made);
    return made;
  }

  /**
   * One fetch at a time, shared by all who need it; after a failure none for a moment.
   * @throws IdpKeysUnavailable
   */
  function load(set: KeySet): Promise<void> {
    if (set.loading) return set.loading;
    const begunAt = performance.now();
    if (set.failure && begunAt - set.failure.at < shortPause) return Promise.reject(set.failure.error);
    const fetched = async () => {
      try {
        set.fetched = { keys: await fetchKeys(guardedFetch, set.connection.jwksUri), at: begunAt };
        set.failure = null;
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
   * Runs `check` with the keys at hand. Where none of them signed the token, `loadNewer` is called,
   * and `check` runs again: a set whose fetch began after the token came is the last word.
   */
  async function tryNewest<T>(
    token: string,
    set: KeySet,
    check: Check<T>,
    loadNewer: (mismatch: errors.JOSEError) => Promise<void>,
  ): Promise<T> {
    const arrivedAt = performance.now();
    // A load under way when the token came may lack its key: then one more round follows.
    for (;;) {
      const tried = await usableKeys(set);
      try {
        return await tryKeys(token, tried.keys, check);
      } catch (error) {
        // An IdP may also have a new key under the id of an old one.
        const mayBeNewer =
          error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
        if (!mayBeNewer || tried.at >= arrivedAt) throw error;
        // Another set may have come while these keys were tried.
        if (set.fetched === tried) await loadNewer(error);
      }
    }
  }

  async function waitForPause(set: KeySet): Promise<void> {
    const last = Math.max(set.fetched?.at ?? Number.NEGATIVE_INFINITY, set.failure?.at ?? Number.NEGATIVE_INFINITY);
    const left = last + shortPause - performance.now();
    if (left > 0) await delay(left, undefined, { ref: false });
  }

  /**
   * The key of a token from the IdP's own hands is there soon. The set may lag behind it, where a
   * cache or another of the IdP's nodes answers, or can't be had for a moment.
   */
  async function checkHandedOver<T>(token: string, set: KeySet, check: Check<T>, patience: number): Promise<T> {
    const until = performance.now() + patience;
    const loadNewer = async () => {
      const { fetched } = set;
      if (!set.loading) await waitForPause(set);
      // Of those who waited together one fetches for all.
      if (set.fetched === fetched) await load(set);
    };
    for (;;) {
      try {
        return await tryNewest(token, set, check, loadNewer);
      } catch (error) {
        const mayPass = error instanceof errors.JWKSNoMatchingKey || error instanceof IdpKeysUnavailable;
        if (!mayPass || performance.now() >= until) throw error;
      }
      await waitForPause(set);
    }
  }

  /**
   * Junk can use up its network's fetch: in that pause the answer is "not now", never "wrong".
   * @throws IdpKeysUnavailable
   */
  async function loadForStranger(set: KeySet, network: string): Promise<void> {
    if (set.loading) return set.loading;
    const now = performance.now();
    const wait = set.strangers.wait(network, now);
    if (wait > 0) throw new IdpKeysUnavailable(Math.ceil(wait / 1000));
    set.strangers.count(network, now);
    try {
      await load(set);
    } catch (error) {
      set.strangers.giveBack(network);
      throw error;
    }
  }

  async function checkSent<T>(token: string, set: KeySet, check: Check<T>, network: string): Promise<T> {
    const checked = await tryNewest(token, set, check, async (mismatch) => {
      // A caller's algorithm under a known id is its fault: it hears so at once, and each time.
      if (mismatch instanceof KeyOfOtherAlgorithm) throw mismatch;
      await loadForStranger(set, network);
    });
    set.strangers.noteGenuine(network);
    return checked;
  }

  /**
   * Runs `check` (a verification by jose) with the connection's keys, and again with newly fetched
   * ones if none of them signed the token.
   * @throws IdpKeysUnavailable, and what `check` throws
   */
  function withKeys<T>(token: string, connection: IdpJwtConnection, check: Check<T>, source: TokenSource): Promise<T> {
    const set = setOf(connection);
    return 'network' in source
      ? checkSent(token, set, check, source.network)
      : checkHandedOver(token, set, check, source.patience);
  }

  return { withKeys };
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
async function tryKeys<T>(token: string, keys: LocalJWKSet, check: Check<T>): Promise<T> {
  try {
    return await check(keys);
  } catch (error) {
    // Without a `kid`, a key that doesn't fit counts as a key that isn't there.
    if (error instanceof errors.JWSSignatureVerificationFailed && decodeProtectedHeader(token).kid === undefined)
      throw new errors.JWKSNoMatchingKey();
    if (error instanceof errors.JWKSNoMatchingKey && isNamed(token, keys)) throw new KeyOfOtherAlgorithm();
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
