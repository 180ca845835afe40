import { z } from 'zod';
import { isStorableMoment } from '../database/storable.ts';
import { readEmail, sayEmailProblem } from '../users/email.ts';

/** An id. Another org's id is answered exactly like an id that doesn't exist. */
export const reference = z.string().regex(/^[\w-]{1,80}$/, 'is not an id');

/** A moment in a query or a body, within the years that can be written in four digits. */
export const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine(isStorableMoment, 'must be in the years from 1 to 9999');

/**
 * A line of text that people read. Characters that are invisible, break the line or turn its
 * direction are refused: they could make it look like another text. The two joiners belong to words
 * (Persian, Indic scripts) and emoji.
 */
export const line = (mostCharacters: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(mostCharacters)
    .regex(
      /^(?:[\u200c\u200d]|[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}])*$/u,
      'must be one line without control characters',
    );

/** Characters of what is searched for. */
export const mostSearched = 200;

/** What lists are searched for. */
export const searchText = line(mostSearched);

/** An e-mail address that a person can have. */
export const address = z
  .string()
  .trim()
  .max(320)
  .superRefine((value, { addIssue }) => {
    const { problem } = readEmail(value);
    if (problem) addIssue({ code: 'custom', message: problem, params: { says: sayEmailProblem(problem) } });
  });

/** A subject as an ID token can have it: OpenID Connect Core §2 has 255 ASCII characters. */
export const subject = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII');

/** `true` or `false` in a query. */
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
