import type { z } from 'zod';

/** A name that nobody here chose is told so far. */
const longestName = 60;

/**
 * What a form refuses, a line for each member: which, and why in the form's own words. None holds a
 * value. `whole` stands for what was given as a whole.
 */
export function describeIssues({ issues }: z.ZodError, whole: string): string[] {
  const lines = issues.flatMap((issue) => {
    const at = (path: readonly PropertyKey[]) => path.map(String).join('.') || whole;
    if (issue.code !== 'unrecognized_keys') return [`${at(issue.path)}: ${issue.message}`];
    return issue.keys.map((key) => `${at([...issue.path, key.slice(0, longestName)])}: Unknown here`);
  });
  return [...new Set(lines)];
}

/**
 * The members of a form that are missing or malformed, each once: names of the form's alone, none
 * that was sent.
 */
export function wrongMembers({ issues }: z.ZodError, whole: string): string[] {
  return [...new Set(issues.map(({ path }) => (path.length > 0 ? String(path[0]) : whole)))];
}
