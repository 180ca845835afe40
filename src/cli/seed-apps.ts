import { isDeepStrictEqual } from 'node:util';
import type { Pool } from 'pg';
import { bySystem } from '../by.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { appClientSecretPurpose } from '../database/sealed-places.ts';
import type { DemoAppUrls } from '../demo-apps/demo-apps.ts';
import { parseSettings } from '../downstream/app-checks.ts';
import type { AppKind } from '../downstream/app-settings.ts';
import { createApps } from '../downstream/apps.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';

type Deps = Readonly<{ pool: Pool; prisma: PrismaClient; keyring: Keyring; webhookFetch: GuardedFetch }>;

const seeder = bySystem('seed');
/** What the org is called at the CRM. */
export const crmClientId = 'white-rabbit';

/**
 * Registers the demo apps where they are missing. Their addresses follow the ports, whatever else of
 * them a developer changed stays. Returns what the wiki needs to sign people in.
 */
export async function seedApps(
  deps: Deps,
  orgId: string,
  urls: Pick<DemoAppUrls, 'wiki' | 'crm'>,
): Promise<{ clientId: string; clientSecret: string }> {
  const apps = createApps({ ...deps, appFetch: deps.webhookFetch });

  type Settings = Readonly<Record<string, unknown>>;
  const register = async (kind: AppKind, name: string, addresses: Settings, settings: Settings) => {
    const found = (await apps.list(orgId)).find((app) => app.kind === kind && app.name === name);
    if (!found) return apps.add(orgId, { ...parseSettings(kind, { ...addresses, ...settings }), name }, seeder);
    const follows = isDeepStrictEqual({ ...found.settings, ...addresses }, found.settings);
    if (!follows) await apps.change(orgId, found.id, { settings: addresses }, seeder);
    return { ...found, clientSecret: null };
  };

  const crm = { endpoint: `${urls.crm}/global-token-revocation` };
  await register('gtr', 'CRM', crm, { auth: { method: 'signed_jwt', audience: null, clientId: crmClientId } });
  const wikis = {
    redirectUris: [`${urls.wiki}/callback`],
    postLogoutRedirectUris: [urls.wiki],
    backchannelLogoutUri: `${urls.wiki}/backchannel-logout`,
  };
  const wiki = await register('oidc', 'Wiki', wikis, { auth: 'client_secret_basic' });
  const clientSecret = wiki.clientSecret ?? (await readSecret(deps, orgId, wiki.id));
  if (clientSecret) return { clientId: wiki.id, clientSecret };
  // The keys that sealed it are gone, or it never had one.
  const made = await apps.newClientSecret(orgId, wiki.id, seeder);
  return { clientId: wiki.id, clientSecret: made?.clientSecret ?? '' };
}

async function readSecret({ prisma, keyring }: Deps, orgId: string, id: string): Promise<string | null> {
  const app = await prisma.app.findUnique({ where: { orgId_id: { orgId, id } }, select: { clientSecret: true } });
  if (!app?.clientSecret) return null;
  return keyring.decrypt(app.clientSecret, appClientSecretPurpose(orgId, id)).catch(() => null);
}
