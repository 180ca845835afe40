import express from 'express';
import pg from 'pg';
import { answerCalls } from '../child.ts';
import { secret } from '../people.ts';
import { listen } from './listen.ts';

/**
 * better-auth on PostgreSQL, mounted in Express as in its documentation; POST
 * /api/auth/revoke-sessions ends all sessions of the signed-in user. Its rate limit is off,
 * everything else is default. Its migrations make its tables.
 */
answerCalls({
  async start() {
    const { betterAuth } = await import('better-auth');
    const { toNodeHandler } = await import('better-auth/node');
    const { getMigrations } = await import('better-auth/db/migration');
    const pool = new pg.Pool({
      connectionString: process.env.DATABASE_URL as string,
      max: 16,
      options: '-c search_path=better_auth',
    });
    // A connection that is lost while idle must not end the process.
    pool.on('error', () => {});
    const options = {
      database: pool,
      baseURL: 'http://localhost:3000',
      secret,
      rateLimit: { enabled: false },
      telemetry: { enabled: false },
      emailAndPassword: { enabled: true },
    };
    await pool.query('CREATE SCHEMA better_auth');
    await (await getMigrations(options)).runMigrations();
    const auth = betterAuth(options);
    const app = express();
    app.all('/api/auth/*splat', toNodeHandler(auth));
    return listen(app);
  },
  cpu: () => process.cpuUsage(),
});
