/** Whether PostgreSQL stores a text as it is: without NUL and without half a surrogate pair. */
export const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** Whether a moment is within the years of four digits. */
export function isStorableMoment(at: Date): boolean {
  const year = at.getUTCFullYear();
  return year >= 1 && year <= 9999;
}
