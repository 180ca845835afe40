import type { SaveOutcome } from '../connectors/connector.ts';
import { administratorOf, noteAdministratorTry, takeAdministratorTry } from './administrator-tries.ts';
import type { Held } from './held-rotation.ts';
import { limitOf, nameOnly, openVersion, type Rotating, targetOf } from './rotating.ts';
import { whoSets } from './who-sets.ts';

/**
 * Some systems hold what was set in memory until it is written to their file: until then the former
 * password is back after a restart, and the current one is refused.
 */
export async function saveSet(rotating: Rotating, held: Held): Promise<Exclude<SaveOutcome, 'denied'>> {
  const { orgId, id, account } = held;
  const { save } = rotating.connectorOf(account.connector);
  if (!save) return 'saved';
  const current = account.version === null ? null : await openVersion(rotating, orgId, account.id, account.version);
  const who = await whoSets(rotating, held, current);
  if ('wait' in who) return 'unavailable';
  const [{ admin, version }] = who.setters;
  const administrator = administratorOf(held);
  if ((await takeAdministratorTry(rotating.pool, administrator, rotating.times.wrong)) !== 'free') return 'unavailable';
  const outcome = await save(targetOf(held, admin), limitOf(rotating, 'endConnections')).catch((error): SaveOutcome => {
    rotating.log.warn({ err: nameOnly(error), org: orgId, rotation: id }, 'a connector failed to save');
    return 'unavailable';
  });
  const verdict = outcome === 'denied' ? 'wrong' : outcome === 'unavailable' ? 'unknown' : 'accepted';
  await noteAdministratorTry(rotating.pool, administrator, verdict, version);
  return outcome === 'denied' ? 'unavailable' : outcome;
}
