import pg from 'pg';

/** The server's lock for one `npm run dev` a database: it is free once its holder is dead. */
const devLock = [0x554c4f47, 3] as const;

export type DevProcess = Readonly<{
  pid: number;
  port: number;
  /** Origin the outside world uses. */
  publicUrl: string;
}>;

/** Takes the lock on its own connection, until `release()`; null when another process has it. */
export async function holdDevLock(
  databaseUrl: string,
  { pid, port, publicUrl }: DevProcess,
): Promise<{ release(): Promise<void> } | null> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: `universal-logout dev pid=${pid} port=${port}`,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  });
  client.on('error', () => {});
  await client.connect();
  // The URL stands in the statement: pg_stat_activity shows that in full, while a name holds only
  // 63 bytes.
  const { rows } = await client.query(`SELECT pg_try_advisory_lock($1, $2) AS held -- ${publicUrl}`, [...devLock]);
  if (rows[0].held) return { release: () => client.end().catch(() => {}) };
  await client.end();
  return null;
}

/** The holder of the lock, as `holdDevLock` was told; null when nobody holds it. */
export async function findDevProcess(databaseUrl: string): Promise<DevProcess | null> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ application_name: string; query: string }>(
      `SELECT a.application_name, a.query FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
       WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [...devLock],
    );
    const match = /pid=(\d+) port=(\d+)/.exec(rows[0]?.application_name ?? '');
    if (!match) return null;
    const [pid, port] = [Number(match[1]), Number(match[2])];
    return { pid, port, publicUrl: / -- (\S+)$/.exec(rows[0]?.query ?? '')?.[1] ?? `http://localhost:${port}` };
  } finally {
    await client.end();
  }
}
