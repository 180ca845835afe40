import path from 'node:path';
import { openCluster } from '../postgres/cluster.ts';
import { type DevProcess, findDevProcess } from '../postgres/dev-lock.ts';
import { isRunning, readPostmaster } from '../postgres/postmaster.ts';

/**
 * The `npm run dev` that works on this database, or null. Starts no server to find out: a database
 * that doesn't answer has no process on it, and the next start on it will say what is wrong.
 */
export async function findRunningDev(databaseUrl: string | undefined, dataDir: string): Promise<DevProcess | null> {
  const url = databaseUrl ?? embeddedUrl(dataDir);
  return url === null ? null : findDevProcess(url).catch(() => null);
}

function embeddedUrl(dataDir: string): string | null {
  const cluster = openCluster(path.resolve(dataDir));
  const server = cluster && readPostmaster(cluster.data);
  if (!cluster || !server || !isRunning(server, cluster.data)) return null;
  return `postgresql://postgres:${cluster.password}@127.0.0.1:${server.port}/universal_logout?sslmode=disable`;
}
