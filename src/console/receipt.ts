import type { z } from 'zod';
import type { endedOfMany } from '../admin/ending-access.ts';

type Results = z.output<typeof endedOfMany>['results'];

/** Where the receipt of a list is; where nobody's access ended, the list of revocations. */
export function receiptOf(results: Results): string {
  const ids = results.flatMap(({ revocationId }) => (revocationId === null ? [] : [revocationId]));
  if (ids.length === 0) return '/admin/revocations';
  return ids.length === 1 ? `/admin/revocations/${ids[0]}` : `/admin/revocations/${ids[0]}/together`;
}
