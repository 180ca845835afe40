import { randomBytes } from 'node:crypto';
import express, { type Express, type Request } from 'express';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { html } from '../html.ts';
import { cookieOf, lookRoutes, type Person, readForm, sendPage, signedInBody, signedOutBody } from './page.ts';

export type CrmOptions = Readonly<{
  /** Where it is, without a trailing slash. */
  url: string;
  /** The organisation, and its issuer: `PUBLIC_URL/orgs/<id>`. */
  org: string;
  issuer: string;
  /** What the issuer is called here: `sub` of its calls. */
  clientId: string;
  people: readonly Person[];
}>;

type Session = { person: Person; ended?: boolean };

const app = 'CRM';
const sessionCookie = 'crm_session';

/**
 * An app that signs people in by itself, and takes Global Token Revocation
 * (draft-parecki-oauth-global-token-revocation): whom the organisation names is signed out here.
 */
export function createCrm({ url, org, issuer, clientId, people }: CrmOptions): Express {
  const sessions = new Map<string, Session>();
  const keys = createRemoteJWKSet(new URL(`${issuer}/oauth/jwks`));
  /** Calls that were taken, by their `jti`, until they would be refused by their age. */
  const taken = new Map<string, number>();

  const crm = express().disable('x-powered-by');
  crm.use(lookRoutes());

  crm.post('/global-token-revocation', express.json({ limit: '4kb' }), async (req, res) => {
    const call = await authenticate(req.get('authorization'));
    if (call === 'unavailable') return res.sendStatus(503);
    if (!call) return res.set('WWW-Authenticate', 'Bearer error="invalid_token"').sendStatus(401);
    const { format, email } = req.body?.sub_id ?? {};
    if (format !== 'email' || typeof email !== 'string') return res.sendStatus(400);
    const person = findPerson(email);
    if (!person) return res.sendStatus(404);
    for (const session of sessions.values()) if (session.person === person) session.ended = true;
    taken.set(String(call.jti), Number(call.exp) * 1000);
    return res.sendStatus(204);
  });

  /** The claims of a JWT that this organisation made for this address, and that is used once. */
  async function authenticate(header = ''): Promise<JWTPayload | 'unavailable' | null> {
    for (const [jti, until] of taken) if (until < Date.now()) taken.delete(jti);
    try {
      const { payload } = await jwtVerify(header.replace(/^Bearer +/i, ''), keys, {
        issuer,
        subject: clientId,
        audience: `${url}/global-token-revocation`,
        typ: 'global-token-revocation+jwt',
        algorithms: ['RS256'],
        requiredClaims: ['jti', 'iat', 'exp'],
      });
      return taken.has(String(payload.jti)) ? null : payload;
    } catch (error) {
      // Keys that can't be had say nothing of the caller: it has to come again.
      const isRefused = error instanceof errors.JOSEError && !notHad.has(error.code);
      return isRefused ? null : 'unavailable';
    }
  }

  crm.get('/', (req, res) => {
    const session = sessionOf(req);
    const names = people.map(
      ({ name, email }) => html`<button name="email" value="${email}">Sign in as ${name}</button>`,
    );
    const signIn = html`<form method="post" action="/sign-in">${names}</form>`;
    if (!session) {
      const body = html`<h1>Sign in</h1><p>No password: this app is there to be signed out of.</p>${signIn}`;
      return sendPage(res, 200, { app, title: 'Sign in', body });
    }
    const { person, ended } = session;
    if (ended) {
      const signedOut = { name: person.name, by: org, how: 'Global Token Revocation' };
      return sendPage(res, 200, { app, title: 'Signed out', body: signedOutBody(signedOut, signIn), state: 'ended' });
    }
    const accounts = ['The Oracle', 'Architect & Sons', 'Merovingian Restaurants'];
    const signOut = html`<form method="post" action="/sign-out"><button class="quiet">Sign out</button></form>`;
    const body = signedInBody(person, 'Your accounts', accounts, signOut);
    return sendPage(res, 200, { app, title: 'Accounts', body, state: 'signed-in' });
  });

  crm.get('/still-signed-in', (req, res) => {
    const session = sessionOf(req);
    res.sendStatus(session && !session.ended ? 204 : 401);
  });

  crm.post('/sign-in', readForm, (req, res) => {
    const person = findPerson(String(req.body?.email));
    sessions.delete(cookieOf(req, sessionCookie) ?? '');
    if (person) {
      const id = randomBytes(32).toString('base64url');
      sessions.set(id, { person });
      res.cookie(sessionCookie, id, { httpOnly: true, sameSite: 'lax' });
    }
    res.redirect(303, '/');
  });

  crm.post('/sign-out', (req, res) => {
    sessions.delete(cookieOf(req, sessionCookie) ?? '');
    res.clearCookie(sessionCookie).redirect(303, '/');
  });

  const sessionOf = (req: Request) => sessions.get(cookieOf(req, sessionCookie) ?? '');
  const findPerson = (email: string) => people.find((person) => person.email === email.toLowerCase());
  return crm;
}

const notHad = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID']);
