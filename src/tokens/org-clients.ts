import type { ClientMetadata } from 'oidc-provider';
import type { Pool } from 'pg';
import { appClientSecretPurpose } from '../database/sealed-places.ts';
import type { Keyring } from '../keyring.ts';

/** An app of the org that shows something at its issuer: a web app, or a receiver of events. */
export type OrgClient = Readonly<{ id: string; name: string; metadata: ClientMetadata }>;

type AppRow = {
  id: string;
  kind: 'oidc' | 'ssf';
  name: string;
  settings: Record<string, unknown>;
  client_secret: string | null;
  version: string;
};

export const receiverScopes = 'ssf.manage ssf.read';
const personScopes = 'openid offline_access email profile';

/**
 * The rows as they are now; null where there is no such org. `version` changes with each of them,
 * and with the org's keys and their order.
 */
export async function readOrgApps(
  pool: Pool,
  orgId: string,
): Promise<{ slug: string; apps: AppRow[]; version: string } | null> {
  const { rows } = await pool.query<
    { slug: string; keys: string | null } & { [Member in keyof AppRow]: AppRow[Member] | null }
  >({
    name: 'org-clients',
    text: `SELECT o.slug,
             (SELECT string_agg(k.id, ' ' ORDER BY k.active_from > now(), k.active_from DESC, k.created_at DESC, k.id)
              FROM org_signing_keys k WHERE k.org_id = o.id) AS keys,
             a.id, a.kind, a.name, a.settings, a.client_secret, a.updated_at::text AS version
           FROM orgs o LEFT JOIN apps a ON a.org_id = o.id AND a.kind IN ('oidc', 'ssf') AND a.state <> 'disabled'
           WHERE o.id = $1 ORDER BY a.id`,
    values: [orgId],
  });
  if (!rows[0]) return null;
  const apps = rows.filter((row): row is { slug: string; keys: string | null } & AppRow => row.id !== null);
  // A rename, a new secret and a change of settings each write the row.
  const ofApps = apps.map(({ id, version: at }) => `${id} ${at}`).join(',');
  const { slug, keys } = rows[0];
  return { slug, apps, version: [slug, keys, ofApps].join('\n') };
}

/** @throws UnsealError where ENCRYPTION_KEYS can't open a secret */
export async function toOrgClient(keyring: Keyring, orgId: string, app: AppRow): Promise<OrgClient> {
  const { id, name, kind, settings, client_secret: sealed } = app;
  const secret = sealed === null ? null : await keyring.decrypt(sealed, appClientSecretPurpose(orgId, id));
  const common = { client_id: id, client_name: name, application_type: 'web' as const };
  if (kind === 'ssf')
    return {
      id,
      name,
      metadata: {
        ...common,
        ...(secret === null ? {} : { client_secret: secret }),
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        scope: receiverScopes,
      },
    };
  const method = settings.auth as 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  return {
    id,
    name,
    metadata: {
      ...common,
      ...(method === 'private_key_jwt'
        ? { jwks_uri: settings.jwksUri as string }
        : { client_secret: secret as string }),
      token_endpoint_auth_method: method,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      // A form that our page posts to the app would be stopped by `form-action` in our headers.
      response_modes: ['query'],
      redirect_uris: settings.redirectUris as string[],
      scope: personScopes,
    },
  };
}

/** The part of the asked scope that an app may have in a person's name. */
export const personScope = (asked: string): string =>
  asked
    .split(' ')
    .filter((scope) => personScopes.split(' ').includes(scope))
    .join(' ');
