import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { errors, type Provider } from 'oidc-provider';
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf } from '../sessions/session.ts';
import { emailDomain } from '../users/email.ts';
import { hashToken } from './adapter.ts';
import { approve } from './approve.ts';

type Deps = Readonly<{ config: Config; pool: Pool; provider: () => Promise<Provider> }>;
type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

const scopes = new Set(['openid', 'offline_access', 'email', 'profile']);

/**
 * `GET /oauth/interaction/:uid`: where the authorization server sends a browser for each request of an app. With a live
 * session of the app the request is approved, and the browser goes back; without one it goes through the sign-in first.
 * The library's cookie ties the interaction to the browser that began it.
 */
export function createInteraction(deps: Deps): RequestHandler<{ uid: string }> {
  return async (req, res) => {
    res.set('Cache-Control', 'no-store');
    const interaction = await loadInteraction(await deps.provider(), req, res);
    const { uid, params } = interaction;
    if (uid !== req.params.uid) throw tooLate();
    // Approved before: coming back a second time makes no second grant.
    if (interaction.result) return res.redirect(303, interaction.returnTo);

    const person = principalOf(req);
    if (!person) return res.redirect(303, await signInUrl(deps.pool, interaction, null));
    if (!(await signedInLately(deps.pool, person, interaction)))
      return res.redirect(303, await signInUrl(deps.pool, interaction, person));

    const approved = await approve(deps.pool, deps.config, {
      person,
      interactionId: uid,
      clientId: String(params.client_id),
      scope: String(params.scope)
        .split(' ')
        .filter((scope) => scopes.has(scope))
        .join(' '),
      userAgent: req.get('user-agent') ?? null,
      ip: req.ip ?? null,
      requestId: req.id,
    });
    // Overtaken, by a revocation or by the same page in another tab: what holds now is read anew.
    res.redirect(303, approved ? interaction.returnTo : `/oauth/interaction/${uid}`);
  };
}

async function loadInteraction(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<Interaction> {
  try {
    return await provider.interactionDetails(req, res);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) throw tooLate(error);
    throw error;
  }
}

function tooLate(cause?: unknown): AppError {
  const detail =
    'This sign-in for an app has expired, was completed, or was begun in another browser. Go back to the app and start again.';
  return new AppError('invalid_request', detail, { cause });
}

/** Whether the session is as young as the app asks for (`prompt=login`, `max_age`): both moments are the database's. */
async function signedInLately(pool: Pool, { orgId, credential }: Principal, interaction: Interaction) {
  const maxAge = interaction.params.max_age === undefined ? null : Number(interaction.params.max_age);
  const anew = asksForLogin(interaction);
  if (maxAge === null && !anew) return true;
  const { rows } = await pool.query<{ young: boolean }>({
    name: 'interaction-age',
    text: `SELECT ($4 = false OR s.created_at > t.created_at)
              AND ($5::float8 IS NULL OR s.created_at > t.created_at - make_interval(secs => $5::float8)) AS young
           FROM sessions s, tokens t
           WHERE s.org_id = $1 AND s.id = $2 AND t.kind = 'Interaction' AND t.id_hash = $3`,
    values: [orgId, credential.id, hashToken(interaction.uid), anew, maxAge],
  });
  return rows[0]?.young === true;
}

function asksForLogin({ params }: Interaction): boolean {
  return String(params.prompt ?? '')
    .split(' ')
    .includes('login');
}

/** At the person's own organisation where it is known; it asks for a password where the app, or a session that is too old, does. */
async function signInUrl(pool: Pool, interaction: Interaction, person: Principal | null): Promise<string> {
  const { params, uid } = interaction;
  const query = new URLSearchParams({ returnTo: `/oauth/interaction/${uid}` });
  if (person || asksForLogin(interaction)) query.set('prompt', 'login');
  const slug = person?.orgSlug ?? (await knownOrg(pool, interaction));
  if (!slug) return `/?${query}`;
  if (typeof params.login_hint === 'string') query.set('login_hint', params.login_hint);
  return `/openid/start/${encodeURIComponent(slug)}?${query}`;
}

/**
 * By the request's `org`, or the verified domain of its `login_hint`. A device's page is reached by a form, after which our
 * headers (`form-action`) let a browser go nowhere but here: that sign-in starts from our own page.
 */
async function knownOrg(pool: Pool, { params, deviceCode }: Interaction & { deviceCode?: string }) {
  if (deviceCode) return null;
  const domain = typeof params.login_hint === 'string' ? emailDomain(params.login_hint) : null;
  const { rows } = await pool.query<{ slug: string }>({
    name: 'interaction-org',
    text: `SELECT o.slug FROM orgs o WHERE o.slug = $1
           UNION ALL
           SELECT o.slug FROM domains d JOIN orgs o ON o.id = d.org_id
           WHERE $1::text IS NULL AND d.domain = $2 AND d.verified_at IS NOT NULL`,
    values: [typeof params.org === 'string' ? params.org.toLowerCase() : null, domain],
  });
  return rows[0]?.slug ?? null;
}
