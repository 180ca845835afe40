/** Whether a text is one that a store keeps: without NUL, and without half of a surrogate pair. */
export const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** Whether a moment is within the years that can be written in four digits. */
export function isStorableMoment(at: Date): boolean {
  const year = at.getUTCFullYear();
  return year >= 1 && year <= 9999;
}
