import type { Pool } from 'pg';
import { type GuardedFetch, GuardedFetchError } from '../http/guarded-fetch.ts';
import type { SignAsOrg } from '../signing/org-keys.ts';
import { oidcSettings } from './app-settings.ts';
import type { ClaimedForward, ForwardOutcome, SendForward } from './forward.ts';
import { judgeAnswer, judgeFailure } from './judge-answer.ts';
import { makeLogoutToken } from './logout-token.ts';
import { endedSessionsThere, isSignedInThere, noteTold } from './told-sessions.ts';

type Deps = Readonly<{ pool: Pool; guardedFetch: GuardedFetch; signAsOrg: SignAsOrg }>;

/**
 * Tells a web app by back-channel logout. A logout of the whole person names each `sid` that ended
 * first, then the person: apps that remember a logout by `sub` alone forget it at the next sign-in.
 * What an app refuses for one `sid` keeps none of the others from it.
 */
export function createSendBackchannelLogout({ pool, guardedFetch, signAsOrg }: Deps): SendForward {
  return async (forward, signal) => {
    const settings = oidcSettings.safeParse(forward.app.settings);
    const uri = settings.data?.backchannelLogoutUri ?? null;
    if (uri === null) return { result: 'left_out', status: null, error: 'no_endpoint' };

    const tell = async (sid: string | null): Promise<ForwardOutcome> => {
      const { orgId, userId, app } = forward;
      const token = await makeLogoutToken(signAsOrg, orgId, { appId: app.id, userId, sid });
      const outcome = await post(guardedFetch, uri, token, signal);
      if (sid !== null && outcome.result === 'delivered') await noteTold(pool, forward, sid);
      return outcome;
    };
    return forward.sid === null ? tellAll(pool, forward, tell) : tell(forward.sid);
  };
}

async function tellAll(
  pool: Pool,
  forward: ClaimedForward,
  tell: (sid: string | null) => Promise<ForwardOutcome>,
): Promise<ForwardOutcome> {
  let worst: ForwardOutcome | null = null;
  for (const sid of await endedSessionsThere(pool, forward)) {
    const outcome = await tell(sid);
    // The next try goes on from here: those that were told stay told.
    if (outcome.result === 'again') return outcome;
    if (worst?.result !== 'dead') worst = outcome;
  }
  // Asked as late as can be: an old forward must never end a fresh sign-in.
  if (await isSignedInThere(pool, forward)) return worst ?? { result: 'left_out', status: null, error: 'signed_in' };
  const outcome = await tell(null);
  return outcome.result === 'delivered' && worst?.result === 'dead' ? worst : outcome;
}

async function post(
  guardedFetch: GuardedFetch,
  uri: string,
  token: string,
  signal: AbortSignal,
): Promise<ForwardOutcome> {
  try {
    const answer = await guardedFetch(uri, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'User-Agent': 'universal-logout' },
      body: new URLSearchParams({ logout_token: token }).toString(),
      statusOnly: true,
      signal,
    });
    return judgeAnswer(answer);
  } catch (error) {
    if (error instanceof GuardedFetchError) return judgeFailure(error);
    throw error;
  }
}
