// node prisma/new-migration.ts <name>: after a change of schema.prisma, writes the migration that
// leads to it. Needs no database and no download: it starts the embedded PostgreSQL in a temporary
// folder.
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { migrationsPath } from '../src/database/migrations.ts';
import { startEmbeddedPostgres } from '../src/postgres/embedded-postgres.ts';
import { schemaDrift } from './schema-engine.ts';

const name = process.argv[2] ?? '';
if (!/^[a-z0-9_]+$/.test(name)) {
  console.error('Usage: node prisma/new-migration.ts <name>, the name in lower case with underscores');
  process.exit(2);
}
const dataDir = await mkdtemp(path.join(os.tmpdir(), 'universal-logout-migration-'));
await chmod(dataDir, 0o711);
const server = await startEmbeddedPostgres({ dataDir, keep: false });
try {
  const sql = await schemaDrift(server.databaseUrl);
  if (sql === '') console.error('schema.prisma and the migrations say the same: nothing to write.');
  else {
    const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const file = path.join(migrationsPath, `${time}_${name}`, 'migration.sql');
    await mkdir(path.dirname(file));
    await writeFile(file, `${sql}\n`);
    console.error(`Written: ${path.relative(process.cwd(), file)}. Read it before you commit it.`);
  }
} finally {
  await server.stop();
}
