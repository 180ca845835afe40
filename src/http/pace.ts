import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds: nobody waits longer. */
const patience = 5_000;
/** Milliseconds between two looks at the names that nobody asks under any more. */
const sweepEvery = 1_000;

/** Milliseconds between two refusals that one asker hears. */
export const refusalGap = 10;

/**
 * Lets those who ask under one name go on one at a time, `gap` milliseconds apart, in the order in
 * which they came. Whoever asks again as soon as an answer is there takes a small part of the node
 * in this way, over however many connections.
 * @returns false, at once, where the wait would be too long
 */
export function createPace(gap: number) {
  const freeAt = new Map<string, number>();
  let sweptAt = 0;

  return async function pace(name: string): Promise<boolean> {
    const now = performance.now();
    if (now - sweptAt > sweepEvery) {
      for (const [each, at] of freeAt) if (at < now) freeAt.delete(each);
      sweptAt = now;
    }
    const at = Math.max(now, freeAt.get(name) ?? 0);
    if (at - now > patience) return false;
    freeAt.set(name, at + gap);
    if (at > now) await delay(at - now);
    return true;
  };
}
