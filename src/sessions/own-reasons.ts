import { en } from '../texts/en.ts';

/**
 * What the product itself tells the person as the reason of a revocation, where nobody wrote words
 * for them. Revocations keep them as their reason, in English.
 */
export const ownReasons = en.signedOut.because;

export type OwnReason = keyof typeof ownReasons;

const byText = new Map(Object.entries(ownReasons).map(([name, text]) => [text, name as OwnReason]));

/** The name of a reason that is the product's; undefined for words that somebody wrote. */
export const ownReasonOf = (text: string): OwnReason | undefined => byText.get(text);
