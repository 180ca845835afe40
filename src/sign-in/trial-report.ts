import type { MetadataCheck } from '../connections/check-connection.ts';
import type { Role } from '../database/generated/client.ts';
import type { Advice, AdviceParts } from './hints.ts';
import type { IdpWords } from './idp-words.ts';
import type { RefusalReason } from './refusal.ts';

/** In the order in which a sign-in takes them. */
export const trialSteps = [
  'discovery',
  'request',
  'answer',
  'tokens',
  'id_token',
  'address',
  'person',
  'freshness',
] as const;
export type TrialStep = (typeof trialSteps)[number];

/** Why a real sign-in would have been refused here. */
export type TrialRefusal = Readonly<{
  reason: RefusalReason;
  detail: string | null;
  said: IdpWords | null;
  /** What to do, and what the words about it may name. */
  advice: Advice;
  parts: AdviceParts;
}>;

/** `doubtful`: a sign-in goes on, but something is to be looked at. */
export type TrialOutcome = 'good' | 'doubtful' | 'bad' | 'not_reached';

/**
 * A claim of the verified ID token; `value` null: it is there, and isn't shown. `decides`: whom a
 * sign-in names, and whether it is fresh, is read from it.
 */
export type ShownClaim = Readonly<{ name: string; value: string | null; moment: boolean; decides: boolean }>;

export type TrialPerson = Readonly<{
  kind: 'known' | 'to_link' | 'to_create';
  /** Null: somebody who would be created. */
  user: Readonly<{ id: string; name: string; email: string; active: boolean; role: Role }> | null;
  /** The role that a claim would give; null where none does. */
  role: Role | null;
}>;

export type TrialFreshness = Readonly<{
  verdict: 'fresh' | 'stale' | 'auth_time_missing';
  /** Seconds from the authentication to the ID token's issue, on the IdP's clock. */
  authenticatedBefore: number | null;
  /** Somebody's access has ended before, so that the sign-in has to be a new one. */
  revoked: boolean;
  reauthentication: 'verified' | 'best_effort';
}>;

/** What a trial found. It holds no token, no secret and no code. */
export type TrialReport = Readonly<{
  connection: Readonly<{
    id: string;
    name: string;
    active: boolean;
    proven: boolean;
    /** The next real sign-in may prove it. */
    provable: boolean;
  }>;
  /** The trial asked for a new authentication, as a sign-in after a sign-out does. */
  anew: boolean;
  outcomes: Readonly<Record<TrialStep, TrialOutcome>>;
  /** At which step it ended, and why. */
  refused: (TrialRefusal & Readonly<{ step: TrialStep }>) | null;
  metadata: MetadataCheck | null;
  /** Where the browser was sent, and with what; random parts are left out. */
  request: Readonly<{ address: string; parameters: readonly (readonly [name: string, value: string])[] }> | null;
  tokenEndpoint: Readonly<{ address: string; authentication: string }>;
  claims: readonly ShownClaim[];
  address: Readonly<{
    claim: string;
    email: string | null;
    verified: boolean;
    source: 'id_token' | 'user_info' | 'none';
    /** User info that could not be had keeps nobody out who is known. */
    problem: TrialRefusal | null;
  }> | null;
  person: TrialPerson | null;
  freshness: TrialFreshness | null;
}>;

/** The worst of a report's steps. */
export function overall({ outcomes, connection }: TrialReport): 'good' | 'doubtful' | 'bad' {
  const all = Object.values(outcomes);
  if (all.includes('bad')) return 'bad';
  return all.includes('doubtful') || !connection.active ? 'doubtful' : 'good';
}
