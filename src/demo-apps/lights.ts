import { randomBytes } from 'node:crypto';
import express, { type Express, type Request } from 'express';
import { html } from '../html.ts';
import { createLightsPasswords } from './lights-passwords.ts';
import { cookieOf, lookRoutes, readForm, sendPage } from './page.ts';

export type LightsOptions = Readonly<{
  /** Where the hash of the password is kept, so that it counts after the next start, too. */
  file: string;
  /** The one name that everybody signs in with, and who may change its password. */
  user: string;
  admin: Readonly<{ userName: string; password: string }>;
}>;

type Session = { revision: number };

const app = 'Lights';
const sessionCookie = 'lights_session';
const readJson = express.json({ limit: '4kb' });
/** The least length of a password, as such systems have. */
const shortest = 12;

/**
 * An app that knows nobody: whoever has the password of its one account is in. It can't be told that
 * somebody has left. What helps is another password, which its administrator sets by a call.
 */
export function createLights({ file, user, admin }: LightsOptions): Express {
  const passwords = createLightsPasswords(file);
  const sessions = new Map<string, Session>();

  const lights = express().disable('x-powered-by');
  lights.use(lookRoutes());

  /** Sets the password. Who is signed in by the one before is signed out. */
  lights.put('/admin/users/:user/password', readJson, async (req, res) => {
    const { password } = req.body ?? {};
    if (!isAdmin(req)) return res.set('WWW-Authenticate', 'Basic realm="lights"').sendStatus(401);
    if (req.params.user !== user) return res.sendStatus(404);
    if (typeof password !== 'string' || password.length < shortest) return res.sendStatus(422);
    await passwords.set(password);
    return res.sendStatus(204);
  });

  /** Says whether a password counts, and signs nobody in. */
  lights.post('/api/sign-in', readJson, async (req, res) => {
    const { user: name, password } = req.body ?? {};
    res.sendStatus((await isRight(name, password)) ? 204 : 401);
  });

  const signIn = html`<form method="post" action="/sign-in"><p><label>User <input name="user" value="${user}" autocomplete="off"></label></p>
    <p><label>Password <input name="password" type="password" autocomplete="off" required></label></p><button>Sign in</button></form>`;

  lights.get('/', (req, res) => {
    const session = sessionOf(req);
    if (!session) {
      const body = html`<h1>Sign in</h1><p>Everybody here shares one account.</p>${signIn}`;
      return sendPage(res, 200, { app, title: 'Sign in', body });
    }
    if (session.revision !== passwords.revision()) {
      const body = html`<h1>The password has changed</h1><p role="status">You were signed in by the one before.</p>${signIn}`;
      return sendPage(res, 200, { app, title: 'Signed out', body, state: 'ended' });
    }
    const body = html`<h1>Signed in as ${user}</h1><h2>Lights</h2>
    <ul><li>Bridge: on</li><li>Main deck: off</li><li>Engine room: on</li></ul>
    <form method="post" action="/sign-out"><button class="quiet">Sign out</button></form>`;
    return sendPage(res, 200, { app, title: 'Lights', body, state: 'signed-in' });
  });

  lights.get('/still-signed-in', (req, res) => {
    res.sendStatus(sessionOf(req)?.revision === passwords.revision() ? 204 : 401);
  });

  lights.post('/sign-in', readForm, async (req, res) => {
    sessions.delete(cookieOf(req, sessionCookie) ?? '');
    const revision = passwords.revision();
    if (!(await isRight(req.body?.user, req.body?.password))) {
      const body = html`<h1>Sign in</h1><p role="alert">This password does not count.</p>${signIn}`;
      return sendPage(res, 401, { app, title: 'Sign in', body });
    }
    const id = randomBytes(32).toString('base64url');
    sessions.set(id, { revision });
    res.cookie(sessionCookie, id, { httpOnly: true, sameSite: 'lax' });
    return res.redirect(303, '/');
  });

  lights.post('/sign-out', (req, res) => {
    sessions.delete(cookieOf(req, sessionCookie) ?? '');
    res.clearCookie(sessionCookie).redirect(303, '/');
  });

  const sessionOf = (req: Request) => sessions.get(cookieOf(req, sessionCookie) ?? '');
  const isRight = async (name: unknown, password: unknown) =>
    name === user && typeof password === 'string' && (await passwords.isRight(password));
  const credentials = Buffer.from(`${admin.userName}:${admin.password}`).toString('base64');
  const isAdmin = (req: Request) => req.get('authorization') === `Basic ${credentials}`;
  return lights;
}
