import { randomBytes } from 'node:crypto';
import express, { type ErrorRequestHandler, type Express, type Request } from 'express';
import oidc, { type ConfigParams } from 'express-openid-connect';
import session from 'express-session';
import { html } from '../html.ts';
import { cookieOf, lookRoutes, type SignedOut, sendPage, signedInBody, signedOutBody } from './page.ts';

export type WikiOptions = Readonly<{
  /** Where it is, without a trailing slash. */
  url: string;
  /** The organisation, and its issuer: `PUBLIC_URL/orgs/<id>`. */
  org: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
}>;

type LogoutStore = NonNullable<Exclude<ConfigParams['backchannelLogout'], boolean | undefined>['store']>;

const app = 'Wiki';
const signIn = (org: string) => html`<a class="button" href="/login">Sign in with ${org}</a>`;
/** Who was signed in here, and by which session of the issuer: nothing that lets anybody in. */
const lastCookie = 'wiki_last';

/**
 * A web app that signs people in through their organisation by OpenID Connect, and takes its
 * back-channel logout. `express-openid-connect` does all of it; the rest are pages.
 */
export function createWiki({ url, org, issuer, clientId, clientSecret }: WikiOptions): Express {
  // Logouts are kept in memory, so a new secret at each start ends the cookies that they are about.
  // Several processes share a store, such as connect-pg-simple, and a secret.
  const store = new session.MemoryStore() as unknown as LogoutStore;
  const secret = randomBytes(32).toString('hex');

  const wiki = express().disable('x-powered-by');
  wiki.use(lookRoutes());
  wiki.use(
    oidc.auth({
      issuerBaseURL: issuer,
      baseURL: url,
      clientID: clientId,
      clientSecret,
      secret,
      authRequired: false,
      idpLogout: true,
      authorizationParams: { response_type: 'code', scope: 'openid email profile' },
      backchannelLogout: { store },
    }),
  );

  wiki.get('/', async (req, res) => {
    const { user } = req.oidc;
    if (user) {
      const last = JSON.stringify({ sid: user.sid, name: user.name });
      res.cookie(lastCookie, Buffer.from(last).toString('base64url'), { httpOnly: true, sameSite: 'lax' });
      const pages = ['How to bend a spoon', 'Telephones that still ring', 'Which pill is which'];
      const signOut = html`<a class="button quiet" href="/sign-out">Sign out</a>`;
      const body = signedInBody({ name: user.name, email: user.email }, 'Your pages', pages, signOut);
      return sendPage(res, 200, { app, title: 'Pages', body, state: 'signed-in' });
    }
    const signedOut = await findSignedOut(req);
    if (signedOut)
      return sendPage(res, 200, {
        app,
        title: 'Signed out',
        body: signedOutBody(signedOut, signIn(org)),
        state: 'ended',
      });
    const body = html`<h1>Sign in</h1><p>This wiki takes people of ${org}.</p>${signIn(org)}`;
    sendPage(res, 200, { app, title: 'Sign in', body });
  });

  wiki.get('/still-signed-in', (req, res) => void res.sendStatus(req.oidc.isAuthenticated() ? 204 : 401));

  wiki.get('/sign-out', (_req, res) => {
    res.clearCookie(lastCookie);
    return res.oidc.logout();
  });

  /** Whether the session that was here last ended by a logout token, under whose `sid` it is kept. */
  async function findSignedOut(req: Request): Promise<SignedOut | null> {
    const { sid, name } = readLast(cookieOf(req, lastCookie));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    store.get(`${issuer}|${sid}`, (error, logout) => (error ? reject(error) : resolve(logout)));
    return (await promise) ? { name, by: org, how: 'back-channel logout' } : null;
  }

  const showFailure: ErrorRequestHandler = (error, _req, res, _next) => {
    const body = html`<h1>This sign-in did not work</h1><p>${error.message}</p>${signIn(org)}`;
    sendPage(res, error.status ?? 500, { app, title: 'Not signed in', body });
  };
  wiki.use(showFailure);
  return wiki;
}

function readLast(cookie: string | undefined): { sid: string; name: string } {
  try {
    const { sid, name } = JSON.parse(Buffer.from(cookie ?? '', 'base64url').toString());
    return { sid: String(sid), name: String(name) };
  } catch {
    return { sid: '', name: '' };
  }
}
