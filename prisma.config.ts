import { defineConfig } from 'prisma/config';

// `generate`, `validate` and `format` never run the schema engine, yet Prisma tries to download it first. Naming any
// executable stops that, so these commands work where nothing can be downloaded. `migrate` and `studio` are left alone.
if (['generate', 'validate', 'format'].some((command) => process.argv.includes(command))) {
  process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;
}

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DIRECT_DATABASE_URL ?? process.env.DATABASE_URL ?? '' },
});
