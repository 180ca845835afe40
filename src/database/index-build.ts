import type pg from 'pg';

/** A fixed number for the advisory lock of whoever builds indexes beside running nodes. */
export const buildingLock = 7_262_002;

/**
 * Breaks off a build that is under way: what it locks a migration would wait for, and everybody
 * behind the migration. The build is tried again later. One of a role that this role may not act
 * for goes on.
 */
export async function stopIndexBuild(client: pg.Client): Promise<void> {
  await client.query(
    `SELECT pg_cancel_backend(pid) FROM pg_locks JOIN pg_stat_activity a USING (pid)
     WHERE pg_has_role(a.usesysid, 'USAGE') AND locktype = 'advisory' AND granted AND (classid, objid, objsubid) = (0, $1::oid, 1)
       AND database = a.datid AND a.datname = current_database()`,
    [buildingLock],
  );
}
