import { type RequestHandler, Router } from 'express';
import { type By, byPerson } from '../by.ts';
import { allowOnly } from '../http/problem.ts';
import type { Devices } from '../sessions/devices.ts';
import type { FindIdpLogout } from '../sessions/idp-logout.ts';
import type { LiveChannel } from '../sessions/live-channel.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf, requireSession, signedInPrincipal } from '../sessions/session.ts';

/**
 * GET  /api/users/me          who is signed in: flat scalars
 * GET  /api/users/me/events   server-sent events: `signed-out` with the reason when the session dies, then it closes
 * POST /api/signout           ends this session, or the grant of an app's access token, and with the org's policy of global
 *                             logout all of the person's: 204, also without one; 200 with `logoutUrl` where the connection
 *                             is set to sign out at the IdP too: the browser goes on there
 */
export function createMeRoutes(deps: {
  liveChannel: LiveChannel;
  findIdpLogout: FindIdpLogout;
  devices: Pick<Devices, 'endDevice'>;
  /** Ends all that the person has, if their org's policy says so; false if it doesn't. */
  globalLogout: (person: Principal, by: By) => Promise<boolean>;
}): Router {
  const { liveChannel } = deps;

  const showMe: RequestHandler = (req, res) => {
    const { userId, name, email, orgId, orgName, orgSlug, role } = signedInPrincipal(req);
    res.json({ id: userId, name, email, orgId, org: orgName, orgSlug, role });
  };

  const streamEvents: RequestHandler = (req, res) => {
    const principal = signedInPrincipal(req);
    // express-session would touch the session before it lets the answer end: a stream must close also when the database,
    // of which that asks a write, has gone silent.
    Object.assign(req, { session: undefined });
    return liveChannel.open(principal, res);
  };

  const signOut: RequestHandler = async (req, res) => {
    res.set('Cache-Control', 'no-store');
    const principal = principalOf(req);
    if (!principal) return void res.status(204).end();
    const logoutUrl = await deps.findIdpLogout(principal);
    // Here first: whether the IdP is up doesn't matter.
    const by = byPerson(req, principal);
    const all = await deps.globalLogout(principal, by);
    if (!all) await deps.devices.endDevice(principal, principal.credential.id, by);
    liveChannel.announce();
    if (logoutUrl === null) res.status(204).end();
    else res.json({ logoutUrl });
  };

  const router = Router();
  router.route('/users/me').get(requireSession, showMe).all(allowOnly('GET', 'HEAD'));
  // Without HEAD, which Express would answer by a stream that never ends.
  router.route('/users/me/events').head(allowOnly('GET')).get(requireSession, streamEvents).all(allowOnly('GET'));
  router.route('/signout').post(signOut).all(allowOnly('POST'));
  return router;
}
