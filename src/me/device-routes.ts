import { type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { type By, byPerson } from '../by.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { jsonBody } from '../http/json-body.ts';
import { allowOnly } from '../http/problem.ts';
import { type InTurn, inOwnTurn } from '../http/turns.ts';
import type { Devices } from '../sessions/devices.ts';
import type { Principal } from '../sessions/principal.ts';
import { requireSession, signedInPrincipal } from '../sessions/session.ts';
import { notSignedIn } from '../sessions/session-end.ts';
import { sessionCookie } from '../sessions/session-store.ts';

export type DeviceRoutesDeps = Readonly<{
  devices: Devices;
  inTurn: InTurn;
  /** Null when the person is gone. */
  signOutEverywhere: (
    person: Principal,
    options: { keepCurrent: boolean; by: By },
  ) => Promise<{ sessionsEnded: number; grantsEnded: number } | null>;
  config: Config;
  announce: () => void;
}>;

const revocation = z.strictObject({ keepCurrent: z.boolean().default(false) });

/**
 * A person's own devices, for a browser's session and an app's access token alike.
 *
 * GET    /api/users/me/sessions         live sessions and grants, newest seen first, at most 200: [{id, type, client, device,
 *                                       userAgent, ip, createdAt, lastSeenAt, current}]
 * DELETE /api/users/me/sessions/:id     ends that one: 204
 * POST   /api/users/me/sessions/revoke  {keepCurrent?}: ends all, or all but the one that asks: {sessionsEnded, grantsEnded}
 */
export function createDeviceRoutes(deps: DeviceRoutesDeps): Router {
  const { devices, announce } = deps;
  const { name, cookie } = sessionCookie(deps.config);
  /** An app's own request says nothing about the browser that it may run in. */
  const forgetCookie = (res: Response, { credential }: Principal) => {
    if (credential.type === 'session') res.clearCookie(name, cookie);
  };

  const list: RequestHandler = async (req, res) => {
    const person = signedInPrincipal(req);
    res.json(await inOwnTurn(deps.inTurn, person, () => devices.listDevices(person)));
  };

  const end: RequestHandler<{ id: string }> = async (req, res) => {
    const person = signedInPrincipal(req);
    const { id } = req.params;
    const ended = await devices.endDevice(person, id, byPerson(req, person));
    // Another person's looks exactly like one that doesn't exist.
    if (!ended) throw new AppError('not_found', 'You are not signed in anywhere under this id.');
    announce();
    if (id === person.credential.id) forgetCookie(res, person);
    res.status(204).end();
  };

  const revoke: RequestHandler = async (req, res) => {
    const person = signedInPrincipal(req);
    const parsed = revocation.safeParse(req.body);
    if (!parsed.success) throw new AppError('invalid_request', 'Send {"keepCurrent": true} or {"keepCurrent": false}.');
    const { keepCurrent } = parsed.data;
    const ended = await deps.signOutEverywhere(person, { keepCurrent, by: byPerson(req, person) });
    if (!ended) throw notSignedIn(undefined);
    announce();
    if (!keepCurrent) forgetCookie(res, person);
    res.json(ended);
  };

  const router = Router();
  router.use(requireSession);
  router.route('/').get(list).all(allowOnly('GET', 'HEAD'));
  router.route('/revoke').post(jsonBody(), revoke).all(allowOnly('POST'));
  router.route('/:id').delete(end).all(allowOnly('DELETE'));
  return router;
}
