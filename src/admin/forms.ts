import { z } from 'zod';
import { isStorableMoment } from '../database/storable.ts';

/**
 * An id. One that no id looks like is refused; one of another org is exactly one that doesn't
 * exist.
 */
export const reference = z.string().regex(/^[\w-]{1,80}$/, 'is not an id');

/** A moment in a query or a body, within the years that can be written in four digits. */
export const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine(isStorableMoment, 'must be in the years from 1 to 9999');

/**
 * One line of text that people read: nothing that is invisible, turns its direction or breaks it,
 * which could make it look like another. The two joiners are letters' (Persian, Indic scripts,
 * emoji).
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

/** `true` or `false` in a query. */
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
