import type { Pool } from 'pg';
import { keyId } from '../keyring.ts';

const name = 'universal-logout live channel';
/**
 * PostgreSQL cuts a longer name off (63 bytes): of the keys behind the first, the beginnings of so
 * many ids fit.
 */
const [mostOthers, beginning] = [3, 5];

/**
 * The name of a node's LISTEN connection, in pg_stat_activity: it says by which encryption key the
 * node seals, and which others it opens. So no key is brought into use, or retired, that a running
 * node lacks.
 */
export function nodeName(encryptionKeys: readonly Uint8Array[]): string {
  const [first, ...others] = encryptionKeys.map(keyId);
  const named = others.slice(0, mostOthers).map((id) => id.slice(0, beginning));
  const more = others.length > mostOthers ? ['+'] : [];
  return [name, first, ...named, ...more].filter(Boolean).join(' ');
}

export type RunningNode = Readonly<{
  /** The key that it seals with; null: a node of the version before says none. */
  seals: string | null;
  /** Whether it opens what a key has sealed, as far as its name says. */
  opens: (keyId: string) => boolean;
}>;

/** The nodes that listen to this database now. */
export async function findRunningNodes(pool: Pool): Promise<readonly RunningNode[]> {
  const { rows } = await pool.query<{ application_name: string }>(
    `SELECT application_name FROM pg_stat_activity
     WHERE datname = current_database() AND starts_with(application_name, $1)`,
    [name],
  );
  return rows.map(({ application_name }) => {
    const ids = application_name.slice(name.length).split(' ').filter(Boolean);
    const saysAll = ids.length > 0 && !ids.includes('+');
    return { seals: ids[0] ?? null, opens: (id) => !saysAll || ids.some((begins) => id.startsWith(begins)) };
  });
}
