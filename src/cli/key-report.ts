import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { countSealed, notSealed } from '../database/seal-anew.ts';
import { sealedPlaces } from '../database/sealed-places.ts';
import { keyId, sealingKeyId } from '../keyring.ts';
import { findRunningNodes } from '../sessions/running-nodes.ts';
import type { Workspace } from './workspace.ts';

type CountedKey = Readonly<{
  id: string;
  /** Its place in ENCRYPTION_KEYS, from 1; null: it isn't there. */
  position: number | null;
  /** Stored texts that it has sealed. */
  stored: number;
  /** Files of the journal on this machine. */
  noted: number;
  /** Running nodes that seal with it. */
  nodes: number;
  state: 'seals' | 'in use' | 'may go' | 'missing';
}>;

type CountedPlace = Readonly<{ what: string; table: string; column: string; counts: Readonly<Record<string, number>> }>;

export type KeyReport = Readonly<{
  /** Of the first key. */
  id: string;
  keys: readonly CountedKey[];
  places: readonly CountedPlace[];
  /** `silent` nodes don't say their keys; `lacking` ones can't open what the first key seals. */
  nodes: Readonly<{ running: number; silent: number; lacking: number }>;
}>;

/** Who has sealed what, and which keys of ENCRYPTION_KEYS are still needed. */
export async function reportKeys(
  workspace: Pick<Workspace, 'pool' | 'encryptionKeys' | 'journalDir'>,
): Promise<KeyReport> {
  const ids = workspace.encryptionKeys().map(keyId);
  const first = ids[0] as string;
  const nodes = await findRunningNodes(workspace.pool);
  const places: CountedPlace[] = [];
  for (const place of sealedPlaces) {
    const { what, table, column } = place;
    places.push({ what, table, column, counts: Object.fromEntries(await countSealed(workspace.pool, place)) });
  }
  const noted = await countNoted(workspace.journalDir);
  const sealing = nodes.map(({ seals }) => seals).filter((id) => id !== null);
  const found = [...places.flatMap(({ counts }) => Object.keys(counts)), ...noted.keys(), ...sealing];
  const keys = [...new Set([...ids, ...found])].map((id) => {
    const stored = places.reduce((sum, { counts }) => sum + (counts[id] ?? 0), 0);
    const counted = { id, stored, noted: noted.get(id) ?? 0, nodes: nodes.filter(({ seals }) => seals === id).length };
    const position = ids.includes(id) ? ids.indexOf(id) + 1 : null;
    return { ...counted, position, state: stateOf({ ...counted, position }) };
  });
  const silent = nodes.filter(({ seals }) => seals === null).length;
  const lacking = nodes.filter(({ opens }) => !opens(first)).length;
  return { id: first, keys, places, nodes: { running: nodes.length, silent, lacking } };
}

function stateOf({ position, stored, noted, nodes }: Omit<CountedKey, 'state'>): CountedKey['state'] {
  if (position === null) return 'missing';
  if (position === 1) return 'seals';
  return stored + noted + nodes > 0 ? 'in use' : 'may go';
}

/** The files that a node of this machine has noted calls in, by their keys. */
async function countNoted(dir: string | null): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  if (dir === null) return counts;
  for (const file of (await readdir(dir).catch(unlessGone)) ?? []) {
    // A file goes as soon as its calls are carried out.
    const text = file.endsWith('.calls') ? await readFile(path.join(dir, file), 'utf8').catch(unlessGone) : null;
    if (text === null) continue;
    const id = sealingKeyId(text) ?? notSealed;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function unlessGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
