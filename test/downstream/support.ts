import { decodeJwt } from 'jose';
import type { ClaimedForward, ForwardOutcome } from '../../src/downstream/forward.ts';
import { createSendBackchannelLogout } from '../../src/downstream/send-backchannel-logout.ts';
import { createSignAsOrg } from '../../src/signing/org-keys.ts';
import type { Browser } from '../support/browser.ts';
import type { Product } from '../support/product.ts';
import type { PlantedApp } from '../tokens/planted-apps.ts';
import { walk } from '../tokens/support.ts';

/** The `sid` that a web app gets at a sign-in in that browser. `redirectUri`: one of the app's. */
export async function signInAt(
  product: Pick<Product, 'url'>,
  { orgId, id, secret }: PlantedApp,
  redirectUri: string,
  browser: Browser,
): Promise<string> {
  const issuer = `${product.url}/orgs/${orgId}`;
  const query = { client_id: id, response_type: 'code', redirect_uri: redirectUri, scope: 'openid' };
  const start = await browser.get(`${issuer}/oauth/authorize?${new URLSearchParams(query)}`);
  const { next } = await walk(product, browser, start);
  const response = await fetch(`${issuer}/oauth/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: next?.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
    }),
  });
  const { id_token } = (await response.json()) as { id_token: string };
  return decodeJwt(id_token).sid as string;
}

/** One try to tell a web app that all of a person ended, or what `change` says. */
export function sendLogout(
  product: Pick<Product, 'context' | 'orgs'>,
  app: Pick<PlantedApp, 'id'>,
  settings: object,
  change: Partial<ClaimedForward> = {},
): Promise<ForwardOutcome> {
  const { pool, guardedFetch } = product.context;
  const { id: orgId, userId } = product.orgs.whiterabbit;
  const forward: ClaimedForward = {
    ...{
      orgId,
      id: 'fwd_one',
      claim: 1,
      userId,
      revocationId: null,
      type: 'logout',
      sid: null,
      jti: null,
      attempts: 0,
    },
    names: { userId, email: '', issuer: null, subject: null, there: null },
    said: { initiator: 'idp', reasonAdmin: null, reasonUser: null },
    revokedAt: new Date(),
    app: { id: app.id, kind: 'oidc', name: 'App', credential: null, settings },
    ...change,
  };
  const send = createSendBackchannelLogout({ pool, guardedFetch, signAsOrg: createSignAsOrg(product.context) });
  return send(forward, new AbortController().signal);
}
