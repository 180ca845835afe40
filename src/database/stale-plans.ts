import type pg from 'pg';

/**
 * Whether a prepared statement was refused because a migration beside it has changed its columns
 * (0A000; the routine's name is the same in every language of the server). It did nothing then.
 * Other statements of 0A000 ask for what PostgreSQL can't do.
 */
export function isStalePlan(error: unknown): boolean {
  const { code, routine } = (error ?? {}) as { code?: unknown; routine?: unknown };
  return code === '0A000' && routine === 'RevalidateCachedQuery';
}

type Query = (config: unknown, ...rest: unknown[]) => unknown;

/**
 * Makes a single statement that met a stale plan run once more, under no name: every other
 * connection, and a pooler's too, may hold the same plan. The pool closes the one that failed.
 */
export function withoutStalePlans(pool: pg.Pool): void {
  const query = pool.query.bind(pool) as Query;
  const again: Query = (config, ...rest) => {
    const asked = query(config, ...rest);
    // A named statement is asked for by promise only.
    if (!isNamed(config)) return asked;
    return (asked as Promise<unknown>).catch((error) => {
      if (!isStalePlan(error)) throw error;
      return query(withoutName(config));
    });
  };
  pool.query = again as typeof pool.query;
}

/** Makes the client's statements run under no name until the returned function is called. */
export function withoutNames(client: pg.PoolClient): () => void {
  const query = client.query.bind(client) as Query;
  client.query = ((config: unknown, ...rest: unknown[]) =>
    query(isNamed(config) ? withoutName(config) : config, ...rest)) as typeof client.query;
  return () => {
    Reflect.deleteProperty(client, 'query');
  };
}

const isNamed = (config: unknown): config is pg.QueryConfig =>
  typeof config === 'object' && config !== null && 'name' in config && !('submit' in config);

const withoutName = ({ name: _name, ...config }: pg.QueryConfig) => config;
