import type { Pool } from 'pg';
import { streamHeaderPurpose } from '../../database/sealed-places.ts';
import { type GuardedFetch, GuardedFetchError, type GuardedResponse } from '../../http/guarded-fetch.ts';
import { parseJson } from '../../http/parse-json.ts';
import type { Keyring } from '../../keyring.ts';
import { createOrgSigner, type OrgSignerDeps } from '../../signing/org-keys.ts';
import { ssfSettings } from '../app-settings.ts';
import type { ClaimedForward, ForwardOutcome, SendForward } from '../forward.ts';
import { judgeAnswer, judgeFailure, never, notYet } from '../judge-answer.ts';
import { isNameless, makeEventToken } from './event-token.ts';
import { errorWord } from './push-errors.ts';

type Deps = OrgSignerDeps & Readonly<{ pool: Pool; keyring: Keyring; guardedFetch: GuardedFetch }>;
type Target = { id: string; endpointUrl: string; authorizationHeader: string | null };

/** Pushes a security event (RFC 8935 §2). 202 is success, and so is every other 2xx. */
export function createSendEvent(deps: Deps): SendForward {
  const signerOf = createOrgSigner(deps);
  return async (forward, signal) => {
    const settings = ssfSettings.safeParse(forward.app.settings);
    if (!settings.success) return never('wrong_settings', null);
    const target = await findTarget(deps.pool, forward);
    if (isNameless(forward, settings.data)) return { result: 'left_out', status: null, error: 'no_identity' };
    // Since the claim it has become one that is polled, or was deleted: nothing is lost by waiting.
    if (!target) return notYet('no_endpoint', null);
    const token = await makeEventToken(await signerOf(forward.orgId), settings.data, forward);
    // A newer node knows this type: the event waits for it.
    if (token === null) return notYet('unknown_kind', null);
    const { id, endpointUrl, authorizationHeader: sealed } = target;
    const shown = sealed === null ? null : await deps.keyring.decrypt(sealed, streamHeaderPurpose(forward.orgId, id));
    try {
      const answer = await deps.guardedFetch(endpointUrl, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/secevent+jwt',
          Accept: 'application/json',
          'User-Agent': 'universal-logout',
          ...(shown === null ? {} : { Authorization: shown }),
        },
        body: token,
        signal,
      });
      return judge(answer);
    } catch (error) {
      if (error instanceof GuardedFetchError) return judgeFailure(error);
      throw error;
    }
  };
}

async function findTarget(pool: Pool, { orgId, app }: ClaimedForward): Promise<Target | null> {
  const { rows } = await pool.query<Target>({
    name: 'event-push-target',
    text: `SELECT id, endpoint_url AS "endpointUrl", authorization_header AS "authorizationHeader"
           FROM event_streams WHERE org_id = $1 AND app_id = $2 AND method = 'push'`,
    values: [orgId, app.id],
  });
  return rows[0] ?? null;
}

function judge(answer: GuardedResponse): ForwardOutcome {
  if (answer.status !== 400) return judgeAnswer(answer);
  return never(errorWord((parseJson(answer.text) as { err?: unknown } | null)?.err), 400);
}
