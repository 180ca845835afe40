import type { Request, RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { z } from 'zod';
import { byRequest } from '../by.ts';
import { AppError } from '../errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import { foreignText } from '../http/foreign-text.ts';
import { createLimit } from '../http/rate-limit.ts';
import { letFrame } from '../http/security-headers.ts';
import { endIdpSession } from '../revocation/end-rows.ts';
import { renderFramed } from '../web/framed-page.ts';
import { sendPage } from '../web/send-page.ts';
import { type FramingConnection, findFramingConnections } from './find-connection.ts';
import { nameForm } from './logout-token.ts';

type FramedLocals = { iss?: string; sid: string; orgId: string; connections: readonly FramingConnection[] };
const localsOf = (res: Response) => res.locals as FramedLocals;

// §2 has both or none, yet Entra ID sends `sid` alone. A session that goes on is worse than one that
// ends by chance, because another connection of the org calls it the same; `iss` proves nothing.
const parameters = z.object({ iss: z.string().min(1).optional(), sid: nameForm });

/** Seconds. A `sid` that ends nothing is remembered as long (statements.ts). */
const remembered = 900;

const subjectHint =
  'The "sid" is the "sub" of a person, and no session\'s: nothing ends. LemonLDAP::NG sends it so out of the box; docs/identity-providers.md says how to mend it there.';

/**
 * The steps of `GET /openid/frontchannel-logout/:org` (Front-Channel Logout 1.0 §2). It comes in a
 * frame, without our cookie, and unsigned: whoever knows a session's `sid` can end what came of it.
 */
export function createFrontchannelLogout(deps: { log: Logger; pool: Pool; announce: () => void }) {
  // Remembering a `sid` is a write for strangers. Beyond these, on this node, an honest call still
  // ends what there is; only a sign-in under way with that `sid` may then complete.
  const ofNetwork = createLimit({ points: 60, duration: remembered });
  const ofOrg = createLimit({ points: 1_000, duration: remembered });

  /** Nobody reads the page in the frame: whoever sets it up finds the reason in the log. */
  const refused = ({ id }: Pick<Request, 'id'>, detail: string, issuer?: string) => {
    deps.log.warn({ requestId: id, detail, issuer: foreignText(issuer, 200) }, 'front-channel logout refused');
    return new AppError('invalid_request', detail);
  };

  const readParameters: RequestHandler = (req, res, next) => {
    const parsed = parameters.safeParse(req.query);
    if (!parsed.success) throw refused(req, 'Send exactly one sid, and the iss, as the ID tokens have them.');
    Object.assign(res.locals, parsed.data);
    next();
  };

  const findConnections: RequestHandler<{ org: string }> = async (req, res, next) => {
    const { iss, sid } = localsOf(res);
    const connections = await findFramingConnections(deps.pool, req.params.org, { iss, sid });
    const [first] = connections;
    if (!first) throw refused(req, 'The organisation has no active connection of this issuer.', iss);
    Object.assign(res.locals, { orgId: first.orgId, connections });
    next();
  };

  const endSessions: RequestHandler = async (req, res, next) => {
    const { iss, sid, orgId, connections } = localsOf(res);
    const network = `${orgId} ${clientNetwork(req.ip)}`;
    const hasRoom = (await ofNetwork.count(network)) === 0 && (await ofOrg.count(orgId)) === 0;
    if (hasRoom && connections.every(({ knowsSid }) => !knowsSid) && connections.some(({ isSubject }) => isSubject))
      deps.log.warn({ requestId: req.id, orgId, hint: subjectHint }, 'front-channel logout names a person');
    let hasEnded = false;
    for (const { id: connectionId, knowsSid } of connections) {
      if (!hasRoom && !knowsSid) continue;
      const by = byRequest(req, { type: 'anonymous', id: null });
      const end = { orgId, by, connectionId, sid, asked: { iss, sid }, frontChannel: { hasRoom } };
      const outcome = await endIdpSession(deps.pool, end);
      hasEnded ||= outcome.result === 'ended' && outcome.sessionsEnded + outcome.grantsEnded > 0;
    }
    if (hasEnded) {
      ofNetwork.giveBack(network);
      if (hasRoom) ofOrg.giveBack(orgId);
      deps.announce();
    }
    next();
  };

  /**
   * The same to everybody: a stranger doesn't learn which sessions there are. Nor which IdPs the org
   * has: whoever names none gets a frame that stays empty.
   */
  const answerAlike: RequestHandler = (_req, res) => {
    const { iss, connections } = localsOf(res);
    if (iss !== undefined)
      letFrame(
        res,
        connections.flatMap(({ urls }) => urls),
      );
    sendPage(res, 200, (texts) => renderFramed(texts, texts.frontChannelLogout));
  };

  return [readParameters, findConnections, endSessions, answerAlike] as RequestHandler[];
}
