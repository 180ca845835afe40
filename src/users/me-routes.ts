import { type RequestHandler, Router } from 'express';
import { allowOnly } from '../http/problem.ts';
import type { LiveChannel } from '../sessions/live-channel.ts';
import { principalOf, requireSession, signedInPrincipal } from '../sessions/session.ts';

/**
 * GET  /api/users/me          who is signed in: flat scalars
 * GET  /api/users/me/events   server-sent events: `signed-out` with the reason when the session dies, then it closes
 * POST /api/signout           ends this session: 204, also without one
 */
export function createMeRoutes({ liveChannel }: { liveChannel: LiveChannel }): Router {
  const showMe: RequestHandler = (req, res) => {
    const { userId, name, email, orgId, orgName, orgSlug, role } = signedInPrincipal(req);
    res.json({ id: userId, name, email, orgId, org: orgName, orgSlug, role });
  };

  const streamEvents: RequestHandler = (req, res) => liveChannel.open(signedInPrincipal(req), res);

  const signOut: RequestHandler = (req, res, next) => {
    res.set('Cache-Control', 'no-store');
    if (!principalOf(req)) return void res.status(204).end();
    req.session.destroy((error) => {
      if (error) return next(error);
      liveChannel.announce();
      res.status(204).end();
    });
  };

  const router = Router();
  router.route('/users/me').get(requireSession, showMe).all(allowOnly('GET', 'HEAD'));
  // Without HEAD, which Express would answer by a stream that never ends.
  router.route('/users/me/events').head(allowOnly('GET')).get(requireSession, streamEvents).all(allowOnly('GET'));
  router.route('/signout').post(signOut).all(allowOnly('POST'));
  return router;
}
