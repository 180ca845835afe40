import { type Permission, permissions } from '../api/permissions.ts';
import type { AppError, ProblemCode } from '../errors.ts';
import { html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { memberOf } from './wrong-fields.ts';

/** Problems that operations met: their details are English, whoever reads. */
const ofOperations = new WeakSet<object>();

export function markOfOperation(error: unknown): void {
  if (typeof error === 'object' && error !== null) ofOperations.add(error);
}

/** Codes that no page gives itself, with words of the catalogue. */
const neverOfPages: ReadonlySet<ProblemCode> = new Set([
  'forbidden',
  'confirmation_required',
  'too_many_requests',
  'unavailable',
  'content_too_large',
  'reauthentication_required',
  'internal_error',
]);

/**
 * What people read of a problem. An operation that has no words of the catalogue says it in English:
 * elsewhere a sentence in the reader's language stands before it.
 */
export function sayProblem(texts: Texts, problem: AppError): Value {
  if (problem.says) return problem.says(texts);
  if (!ofOperations.has(problem) && !neverOfPages.has(problem.code)) return problem.detail;
  const words = texts.console.problems;
  const said = sayForbidden(texts, problem) ?? sayWrongFields(texts, problem);
  if (said !== null) return said;
  const codes: Readonly<Record<string, string>> = words.codes;
  const ofCode = codes[problem.code] ?? words.title;
  if (texts.language === 'en') return problem.detail;
  if (saidByCode.has(problem.code)) return ofCode;
  return html`${ofCode}<span class="sub">${words.details} <span lang="en">${problem.detail}</span></span>`;
}

/** Codes whose details tell people nothing more. */
const saidByCode: ReadonlySet<ProblemCode> = new Set<ProblemCode>([...neverOfPages, 'not_found']);

/** Which roles may; null where the problem doesn't say what it takes. */
function sayForbidden(texts: Texts, { code, members }: AppError): string | null {
  const needed = code === 'forbidden' ? members.permission : undefined;
  if (typeof needed !== 'string' || !Object.hasOwn(permissions, needed)) return null;
  const words = texts.console.problems;
  const those = permissions[needed as Permission].length;
  const may = [words.mayOwners, words.mayOwnersAndSuperAdmins, words.mayAdministrators][those - 1];
  return `${words.codes.forbidden} ${may}`;
}

/** Which fields are wrong, and how; null where the problem names none. */
function sayWrongFields(texts: Texts, { code, errors }: AppError): string | null {
  if (code !== 'invalid_request' || errors.length === 0) return null;
  const fields = errors.map((part) => {
    const why = part.says?.(texts) ?? part.detail;
    return texts.console.problems.wrongField({ field: labelOfField(texts, memberOf(part)), why });
  });
  return texts.console.problems.wrongFields({ fields: [...new Set(fields)].join('; ') });
}

/** What people call a field; its own name where there is no other. */
export function labelOfField(texts: Texts, name: string): string {
  const labels: Readonly<Record<string, string>> = texts.console.problems.fields;
  return Object.hasOwn(labels, name) ? (labels[name] ?? name) : name;
}
