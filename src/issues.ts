import type { z } from 'zod';
import { pointerTo, type Saying, type WrongPart } from './errors.ts';

/** Characters that a message quotes of a name that the caller chose. */
const longestName = 60;

/** Characters of a signed token's member that administrators are shown. */
const longestQuote = 200;

/** A member of a token whose signature holds, as JSON; what is long or not plain isn't repeated. */
export function quote(value: unknown): string {
  const json = JSON.stringify(value) ?? 'missing';
  return json.length <= longestQuote && /^[\x20-\x7e]+$/.test(json) ? json : 'too long or unreadable';
}

/** Values that a message names where only these are taken. */
const mostChoices = 12;

/** A length of time, as it is told of a token whose times are wrong. */
export const seconds = (count: number) => `${Math.round(count)} seconds`;

/**
 * The issues of a form, a line each: member and the form's words, never a value. `whole` names the
 * whole input.
 */
export function describeIssues({ issues }: z.ZodError, whole: string): string[] {
  const lines = issues.flatMap((issue) => {
    const at = (path: readonly PropertyKey[]) =>
      path.map((name) => String(name).slice(0, longestName)).join('.') || whole;
    if (issue.code !== 'unrecognized_keys') return [`${at(issue.path)}: ${issue.message}`];
    return issue.keys.map((key) => `${at([...issue.path, key])}: Unknown here`);
  });
  return [...new Set(lines)];
}

/**
 * The same for problem details, a part each: of the body by a pointer, else by the parameter's name.
 * An input that is no object at all has no parts.
 */
export function wrongParts({ issues }: z.ZodError, where: 'body' | 'parameters'): WrongPart[] {
  return issues.flatMap((issue) => {
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    const detail = issue.code === 'unrecognized_keys' ? 'Unknown here' : issue.message;
    return paths.flatMap((whole) => {
      const path = whole.map((name) => String(name).slice(0, longestName).toWellFormed());
      const [parameter] = path;
      if (parameter === undefined) return [];
      return { ...(where === 'body' ? { pointer: pointerTo(path) } : { parameter }), detail, says: sayIssue(issue) };
    });
  });
}

/** What is wrong in words for people: the validator's are for programs. */
function sayIssue(issue: z.core.$ZodIssue): Saying {
  if (issue.code === 'custom' && issue.params?.says) return issue.params.says as Saying;
  const isText = 'origin' in issue && issue.origin === 'string';
  if (issue.code === 'unrecognized_keys') return ({ answers }) => answers.forms.unknown;
  if (issue.code === 'too_big' && isText) return ({ answers }) => answers.forms.long({ most: Number(issue.maximum) });
  if (issue.code === 'too_big')
    return ({ answers }) => answers.forms[issue.origin === 'array' ? 'many' : 'great']({ most: Number(issue.maximum) });
  if (issue.code === 'too_small' && isText && Number(issue.minimum) > 1)
    return ({ answers }) => answers.forms.short({ least: Number(issue.minimum) });
  if (issue.code === 'too_small' && issue.origin === 'number')
    return ({ answers }) => answers.forms.small({ least: Number(issue.minimum) });
  if (issue.code === 'too_small' || isMissing(issue)) return ({ answers }) => answers.forms.missing;
  if (issue.code === 'invalid_value' && issue.values.length <= mostChoices)
    return ({ answers }) => answers.forms.choice({ choices: issue.values.map(String).join(', ') });
  return ({ answers }) => answers.forms.form;
}

/** Told only where the form was asked to report what it was given. */
const isMissing = (issue: z.core.$ZodIssue) =>
  issue.code === 'invalid_type' && 'input' in issue && issue.input === undefined;

/** The members of a form that are missing or malformed, once each; never a name from the input. */
export function wrongMembers({ issues }: z.ZodError, whole: string): string[] {
  return [...new Set(issues.map(({ path }) => (path.length > 0 ? String(path[0]) : whole)))];
}
