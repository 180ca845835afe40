import connectPgSimple from 'connect-pg-simple';
import express from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { pino } from 'pino';
import { createPool, createPrisma } from '../../src/database/pool.ts';
import { answerCalls } from '../child.ts';
import { secret, sessionsEach, sql } from '../people.ts';
import { listen } from './listen.ts';

type Key = { orgId: string; id: string };

/**
 * The usual stack: express-session, connect-pg-simple, Passport and a user looked up with Prisma;
 * no access log, no security headers. Its usual "sign this user out" is a DELETE that looks into
 * every session's JSON. Left out in its favour: the caller's key, the look-up of the user by
 * address, any record.
 */
answerCalls({
  start() {
    const pool = createPool({
      connectionString: process.env.DATABASE_URL as string,
      max: 16,
      applicationName: 'usual stack',
      log: pino({ level: 'silent' }),
    });
    const prisma = createPrisma(pool);
    const Store = connectPgSimple(session);
    const passport = new Passport();
    passport.serializeUser((user, done) => done(null, user));
    passport.deserializeUser(({ orgId, id }: Key, done) => {
      prisma.user.findUnique({ where: { orgId_id: { orgId, id } } }).then((user) => done(null, user as never), done);
    });

    const app = express();
    app.post('/revoke', express.json(), async (req, res) => {
      const { rowCount } = await pool.query(
        `DELETE FROM usual.session WHERE sess->'passport'->'user'->>'id' = ${sql.userId('$1::int')}`,
        [req.body.n],
      );
      res.sendStatus(rowCount === sessionsEach ? 204 : 500);
    });
    app.use(
      session({
        store: new Store({ pool, schemaName: 'usual', tableName: 'session' }),
        secret,
        resave: false,
        saveUninitialized: false,
        cookie: { maxAge: 604_800_000, sameSite: 'lax' },
      }),
      passport.initialize(),
      passport.session(),
    );
    app.get('/api/users/me', (req, res) => {
      if (!req.user) return void res.sendStatus(401);
      const { id, name, email, orgId, role } = req.user as unknown as Record<string, string>;
      res.json({ id, name, email, orgId, role });
    });
    return listen(app);
  },
  cpu: () => process.cpuUsage(),
});
