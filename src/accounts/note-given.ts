import type { PoolClient } from 'pg';
import type { By } from '../by.ts';
import { noteReveal } from './reveals.ts';

/** Whoever typed a password in knows it, with a right or without one: it is changed when their access ends. */
export async function noteGiven(
  client: PoolClient,
  orgId: string,
  known: Readonly<{ accountId: string; version: number }>,
  { actor }: By,
): Promise<void> {
  if (actor.type === 'user') await noteReveal(client, orgId, known, actor.id, true);
}
