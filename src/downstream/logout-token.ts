import { randomUUID } from 'node:crypto';
import type { SignAsOrg } from '../signing/org-keys.ts';

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
/** Seconds. */
const lifetime = 120;

/**
 * A logout token (OpenID Connect Back-Channel Logout 1.0 §2.4) in the org's name, with a `jti` of its
 * own each time. `sub` is that of the ID tokens of the org's issuer: the user's id.
 */
export function makeLogoutToken(
  signAsOrg: SignAsOrg,
  orgId: string,
  { appId, userId, sid }: Readonly<{ appId: string; userId: string; sid: string | null }>,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return signAsOrg(
    orgId,
    { typ: 'logout+jwt' },
    {
      aud: appId,
      iat: now,
      exp: now + lifetime,
      jti: randomUUID(),
      sub: userId,
      ...(sid === null ? {} : { sid }),
      events: { [logoutEvent]: {} },
    },
  );
}
