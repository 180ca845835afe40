import { z } from 'zod';
import { readCursor } from '../api/page.ts';
import { AppError } from '../errors.ts';

/** An id. One that no id looks like is refused; one of another org is exactly one that doesn't exist. */
export const reference = z.string().regex(/^[\w-]{1,80}$/, 'is not an id');

/** A moment in a query or a body, within the years that can be written in four digits. */
export const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine(isStorable, 'must be in the years from 1 to 9999');

/**
 * One line of text that people read: nothing that is invisible, turns its direction or breaks it, which could make it look
 * like another. The two joiners are letters' (Persian, Indic scripts, emoji).
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

/** The cursor of a list by time: `[time, id]` of the last row before. Null without one. @throws AppError invalid_request */
export function readTimeCursor(cursor: string | undefined): { createdAt: Date; id: string } | null {
  const key = readCursor(cursor, 2);
  if (!key) return null;
  const [text, id] = key as [string, string];
  const createdAt = new Date(text);
  // Only as this backend writes it; Date itself reads very much more, also times that PostgreSQL cannot hold.
  if (z.iso.datetime().safeParse(text).success && isStorable(createdAt)) return { createdAt, id };
  throw new AppError('invalid_request', '"cursor" is not the `next` of a page of this list; leave it out to begin.');
}

function isStorable(at: Date): boolean {
  const year = at.getUTCFullYear();
  return year >= 1 && year <= 9999;
}
