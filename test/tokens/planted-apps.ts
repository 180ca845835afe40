import { randomBytes } from 'node:crypto';
import { appClientSecretPurpose } from '../../src/database/sealed-places.ts';
import { type OidcSettings, oidcSettings, ssfSettings } from '../../src/downstream/app-settings.ts';
import type { Product, TestOrg } from '../support/product.ts';

export type PlantedApp = { orgId: string; id: string; secret: string };

/** An app behind as an administrator registers it. */
export async function plantApp(
  { context }: Pick<Product, 'context'>,
  { id: orgId }: Pick<TestOrg, 'id'>,
  settings: { kind: 'ssf' } | ({ kind: 'oidc' } & Partial<OidcSettings>),
): Promise<PlantedApp> {
  const { kind, ...given } = settings;
  const id = `app_${randomBytes(12).toString('hex')}`;
  const secret = randomBytes(24).toString('base64url');
  await context.prisma.app.create({
    data: {
      orgId,
      id,
      kind,
      name: `App ${id}`,
      settings: kind === 'ssf' ? ssfSettings.parse({ audience: 'https://receiver.fake' }) : oidcSettings.parse(given),
      clientSecret: await context.keyring.encrypt(secret, appClientSecretPurpose(orgId, id)),
    },
  });
  return { orgId, id, secret };
}
