import pg from 'pg';
import { expect, it } from 'vitest';
import { startTestPostgres } from '../support/database.ts';
import { startProduct } from '../support/product.ts';

it('answers 503 when the wait for a synchronous standby is cancelled: PostgreSQL calls that commit a success', async () => {
  const postgres = await startTestPostgres();
  const admin = new pg.Client({ connectionString: postgres.url });
  await admin.connect();
  const product = await startProduct({ databaseUrl: postgres.url });
  const setStandbys = async (names: string) => {
    // Not `execute` in one string: ALTER SYSTEM cannot run in a transaction.
    await admin.query('SET synchronous_commit = local');
    await admin.query(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
    await admin.query('SELECT pg_reload_conf(), pg_sleep(0.5)');
  };
  try {
    await setStandbys('nobody');
    let cancelled = 0;
    const answer = product.revoke();
    while (cancelled === 0) {
      const { rows } = await admin.query(
        `SELECT pg_cancel_backend(pid) AS cancelled FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
      );
      cancelled += rows.length;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await answer).status).toBe(503);
    await setStandbys('');
    expect((await product.revoke()).status).toBe(204);
  } finally {
    await setStandbys('');
    await admin.end();
    await product.stop();
    await postgres.stop();
  }
});
