import type { z } from 'zod';

/** Characters that a message quotes of a name that the caller chose. */
const longestName = 60;

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

/** The members of a form that are missing or malformed, once each; never a name from the input. */
export function wrongMembers({ issues }: z.ZodError, whole: string): string[] {
  return [...new Set(issues.map(({ path }) => (path.length > 0 ? String(path[0]) : whole)))];
}
