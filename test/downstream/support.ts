import type { ClaimedForward, ForwardOutcome } from '../../src/downstream/forward.ts';
import { createSendBackchannelLogout } from '../../src/downstream/send-backchannel-logout.ts';
import { createSignAsOrg } from '../../src/signing/org-keys.ts';
import type { Product } from '../support/product.ts';
import type { PlantedApp } from '../tokens/planted-apps.ts';

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
