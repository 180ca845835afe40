import type { Provider } from 'oidc-provider';
import type { Pool } from 'pg';
import type { Principal } from '../sessions/principal.ts';
import { emailDomain } from '../users/email.ts';
import { asksForAdministration } from './clients.ts';
import { idHash } from './id-hash.ts';
import type { Issuer } from './issuer.ts';

type From = Pick<Issuer, 'orgId' | 'base'>;
export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>> & { deviceCode?: string | undefined };

/**
 * Where a person has to sign in before an app's request can be approved: at the org that the app
 * names, or else the person's own, with a new password where the app asks for that or for a younger
 * session. Null where the session will do.
 */
export async function signInUrl(
  pool: Pool,
  issuer: From,
  interaction: Interaction,
  person: Principal | null,
): Promise<string | null> {
  const { params, uid } = interaction;
  const known = await (issuer.orgId === undefined ? knownOrg(pool, interaction) : issuersOrg(pool, issuer.orgId));
  const elsewhere = person !== null && known?.named === true && known.slug !== person.orgSlug;
  const anew = !elsewhere && person !== null && !(await signedInLately(pool, issuer, person, interaction));
  if (person && !elsewhere && !anew) return null;
  const query = new URLSearchParams({ returnTo: `${issuer.base}/oauth/interaction/${uid}` });
  if (anew || asksForLogin(interaction)) query.set('prompt', 'login');
  const slug = anew ? person?.orgSlug : known?.slug;
  if (!slug) return `/?${query}`;
  if (typeof params.login_hint === 'string') query.set('login_hint', params.login_hint);
  return `/openid/start/${encodeURIComponent(slug)}?${query}`;
}

/** Whether the session is as young as the app asks for, by the database's clock alone. */
async function signedInLately(pool: Pool, issuer: From, { orgId, credential }: Principal, interaction: Interaction) {
  const maxAge = interaction.params.max_age === undefined ? null : Number(interaction.params.max_age);
  const anew = asksForLogin(interaction);
  // A device asks for neither (RFC 8628 §3.1).
  if (interaction.deviceCode)
    return (
      !asksForAdministration(interaction.params.scope) ||
      authenticatedLately(pool, { orgId, credential }, interaction.uid)
    );
  if (maxAge === null && !anew) return true;
  const { rows } = await pool.query<{ young: boolean }>({
    name: 'interaction-age',
    text: `SELECT ($4 = false OR s.created_at > t.created_at)
              AND ($5::float8 IS NULL OR s.created_at > t.created_at - make_interval(secs => least($5::float8, 1e9))) AS young
           FROM sessions s, tokens t
           WHERE s.org_id = $1 AND s.id = $2 AND t.kind = 'Interaction' AND t.id_hash = $3`,
    values: [orgId, credential.id, idHash(issuer.orgId, interaction.uid), anew, maxAge],
  });
  return rows[0]?.young === true;
}

/**
 * Whether the person authenticated as lately as administrators have to. The session of a sign-in
 * that was begun for this will do: else no sign-in at an IdP that tells no time ever would.
 */
async function authenticatedLately(
  pool: Pool,
  { orgId, credential }: Pick<Principal, 'orgId' | 'credential'>,
  uid: string,
): Promise<boolean> {
  const { rows } = await pool.query<{ lately: boolean }>({
    name: 'interaction-administration',
    text: `SELECT coalesce(s.authenticated_at > now() - make_interval(secs => o.admin_reauthentication_seconds), false)
              OR s.created_at > t.created_at AS lately
           FROM sessions s JOIN orgs o ON o.id = s.org_id, tokens t
           WHERE s.org_id = $1 AND s.id = $2 AND t.kind = 'Interaction' AND t.id_hash = $3`,
    values: [orgId, credential.id, idHash(undefined, uid)],
  });
  return rows[0]?.lately === true;
}

function asksForLogin({ params }: Interaction): boolean {
  return String(params.prompt ?? '')
    .split(' ')
    .includes('login');
}

/**
 * Finds the org by the request's `org`, which the app then means, or by the verified domain of its
 * `login_hint`, which is a hint. A device's page is reached by a form, after which our headers
 * (`form-action`) let a browser go nowhere but here: that sign-in starts from our own page.
 */
async function knownOrg(
  pool: Pool,
  { params, deviceCode }: Interaction,
): Promise<{ slug: string; named: boolean } | null> {
  const org = typeof params.org === 'string' ? params.org.toLowerCase() : null;
  const domain = typeof params.login_hint === 'string' ? emailDomain(params.login_hint) : null;
  if (deviceCode || (org === null && domain === null)) return null;
  const { rows } = await pool.query<{ slug: string; named: boolean }>({
    name: 'interaction-org',
    text: `SELECT o.slug, true AS named FROM orgs o WHERE o.slug = $1
           UNION ALL
           SELECT o.slug, false FROM domains d JOIN orgs o ON o.id = d.org_id
           WHERE $1::text IS NULL AND d.domain = $2 AND d.verified_at IS NOT NULL`,
    values: [org, domain],
  });
  return rows[0] ?? null;
}

/** An org's issuer knows people of that org alone. */
async function issuersOrg(pool: Pool, orgId: string): Promise<{ slug: string; named: true } | null> {
  const { rows } = await pool.query<{ slug: string }>({
    name: 'issuer-org',
    text: 'SELECT slug FROM orgs WHERE id = $1',
    values: [orgId],
  });
  return rows[0] ? { slug: rows[0].slug, named: true } : null;
}
