import { en } from './texts/en.ts';
import type { Texts } from './texts/texts.ts';

/**
 * Every problem that this backend answers with, as RFC 9457 problem details. The `type` is
 * `PUBLIC_URL/problems/<code>`, a page that shows `title` and `help`. The list is closed: codes are
 * API.
 */
export const problems = {
  invalid_request: {
    status: 400,
    title: 'Invalid request',
    help: 'The request is malformed. The detail says which part and what is expected.',
  },
  invalid_subject: {
    status: 400,
    title: 'Invalid subject identifier',
    help: 'The body must be {"sub_id": {…}} with an RFC 9493 subject identifier: a known `format` and exactly the members that format describes. An address must be one that somebody can have; the detail says why it is not.',
  },
  unsupported_subject_format: {
    status: 400,
    title: 'Unsupported subject identifier format',
    help: 'The identifier is well-formed, but users cannot be found by it here. Use email, iss_sub, opaque, account or aliases.',
  },
  ambiguous_subject: {
    status: 400,
    title: 'Subject identifiers disagree',
    help: 'The identifiers in the request name different users. Send identifiers of one user only.',
  },
  invalid_token: {
    status: 401,
    title: 'Invalid credential',
    help: 'The bearer credential is missing, unknown, expired, revoked or used before. Send `Authorization: Bearer <credential>` with a current API key of the organisation, with a new JWT signed by its identity provider, or at /api with an app’s access token, refreshed.',
  },
  not_signed_in: {
    status: 401,
    title: 'Not signed in',
    help: 'There is no live session. Sign in again through your organisation.',
  },
  session_revoked: {
    status: 401,
    title: 'Signed out by your organisation',
    help: 'Your organisation ended this session. The detail says when, and the reason where there is one. Sign in again to go on; where your account is switched off (`switchedOff`), ask your organisation.',
  },
  session_ended: { status: 401, title: 'Signed out', help: 'You signed out of this session. Sign in again to go on.' },
  session_displaced: {
    status: 401,
    title: 'Signed out: too many devices',
    help: 'You signed in on more devices or apps than your organisation allows one person, and this was the oldest. Sign in again to go on; the oldest of the others is signed out then.',
  },
  session_expired: {
    status: 401,
    title: 'Session expired',
    help: 'The session was idle for too long or reached its greatest age. Sign in again to go on.',
  },
  reauthentication_required: {
    status: 401,
    title: 'Authenticate again',
    help: 'This action asks for a recent authentication at the identity provider (RFC 9470). Go to `signInUrl`, then repeat it.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Insufficient scope',
    help: 'The API key or access token is valid but its scopes do not allow this. Use one with the scope that the detail names.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    help: 'Your role in the organisation does not allow this. An owner or a super admin can change roles.',
  },
  caller_not_allowed: {
    status: 403,
    title: 'Caller not allowed',
    help: 'The credential is valid, but the organisation has switched this type of caller (API keys, or signed JWTs) off for this endpoint.',
  },
  foreign_origin: {
    status: 403,
    title: 'Request from a foreign origin',
    help: 'Requests that change something are accepted from the application’s own pages only.',
  },
  not_found: { status: 404, title: 'Not found', help: 'There is nothing here, or it is not yours to see.' },
  user_not_found: {
    status: 404,
    title: 'User not found',
    help: 'No user of the caller’s organisation matches the subject identifier.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    help: 'The Allow header lists the methods that this address takes.',
  },
  confirmation_required: {
    status: 409,
    title: 'Confirmation required',
    help: 'Look at `effects`, then send the same request again with the `confirmation` from this answer. It counts once, for five minutes, for you, this target and this action, and only while nobody else has ended the same access.',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    help: 'What you ask for collides with what is there already. The detail says with what.',
  },
  content_too_large: {
    status: 413,
    title: 'Content too large',
    help: 'The request body is larger than this address takes.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    help: 'Wait as many seconds as Retry-After says. Counted are requests with a wrong credential from one network, lists that an organisation or a person asks for at once, and whatever makes others be asked. A valid credential still ends access at once.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    help: 'Something went wrong on our side and was logged under the request id.',
  },
  unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    help: 'Something this backend depends on, such as its database, does not answer. Nothing is promised, but that a call which is `noted` is carried out later if it can be. Try again after the Retry-After time; asking for a revocation twice does no harm.',
  },
} as const satisfies Record<string, { status: number; title: string; help: string }>;

export type ProblemCode = keyof typeof problems;

/** A sentence of the catalogue, in the language that it is asked in. */
export type Saying = (texts: Texts) => string;

/** What is wrong with one part of a request, as in the example of RFC 9457 §3. */
export type WrongPart = Readonly<{
  /** A part of the body: a JSON pointer as a fragment (RFC 6901 §6). */
  pointer?: string;
  /** A parameter of the query, or of the address. */
  parameter?: string;
  /** For programs, in English. */
  detail: string;
  /** For people, where it is said otherwise; it isn't sent. */
  says?: Saying;
}>;

type Options = Readonly<{
  members?: Record<string, unknown>;
  headers?: Record<string, string>;
  cause?: unknown;
  foreign?: boolean;
  /** The member of the body that the whole problem is about. */
  field?: string | undefined;
  errors?: readonly WrongPart[];
}>;

/** A refusal with a stable code. The caller reads `detail`: what to do, and no secret. */
export class AppError extends Error {
  readonly code: ProblemCode;
  /** In English: the API knows no other language. */
  readonly detail: string;
  /** The same in the language of a page; null where the problem has no words of the catalogue. */
  readonly says: Saying | null;
  /** The parts of the request that are wrong, where it is known which. */
  readonly errors: readonly WrongPart[];
  /** Further members of the problem details, e.g. `signedOutAt`. */
  readonly members: Record<string, unknown>;
  readonly headers: Record<string, string>;
  /**
   * Another party, such as an IdP, is at fault. Anybody may be able to bring it about at will, so it
   * is no error of ours in the log.
   */
  readonly foreign: boolean;

  constructor(code: ProblemCode, said: string | Saying, options: Options = {}) {
    const detail = typeof said === 'string' ? said : said(en);
    super(detail, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.detail = detail;
    this.says = typeof said === 'string' ? null : said;
    this.errors = options.errors ?? (options.field ? [{ pointer: pointerTo([options.field]), detail }] : []);
    this.members = options.members ?? {};
    this.headers = options.headers ?? {};
    this.foreign = options.foreign ?? false;
  }

  get status(): number {
    return problems[this.code].status;
  }
}

/** `#/names/0`: `~` and `/` are escaped as RFC 6901 §3 has it. */
export const pointerTo = (path: readonly string[]): string =>
  `#${path.map((name) => `/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`;
