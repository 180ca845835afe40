import type { AppError, WrongPart } from '../errors.ts';
import { textOf, type Visit } from './screen.ts';

/** The member of the request that a part of it belongs to: `names` of `#/names/0`. */
export const memberOf = ({ pointer, parameter }: WrongPart): string =>
  parameter ??
  decodeURIComponent(pointer?.split('/')[1] ?? '')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');

/** The first of these fields that the problem is about. */
export function fieldIn(problem: AppError, names: readonly string[]): string | null {
  const wrong = problem.errors.map(memberOf);
  return names.find((name) => wrong.includes(name)) ?? null;
}

/** Why that field is wrong, behind its name. */
export function whyWrong({ problem, texts }: Visit, name: string): string | null {
  const part = problem?.errors.find((each) => memberOf(each) === name);
  return part ? (part.says?.(texts) ?? part.detail) : null;
}

/** The field that the problem of this form is about: it says so itself, and the form doesn't. */
export const fieldOfProblem = ({ given, problem }: Visit, act: string, names: readonly string[]): string | null =>
  problem && textOf(given, 'do') === act ? fieldIn(problem, names) : null;

/** For the form around these fields: it doesn't say again what a field says. */
export const withoutFieldProblem = (visit: Visit, names: readonly string[]): Visit =>
  visit.problem && fieldIn(visit.problem, names) !== null ? { ...visit, problem: null } : visit;
