import type { Texts } from '../texts/texts.ts';
import type { IdpWords } from './idp-words.ts';

/**
 * Every way a sign-in can be refused, with its HTTP status. The list is closed: a reason is a page,
 * the `detail.reason` of an audit event and a member of a log line. The page's texts are ours
 * alone; nothing that an identity provider says is passed on.
 */
export const refusals = {
  org_unknown: 404,
  connection_unknown: 404,
  request_malformed: 400,
  state_missing: 400,
  state_expired: 400,
  state_foreign: 400,
  state_spent: 400,
  issuer_mixed_up: 400,
  cancelled: 403,
  idp_error: 502,
  idp_unreachable: 504,
  idp_garbage: 502,
  code_refused: 400,
  client_refused: 502,
  id_token_invalid: 403,
  user_info_invalid: 502,
  email_missing: 403,
  email_unusable: 403,
  email_unverified: 403,
  connection_not_authoritative: 403,
  identity_mismatch: 403,
  user_unknown: 403,
  user_inactive: 403,
  not_fresh: 403,
  auth_time_missing: 403,
  overtaken: 409,
  unavailable: 503,
  internal: 500,
} as const satisfies Record<keyof Texts['refusals'], number>;

export type RefusalReason = keyof typeof refusals;

type More = Readonly<{
  /** The user in question, for the organisation's record alone; the page never shows it. */
  userId?: string | null;
  said?: IdpWords | null;
  facts?: Readonly<Record<string, string | number>>;
}>;

/** `detail` is for the log: a word of ours or of a library's closed list, never of the IdP. */
export class SignInRefused extends Error {
  readonly reason: RefusalReason;
  readonly detail: string | null;
  readonly userId: string | null;
  /** What the IdP said, for the log and the record. */
  readonly said: IdpWords | null;
  /** What else the log says, flat. */
  readonly facts: Readonly<Record<string, string | number>>;
  constructor(
    reason: RefusalReason,
    detail: string | null = null,
    { userId = null, said = null, facts = {} }: More = {},
  ) {
    super(`sign-in refused: ${reason}`);
    this.name = 'SignInRefused';
    this.reason = reason;
    this.detail = detail;
    this.userId = userId;
    this.said = said;
    this.facts = facts;
  }

  /** The same refusal, of which more is known. */
  withFacts(facts: SignInRefused['facts']): SignInRefused {
    return new SignInRefused(this.reason, this.detail, { ...this, facts: { ...this.facts, ...facts } });
  }
}
