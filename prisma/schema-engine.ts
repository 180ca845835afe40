// Prisma's schema engine, for changes of schema.prisma: writing migrations and finding drift. No
// file in src imports it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaContainer, SchemaEngine, SchemaFilter } from '@prisma/schema-engine-wasm';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { migrationsPath, readMigrations } from '../src/database/migrations.ts';

const schemaPath = path.resolve(import.meta.dirname, 'schema.prisma');

const nothingFiltered: SchemaFilter = { externalTables: [], externalEnums: [] };

/**
 * The SQL from the migrations to schema.prisma; '' when they agree. Fills the database `shadowUrl`.
 */
export async function schemaDrift(shadowUrl: string): Promise<string> {
  const pool = new pg.Pool({ connectionString: shadowUrl, max: 1 });
  try {
    const engine = await createSchemaEngine(pool);
    const from = { tag: 'migrations' as const, ...(await migrationList()) };
    const to = { tag: 'schemaDatamodel' as const, ...(await schemaFiles()) };
    const diff = await engine.diff({ from, to, script: true, exitCode: null, filters: nothingFiltered });
    engine.free();
    const sql = (diff.stdout ?? '').trim();
    return sql === '-- This is an empty migration.' ? '' : sql;
  } finally {
    await pool.end();
  }
}

/** Does `prisma migrate deploy` at `url` without its download. Returns the names applied. */
export async function deploy(url: string): Promise<string[]> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    const engine = await createSchemaEngine(pool);
    const output = await engine.applyMigrations({ migrationsList: await migrationList(), filters: nothingFiltered });
    engine.free();
    return output.appliedMigrationNames;
  } finally {
    await pool.end();
  }
}

/** Exports of the package's JavaScript half: its types stand beside the other half. */
type Bindings = typeof bindings & { SchemaEngine: typeof SchemaEngine };
let loaded: Promise<Bindings> | undefined;

/** The members that we need of the global, whose types only the DOM library has. */
type WebAssemblyGlobal = {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, unknown>,
  ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

/**
 * The package's entry imports .wasm, which Node supports only behind a flag: so we instantiate it.
 */
async function loadBindings(): Promise<Bindings> {
  const file = createRequire(import.meta.url)
    .resolve('@prisma/schema-engine-wasm')
    .replace(/schema_engine\.js$/, 'schema_engine_bg.wasm');
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyGlobal };
  const { instance } = await WebAssembly.instantiate(await readFile(file), {
    './schema_engine_bg.js': withoutLingeringTimers(),
  });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return bindings as Bindings;
}

/** The engine leaves its lock's timer of 10 s running, which would delay the end of the process. */
function withoutLingeringTimers(): Record<string, unknown> {
  const imports: Record<string, unknown> = { ...bindings };
  for (const [name, value] of Object.entries(imports)) {
    if (!name.startsWith('__wbg_setTimeout_')) continue;
    const start = value as (...args: unknown[]) => NodeJS.Timeout;
    imports[name] = (...args: unknown[]) => start(...args).unref();
  }
  return imports;
}

/** Prisma's own schema engine, as WebAssembly: nothing is downloaded. It talks through `pool`. */
async function createSchemaEngine(pool: pg.Pool): Promise<SchemaEngine> {
  loaded ??= loadBindings();
  const { SchemaEngine } = await loaded;
  const adapter = bindMigrationAwareSqlAdapterFactory(wholeScripts(pool));
  return SchemaEngine.new({ datamodels: [[schemaPath, await readFile(schemaPath, 'utf8')]] }, () => {}, adapter);
}

/**
 * Prisma's adapter splits scripts at every `;`, even inside a comment, and refuses results of the
 * catalogue's type "char" (OID 18). So scripts go whole, and "char" goes as text, which is then
 * named a character again.
 */
function wholeScripts(pool: pg.Pool): SqlMigrationAwareDriverAdapterFactory {
  const charColumns = readCharAsText(pool);
  const factory = new PrismaPg(pool);
  const wrap = (adapter: SqlDriverAdapter): SqlDriverAdapter => {
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const chars = new Set<number>();
      const result = await charColumns.run(chars, () => queryRaw(query));
      for (const index of chars) result.columnTypes[index] = ColumnTypeEnum.Character;
      return result;
    };
    adapter.executeScript = async (script) => {
      await pool.query(script);
    };
    return adapter;
  };
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => wrap(await factory.connect()),
    // The database is itself the shadow: callers that want a diff bring an empty one.
    connectToShadowDb: async () => wrap(await factory.connect()),
  };
}

/** Makes the pool read "char" (18) as text (25), and note those columns into the caller's set. */
function readCharAsText(pool: pg.Pool): AsyncLocalStorage<Set<number>> {
  const charColumns = new AsyncLocalStorage<Set<number>>();
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<pg.QueryArrayResult>;
  const patched = async (...args: unknown[]) => {
    const result = await query(...args);
    for (const [index, field] of (result.fields ?? []).entries()) {
      if (field.dataTypeID !== 18) continue;
      field.dataTypeID = 25;
      charColumns.getStore()?.add(index);
    }
    return result;
  };
  pool.query = patched as unknown as typeof pool.query;
  return charColumns;
}

async function schemaFiles(): Promise<{ files: SchemaContainer[] }> {
  return { files: [{ path: schemaPath, content: await readFile(schemaPath, 'utf8') }] };
}

/** prisma/migrations in the engine's form, oldest first. */
async function migrationList(): Promise<MigrationList> {
  const migrations = await readMigrations();
  return {
    baseDir: migrationsPath,
    lockfile: { path: './migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  };
}
