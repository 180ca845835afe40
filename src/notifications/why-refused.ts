import { en } from '../texts/en.ts';
import type { Texts } from '../texts/texts.ts';

/** What the record says of a refused call, or of a refused call of provisioning (`status`). */
export type RefusedDetail = Readonly<Record<string, unknown>>;

/**
 * Why a call was refused, in a sentence; null where the record doesn't say. Its explanation is
 * English, and says the most; in other languages there is a sentence for each reason.
 */
export function whyRefused(texts: Texts, detail: RefusedDetail): string | null {
  const explanation = typeof detail.explanation === 'string' && detail.explanation !== '' ? detail.explanation : null;
  if (texts.language === en.language && explanation !== null) return explanation;
  return 'status' in detail ? ofProvisioning(texts, detail) : (ofCall(texts, detail) ?? explanation);
}

function ofCall({ whyRefused: { calls } }: Texts, { reason, code }: RefusedDetail): string | null {
  const known: Readonly<Record<string, string>> = calls;
  const name = [reason, code].map(String).find((each) => Object.hasOwn(known, each));
  return name === undefined ? null : (known[name] ?? null);
}

function ofProvisioning({ whyRefused: { provisioning } }: Texts, { scimType, status }: RefusedDetail): string {
  const known: Readonly<Record<string, string>> = provisioning;
  const byStatus = { 200: 'incomplete', 404: 'notFound', 409: 'conflict', 413: 'tooMany' } as const;
  const name = String(scimType ?? byStatus[Number(status) as keyof typeof byStatus]);
  return (Object.hasOwn(known, name) ? known[name] : undefined) ?? provisioning.other;
}
