import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { isStorableText } from '../database/storable.ts';
import { must } from './connectors/must.ts';

const classes = {
  lower: 'abcdefghijklmnopqrstuvwxyz',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  digit: '0123456789',
  // Without quotes, spaces, backslashes, `$` and `%`: people paste it into shells and settings.
  symbol: '!#*+,-./:;=?@^_~',
} as const;

export const characterClasses = Object.keys(classes) as (keyof typeof classes)[];

const length = z.int().min(8).max(128);
/** Of each of these there is one character at least, and no other is used. */
const classNames = z.array(z.enum(characterClasses)).min(1).max(4);
/** Characters that the system can't take. */
const leaveOut = z.string().max(100).refine(isStorableText, must('storable'));

/** What a new password is made of: 32 letters, digits and symbols, where nothing else is said. */
export const passwordRules = z
  .object({
    length: length.default(32),
    classes: classNames.default([...characterClasses]),
    leaveOut: leaveOut.default(''),
  })
  .refine(
    ({ classes: named, leaveOut }) => {
      const left = named.map((name) => allowed(name, leaveOut, undefined).length);
      return left.every((count) => count > 0) && left.reduce((sum, count) => sum + count, 0) >= 10;
    },
    { path: ['leaveOut'], ...must('characters') },
  )
  .meta({ description: 'What a new password is made of.' });

export type PasswordRules = z.infer<typeof passwordRules>;

/** What is not named stays as it is. */
export const passwordRuleChanges = z
  .object({ length: length.optional(), classes: classNames.optional(), leaveOut: leaveOut.optional() })
  .meta({ description: 'What a new password is made of. What is left out stays.' });

export type PasswordRuleChanges = z.infer<typeof passwordRuleChanges>;

/**
 * A password by these rules, of unbiased random characters. `without`: what the connector can't carry.
 * @throws Error where the connector leaves no character of a class
 */
export function makePassword(rules: PasswordRules, without?: RegExp): string {
  const sets = [...new Set(rules.classes)].map((name) => {
    const characters = allowed(name, rules.leaveOut, without);
    if (characters.length === 0) throw new Error(`the connector can carry no character of the class ${name}`);
    return characters;
  });
  const all = sets.flat();
  // All passwords of these characters are equally likely; those that lack a class are thrown away.
  // Eight characters of four classes have all of them in one try of three at least.
  for (;;) {
    const password = Array.from({ length: rules.length }, () => all[randomInt(all.length)] as string);
    if (sets.every((characters) => password.some((character) => characters.includes(character))))
      return password.join('');
  }
}

const allowed = (name: keyof typeof classes, leaveOut: string, without: RegExp | undefined): string[] =>
  [...classes[name]].filter((character) => !leaveOut.includes(character) && !matches(without, character));

// A pattern with the flag `g` remembers where it stopped.
const matches = (pattern: RegExp | undefined, character: string) =>
  pattern !== undefined && character.search(pattern) >= 0;
