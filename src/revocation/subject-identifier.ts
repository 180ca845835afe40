import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isStorableText } from '../database/storable.ts';
import { AppError } from '../errors.ts';
import { type EmailProblem, emailKey, problemOfNamed, userNameKey } from '../users/email.ts';
import type { Subject } from './revocation.ts';

const text = (most: number, whole = z.string()) => whole.min(1).max(most).refine(isStorableText);
const withScheme = (scheme: RegExp, message?: string, whole = z.string()) => text(2048, whole).regex(scheme, message);

// RFC 9493 §3.2: each format describes its members exactly; others are forbidden.
const formats = {
  account: z.strictObject({
    format: z.literal('account'),
    uri: withScheme(/^acct:[^@\s]+@[^@\s]+$/i, 'must be an `acct:` URI', z.string().trim()),
  }),
  email: z.strictObject({ format: z.literal('email'), email: text(320) }),
  iss_sub: z.strictObject({ format: z.literal('iss_sub'), iss: text(2048), sub: text(255) }),
  opaque: z.strictObject({ format: z.literal('opaque'), id: text(255) }),
  phone_number: z.strictObject({
    format: z.literal('phone_number'),
    phone_number: text(16).regex(/^\+[1-9]\d{1,14}$/),
  }),
  did: z.strictObject({ format: z.literal('did'), url: withScheme(/^did:[a-z0-9]+:.+/) }),
  uri: z.strictObject({
    format: z.literal('uri'),
    uri: withScheme(/^[a-z][a-z0-9+.-]*:.+/i, 'must be a URI with its scheme'),
  }),
};
/** Each format but `aliases`. */
export const identifier = z.discriminatedUnion('format', [
  formats.account,
  formats.email,
  formats.iss_sub,
  formats.opaque,
  formats.phone_number,
  formats.did,
  formats.uri,
]);
// §3.2.8: aliases are not nested.
export const aliases = z.strictObject({
  format: z.literal('aliases'),
  identifiers: z.array(identifier).min(1).max(20),
});

/** The formats of RFC 9493. */
export const subjectFormats = [...(Object.keys(formats) as (keyof typeof formats)[]), 'aliases'] as const;

export type SubjectIdentifier = z.infer<typeof identifier> | z.infer<typeof aliases>;

/**
 * Reads the body of a revocation request: `{"sub_id": …}` (draft -03 and later), or `{"subject":
 * …}` as Auth0's reference and older Okta texts send it. Other top-level members are ignored.
 * @throws AppError invalid_request, invalid_subject
 */
export function parseSubjectIdentifier(body: unknown): SubjectIdentifier {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new AppError(
      'invalid_request',
      'The body must be a JSON object such as {"sub_id":{"format":"email","email":"…"}}.',
    );
  const { sub_id: current, subject: older } = body as { sub_id?: unknown; subject?: unknown };
  if (current === undefined && older === undefined)
    throw new AppError('invalid_subject', 'The member "sub_id" is missing.');
  const [asked, alsoAsked] = [current, older].filter((member) => member !== undefined).map(parseSubject);
  // They are compared once parsed: then neither is nested deeper than a comparison bears.
  if (asked === undefined || (alsoAsked !== undefined && !isDeepStrictEqual(asked, alsoAsked)))
    throw new AppError('invalid_subject', '"sub_id" and "subject" are both there and differ; send "sub_id" only.');
  return asked;
}

/** Parses one subject identifier (RFC 9493). @throws AppError invalid_subject */
export function parseSubject(asked: unknown): SubjectIdentifier {
  const format = typeof asked === 'object' && asked !== null && 'format' in asked ? asked.format : undefined;
  const parsed = (format === 'aliases' ? aliases : identifier).safeParse(asked);
  if (parsed.success) return parsed.data;
  throw new AppError('invalid_subject', explain(format, parsed.error));
}

/**
 * Whom the identifier means, in the terms that users are stored by. A user name that is no
 * acceptable address may be named as one, too. @throws AppError unsupported_subject_format
 */
export function toSubject(asked: SubjectIdentifier): Subject {
  const identifiers = asked.format === 'aliases' ? asked.identifiers : [asked];
  const usable = identifiers.filter(({ format }) => !['phone_number', 'did', 'uri'].includes(format));
  if (usable.length === 0)
    throw new AppError(
      'unsupported_subject_format',
      'Users cannot be found by this format here; use email, iss_sub, opaque, account or aliases of these.',
    );
  return {
    userIds: [...new Set(usable.flatMap((name) => (name.format === 'opaque' ? [name.id] : [])))],
    emailKeys: [...new Set(usable.flatMap(addressesOf).map(userNameKey).filter(isStorableText))],
    identities: usable.flatMap((name) => (name.format === 'iss_sub' ? [{ issuer: name.iss, subject: name.sub }] : [])),
  };
}

/**
 * Why the identifier could mean nobody: a caller would take "unknown" for a person who isn't here.
 * Null where it could, or says something else beside.
 */
export function problemOfSubject(asked: SubjectIdentifier): EmailProblem | null {
  const identifiers = asked.format === 'aliases' ? asked.identifiers : [asked];
  const addresses = identifiers.flatMap(addressesOf);
  if (addresses.length < identifiers.length || addresses.some((address) => emailKey(address) !== null)) return null;
  return addresses.map(problemOfNamed).find((problem) => problem !== null) ?? null;
}

const addressesOf = (name: z.infer<typeof identifier>): string[] =>
  name.format === 'email' ? [name.email] : name.format === 'account' ? [accountAddress(name.uri)] : [];

/**
 * An `acct:` URI (RFC 7565) percent-encodes what an address may hold. One that is encoded wrongly
 * stays a URI: its `acct:` is in nobody's address.
 */
function accountAddress(uri: string): string {
  try {
    return decodeURIComponent(uri.slice('acct:'.length));
  } catch {
    return uri;
  }
}

/** Names the members that are wrong, never their values. */
function explain(format: unknown, error: z.ZodError): string {
  if (format === undefined) return 'The subject identifier must be an object with the member "format".';
  if (format !== 'aliases' && !(typeof format === 'string' && Object.hasOwn(formats, format)))
    return 'The format is unknown; use email, iss_sub, opaque, account or aliases (RFC 9493).';
  const wrong = error.issues.map((issue) =>
    issue.code === 'unrecognized_keys' ? 'members that the format does not describe' : `"${issue.path.join('.')}"`,
  );
  return `The subject identifier of format "${format}" is malformed at: ${[...new Set(wrong)].join(', ')}.`;
}
