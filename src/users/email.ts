import { randomBytes } from 'node:crypto';
import { domainToASCII, domainToUnicode } from 'node:url';
import type { Saying } from '../errors.ts';
import { en } from '../texts/en.ts';

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
// A domain has a dot and a last label with a letter: not `localhost`, not an IP address.
const domainForm = new RegExp(`^(?:${label}\\.)+(?=[a-z0-9-]*[a-z])${label}$`);

const plainForm = /^[\x21-\x7e]+$/;
// RFC 5322's `atext`, dots wherever they stand, and the letters of RFC 6531.
const localForm = /^[\w.!#$%&'*+/=?^`{|}~\p{L}\p{M}\p{N}-]+$/u;
const invisible = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
// Nobody sees the second dot of an `i`; the lower case of `İ` has one.
const secondDot = /\p{Soft_Dotted}\p{M}*\u0307/u;

// UAX #31, table 5: the scripts of today. UTS #39 §5.2, "highly restrictive": the three sets that
// may stand together.
const scripts =
  'Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan';
const together = [
  ['Han', 'Hiragana', 'Katakana'],
  ['Han', 'Bopomofo'],
  ['Han', 'Hangul'],
];
const scriptForms = [...scripts.split(' ').map((script) => [script]), ...together.map((set) => ['Latin', ...set])].map(
  (set) => new RegExp(`^[${['Common', 'Inherited', ...set].map((script) => `\\p{scx=${script}}`).join('')}]+$`, 'u'),
);

// Octets: RFC 5321 §4.5.3.1.3, where the path has two brackets around the address. Its 64 before
// the @ are not asked for: an address that is longer there ends access like any other.
const longest = 254;

// RFC 2606 §2: `invalid` is never anybody's. `prisma/rules/record.sql` knows the domain too: somebody
// else with such an address would have no name on record.
const domainOfRemoved = 'deleted.invalid';

/** Why nobody can have an address. Callers read it: it holds nothing of the address. */
export const emailProblems = en.answers.email;
export type EmailProblem = (typeof emailProblems)[keyof typeof emailProblems];

/** One of these in the language of a page. */
export function sayEmailProblem(problem: EmailProblem): Saying {
  const names = Object.keys(emailProblems) as (keyof typeof emailProblems)[];
  const name = names.find((each) => emailProblems[each] === problem);
  return ({ answers }) => (name ? answers.email[name] : problem);
}

/**
 * The key that users are found by, or why there is none. This is the only place that makes one:
 * databases and engines disagree about the case of `İ` and `ς`. A key is compared byte by byte.
 *
 * - Blanks around the address are cut off. It is in NFC and lower case, `ς` is `σ`, and an
 *   international domain is in punycode.
 * - Only an address in plain ASCII has a key in ASCII: no look-alike folds into somebody else's.
 * - A local part outside ASCII (RFC 6531) is of one script. A whole word that looks like another,
 *   of Cyrillic letters alone, isn't found out: who may bring in such an address is (find-user.ts).
 */
export function readEmail(value: unknown): { key: string; problem: null } | { key: null; problem: EmailProblem } {
  const refused = (problem: EmailProblem) => ({ key: null, problem });
  const written = typeof value === 'string' ? value.trim() : '';
  const at = written.lastIndexOf('@');
  if (at < 1) return refused(emailProblems.form);
  const local = written.slice(0, at);
  if (local.includes('"')) return refused(emailProblems.quoted);
  const name = nameKey(local);
  const problem = plainForm.test(written) ? null : problemOfLetters(written, name);
  if (problem) return refused(problem);
  if (!localForm.test(name)) return refused(emailProblems.character);
  const domain = domainKey(written.slice(at + 1));
  if (domain === null) return refused(emailProblems.domain);
  if (domain === domainOfRemoved) return refused(emailProblems.removed);
  const key = `${name}@${domain}`;
  if (Buffer.byteLength(key) > longest) return refused(emailProblems.length);
  return { key, problem: null };
}

/** What only an address outside printable ASCII can have. `name` is the key of its local part. */
function problemOfLetters(written: string, name: string): EmailProblem | null {
  if (invisible.test(written)) return emailProblems.invisible;
  if (standsForAnother(written) || secondDot.test(name)) return emailProblems.lookAlike;
  if (/^\p{M}/u.test(name)) return emailProblems.character;
  return scriptForms.some((form) => form.test(name)) ? null : emailProblems.scripts;
}

/** The key of `readEmail`; null for what is no acceptable address. */
export function emailKey(value: unknown): string | null {
  return readEmail(value).key;
}

/**
 * Why nobody can have the address that somebody is named by. Null where somebody can, and for what
 * isn't written as an address, such as an id.
 */
export function problemOfNamed(text: string): EmailProblem | null {
  return text.includes('@') ? readEmail(text).problem : null;
}

/** Whether an `emailKey` has a local part outside ASCII. */
export function isInternational(key: string): boolean {
  return Buffer.byteLength(key) > key.length;
}

/**
 * The look-up form of whatever somebody is named by: an address's key if it is one, else the form
 * that names are compared in. What is no acceptable address doesn't get the key of one (the Kelvin
 * sign isn't a `k`): it stays as written.
 */
export function userNameKey(name: string): string {
  const key = nameKey(name);
  return emailKey(name) ?? (emailKey(key) === null ? key : name.trim());
}

function nameKey(text: string): string {
  return text.trim().normalize('NFC').toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

/**
 * Whether normal forms put another character in the place of one: by NFKC, or by NFC for the Kelvin
 * sign and its like. Letters that NFC only takes apart or joins are the same letters.
 */
function standsForAnother(text: string): boolean {
  if (text.normalize('NFKC') !== text.normalize('NFC')) return true;
  return [...text].some((character) => {
    const normal = [...character.normalize('NFC')];
    return normal.length === 1 && normal[0] !== character;
  });
}

/**
 * An address for a removed user that nobody can have: it has no key by `readEmail`. It is random, for
 * an earlier version let people have one.
 */
export function addressOfRemoved(): string {
  return `${randomBytes(16).toString('hex')}@${domainOfRemoved}`;
}

/** The domain of an address as `domainKey` writes it; null when the address isn't acceptable. */
export function emailDomain(value: unknown): string | null {
  const key = emailKey(value);
  return key === null ? null : key.slice(key.lastIndexOf('@') + 1);
}

/** A domain in lower-cased ASCII (punycode), or null when it isn't one. */
export function domainKey(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 253) return null;
  const written = value.normalize('NFC');
  // Look-alikes (full-width letters, the Kelvin sign, invisible marks) are refused: they would be
  // mapped to plain letters, and so to somebody else's domain.
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(written) || written.normalize('NFKC') !== written) return null;
  if (written !== value && value.normalize('NFD') !== value) return null;
  const ascii = domainToASCII(written);
  const same = ascii === written.toLowerCase() || domainToUnicode(ascii) === written.toLowerCase();
  return same && ascii.length <= 253 && domainForm.test(ascii) ? ascii : null;
}
