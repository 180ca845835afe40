import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { ClaimedForward, ForwardOutcome, SendForward } from './forward.ts';

/** Milliseconds. */
const limit = 10_000;

/**
 * Sends a call about somebody who doesn't exist, at once: `unknown_there` (404) proves address and
 * credential. A receiver of security events that are pushed gets a verification. Null: the org has no
 * such app.
 */
export function createSendTest({ pool, send }: { pool: Pool; send: SendForward }) {
  return async (orgId: string, appId: string): Promise<ForwardOutcome | null> => {
    const { rows } = await pool.query<ClaimedForward['app']>(
      'SELECT id, kind, name, settings, credential FROM apps WHERE org_id = $1 AND id = $2',
      [orgId, appId],
    );
    const [app] = rows;
    if (!app) return null;
    const nobody = `universal-logout-test-${randomUUID()}`;
    const forward: ClaimedForward = {
      orgId,
      id: '',
      claim: 0,
      userId: nobody,
      revocationId: null,
      type: app.kind === 'ssf' ? 'verification' : 'logout',
      sid: null,
      names: {
        userId: nobody,
        email: `${nobody}@example.invalid`,
        issuer: 'https://example.invalid',
        subject: nobody,
        there: nobody,
      },
      said: { initiator: null, reasonAdmin: null, reasonUser: null },
      jti: randomUUID(),
      attempts: 0,
      revokedAt: new Date(),
      app,
    };
    return send(forward, AbortSignal.timeout(limit));
  };
}
