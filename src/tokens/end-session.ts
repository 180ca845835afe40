import type { Request, RequestHandler, Response } from 'express';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import { letShowFrames } from '../http/security-headers.ts';
import type { Keyring } from '../keyring.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf } from '../sessions/session.ts';
import { loadOrgKeys, orgIssuer } from '../signing/org-keys.ts';
import { renderEndSession } from '../web/end-session-page.ts';
import { renderOnward } from '../web/onward-page.ts';
import { sendPage } from '../web/send-page.ts';
import type { OrgIssuer } from './current-org-issuer.ts';
import { framesOf } from './front-channel.ts';

/** The person's own sign-out of this browser; returns where it goes on at the IdP, if it does. */
export type SignOutHere = (person: Principal, req: Request) => Promise<string | null>;

type Deps = Readonly<{
  config: Config;
  pool: Pool;
  keyring: Keyring;
  issuerOf: (req: Request) => Promise<OrgIssuer>;
  signOut: SignOutHere;
}>;

/** What an app asks for; everything in it was checked but `state`, which is the app's own. */
type Asked = Readonly<{ app: string | null; sid: string | null; back: string | null }>;

type Form = Readonly<Record<string, unknown>>;
const textOf = (form: Form, name: string) => (typeof form[name] === 'string' ? (form[name] as string) : null);

/**
 * OpenID Connect RP-Initiated Logout 1.0 at an org's issuer. An ID token of exactly this browser's
 * session ends it at once; in every other case a page asks, and its button, a POST of our own page,
 * ends it: any page can send a browser here.
 */
export function createEndSession(deps: Deps): Record<'enter' | 'confirm', RequestHandler> {
  async function read(issuer: OrgIssuer, form: Form): Promise<Asked> {
    const hint = await readHint(deps, issuer.orgId, textOf(form, 'id_token_hint'));
    const named = textOf(form, 'client_id');
    const app = hint && named !== null && named !== hint.app ? null : (hint?.app ?? named);
    const back = app === null ? null : await wayBack(deps.pool, issuer.orgId, app, form);
    return { app, sid: app !== null && hint?.app === app ? hint.sid : null, back };
  }

  async function end(req: Request, res: Response, person: Principal | null, { back }: Asked, byForm: boolean) {
    const frames = person ? await framesOf(deps.pool, orgIssuer(deps.config, person.orgId), sessionOf(person)) : [];
    const onward = person ? await deps.signOut(person, req) : null;
    const href = back ?? onward ?? '/signed-out?reason=ended';
    // After a form our headers let a browser go nowhere but here: a page leads on.
    if (frames.length > 0 || (byForm && !href.startsWith('/'))) {
      letShowFrames(res, frames);
      return sendPage(res, 200, (texts) => renderOnward(texts, { title: texts.signedOut.leaving, href, frames }));
    }
    res.redirect(303, href);
  }

  const enter: RequestHandler = async (req, res) => {
    res.set('Cache-Control', 'no-store');
    const issuer = await deps.issuerOf(req);
    const asked = await read(issuer, req.query);
    const person = personAt(issuer, req);
    if (!person || (asked.sid !== null && (await isOwnSession(deps.pool, person, asked))))
      return end(req, res, person, asked, false);
    const fields = Object.entries(req.query).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    const page = { person, action: `${issuer.base}/oauth/end-session`, fields };
    sendPage(res, 200, (texts) => renderEndSession(texts, page));
  };

  const confirm: RequestHandler = async (req, res) => {
    res.set('Cache-Control', 'no-store');
    const issuer = await deps.issuerOf(req);
    await end(req, res, personAt(issuer, req), await read(issuer, (req.body ?? {}) as Form), true);
  };

  return { enter, confirm };
}

const sessionOf = ({ orgId, userId, credential }: Principal) => ({ orgId, userId, sessionId: credential.id });

/** The browser's person, if they are of the issuer's org: another org's session is none of its. */
function personAt({ orgId }: OrgIssuer, req: Request): Principal | null {
  const person = principalOf(req);
  return person?.orgId === orgId && person.credential.type === 'session' ? person : null;
}

/** An ID token of the org's own, however old it is. */
async function readHint(
  deps: Deps,
  orgId: string,
  hint: string | null,
): Promise<{ app: string; sid: string | null } | null> {
  if (hint === null) return null;
  const keys = (await loadOrgKeys(deps, orgId)).map(({ kty, n, e, kid, alg }) => ({ kty, n, e, kid, alg }) as never);
  try {
    const { payload } = await jwtVerify(hint, createLocalJWKSet({ keys }), {
      issuer: orgIssuer(deps.config, orgId),
      algorithms: ['RS256'],
      // It says who it was given to, not that it still counts.
      currentDate: new Date(0),
    });
    const { aud, sid, events } = payload;
    return typeof aud === 'string' && events === undefined
      ? { app: aud, sid: typeof sid === 'string' ? sid : null }
      : null;
  } catch {
    return null;
  }
}

async function wayBack(pool: Pool, orgId: string, app: string, form: Form): Promise<string | null> {
  const uri = textOf(form, 'post_logout_redirect_uri');
  if (uri === null) return null;
  const { rowCount } = await pool.query({
    name: 'post-logout-uri',
    text: `SELECT FROM apps a WHERE a.org_id = $1 AND a.id = $2 AND a.kind = 'oidc' AND a.state <> 'disabled'
             AND a.settings -> 'postLogoutRedirectUris' ? $3`,
    values: [orgId, app, uri],
  });
  if (rowCount !== 1 || !URL.canParse(uri)) return null;
  const state = textOf(form, 'state');
  if (state === null) return uri;
  const url = new URL(uri);
  url.searchParams.set('state', state);
  return url.href;
}

async function isOwnSession(pool: Pool, person: Principal, { app, sid }: Asked): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'app-session-here',
    text: `SELECT FROM app_sessions
           WHERE org_id = $1 AND app_id = $2 AND id = $3 AND session_id = $4 AND user_id = $5`,
    values: [person.orgId, app, sid, person.credential.id, person.userId],
  });
  return rowCount === 1;
}
