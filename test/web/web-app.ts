import express from 'express';
import { createRoutes } from '../../src/api/endpoint.ts';
import { createReferenceEndpoints } from '../../src/api/reference.ts';
import type { Config } from '../../src/config.ts';
import { loadConfig } from '../../src/config.ts';
import { createSecurityHeaders } from '../../src/http/security-headers.ts';
import type { Principal } from '../../src/sessions/principal.ts';
import { type Languages, languages } from '../../src/texts/texts.ts';
import { type ApiDocument, renderReference } from '../../src/web/reference-page.ts';
import { createOpenPages, createPages, serveAssets } from '../../src/web/routes.ts';

export const config: Config = loadConfig(
  {
    DATABASE_URL: 'postgresql://nobody@localhost/none',
    PUBLIC_URL: 'http://localhost:3333',
    SESSION_SECRETS: 'a'.repeat(32),
    ENCRYPTION_KEYS: Buffer.alloc(32, 1).toString('base64'),
  },
  'development',
);

export const trinity: Principal = {
  orgId: 'org_1',
  orgSlug: '1',
  orgName: 'Whiterabbit',
  userId: 'usr_1',
  credential: { type: 'session', id: 'ses_1' },
  email: 'trinity@whiterabbit.fake',
  name: 'Trinity',
  role: 'member',
  authenticatedAt: null,
  scope: null,
  language: null,
};

/** The pages behind the product's own headers, for a person who is signed in, or for nobody. */
export function createWebApp(person: Principal | null, offered: Languages = languages) {
  const app = express();
  app.set('languages', offered);
  app.use(createSecurityHeaders({ https: false }));
  app.use('/assets', serveAssets);
  const reference = createReferenceEndpoints(config, [], (api) => renderReference(api as ApiDocument));
  app.use(
    createRoutes([
      ...createOpenPages({ config }),
      ...reference,
      ...createPages({ signedIn: () => person, lookOrNone: async () => null }),
    ]),
  );
  return app;
}
