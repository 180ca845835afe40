import type { RequestHandler } from 'express';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import { type By, byPerson } from '../by.ts';
import { noStore } from '../http/no-store.ts';
import type { Devices } from '../sessions/devices.ts';
import type { FindIdpLogout } from '../sessions/idp-logout.ts';
import type { LiveChannel } from '../sessions/live-channel.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf } from '../sessions/session.ts';
import type { sessionCookie } from '../sessions/session-store.ts';
import { renderOnward } from '../web/onward-page.ts';
import { sendPage } from '../web/send-page.ts';
import type { WayOut } from './way-out.ts';

export type SignOutDeps = Readonly<{
  liveChannel: Pick<LiveChannel, 'announce'>;
  findIdpLogout: FindIdpLogout;
  devices: Pick<Devices, 'endDevice'>;
  /** Ends all that the person has, if their org's policy says so; false if it doesn't. */
  globalLogout: (person: Principal, by: By) => Promise<boolean>;
  /** By which apps the browser goes on. */
  wayOut: Pick<WayOut, 'leadOn'>;
  /** That of the browser's session. */
  cookie: ReturnType<typeof sessionCookie>;
}>;

/** Ends the credential that asks; returns where the browser goes on: by apps in frames, and at the IdP. */
export async function signOut(deps: SignOutDeps, principal: Principal, by: By): Promise<string | null> {
  const { orgId, userId, credential } = principal;
  // All that is looked up comes first: what has ended is never answered with a failure.
  const logoutUrl = await deps.findIdpLogout(principal);
  const session = { orgId, userId, sessionId: credential.id };
  const onward = credential.type === 'session' ? await deps.wayOut.leadOn(session, logoutUrl) : logoutUrl;
  await end(deps, principal, by);
  return onward;
}

type EndDeps = Omit<SignOutDeps, 'wayOut' | 'cookie'>;

/** The same; returns where the sign-out goes on at the IdP, if it does. */
export async function endCredential(deps: EndDeps, principal: Principal, by: By): Promise<string | null> {
  const logoutUrl = await deps.findIdpLogout(principal);
  await end(deps, principal, by);
  return logoutUrl;
}

/** The sign-out here comes first: whether the IdP is up doesn't matter. */
async function end(deps: EndDeps, principal: Principal, by: By): Promise<void> {
  const all = await deps.globalLogout(principal, by);
  if (!all) await deps.devices.endDevice(principal, principal.credential.id, by);
  deps.liveChannel.announce();
}

/** `POST /signout`: the button of the pages, for whoever presses it before a script has come. */
export function signOutByForm(deps: SignOutDeps): Endpoint {
  const { name, cookie } = deps.cookie;
  const endSession: RequestHandler = async (req, res) => {
    const principal = principalOf(req);
    const logoutUrl = principal && (await signOut(deps, principal, byPerson(req, principal)));
    // A dead session would still tell the page about its end whose it was.
    if (!principal) res.clearCookie(name, cookie);
    if (!logoutUrl) return res.redirect(303, '/signed-out?reason=ended');
    sendPage(res, 200, (texts) => renderOnward(texts, { title: texts.signedOut.leaving, href: logoutUrl }));
  };
  return endpoint({
    method: 'post',
    path: '/signout',
    id: 'signOutByForm',
    tag: 'You',
    summary: 'Sign out by the button of a page',
    description: 'For browsers, before the page’s script has come; otherwise like `signOut`.',
    security: ['session'],
    securityOptional: true,
    success: { status: 303, description: 'Signed out.', headers: { Location: 'The page that says so.' } },
    also: [
      {
        status: 200,
        description: 'Signed out here; a page leads on to sign out at the IdP.',
        contentTypes: ['text/html'],
      },
    ],
    problems: ['foreign_origin'],
    handlers: [noStore, endSession],
  });
}
