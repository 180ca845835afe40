// The peers live in bench/node_modules, which a clone has only after its first `npm run bench`:
// these few lines keep the project's type check independent of it.

declare module 'connect-pg-simple' {
  import type session from 'express-session';
  import type { Pool } from 'pg';

  type Options = { pool: Pool; schemaName?: string; tableName?: string };
  const connectPgSimple: (expressSession: typeof session) => new (options: Options) => session.Store;
  export = connectPgSimple;
}

declare module 'better-auth' {
  import type { Pool } from 'pg';
  export type Options = {
    database: Pool;
    baseURL: string;
    secret: string;
    rateLimit: { enabled: boolean };
    telemetry: { enabled: boolean };
    emailAndPassword: { enabled: boolean };
  };
  export type Auth = { handler: (request: Request) => Promise<Response> };
  export function betterAuth(options: Options): Auth;
}

declare module 'better-auth/node' {
  import type { RequestListener } from 'node:http';
  import type { Auth } from 'better-auth';
  export function toNodeHandler(auth: Auth): RequestListener;
}

declare module 'better-auth/db/migration' {
  import type { Options } from 'better-auth';
  export function getMigrations(options: Options): Promise<{ runMigrations(): Promise<void> }>;
}
