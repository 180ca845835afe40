import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { appCredentialPurpose } from '../database/sealed-places.ts';
import type { Keyring } from '../keyring.ts';
import type { ClaimedForward, ForwardOutcome, SendForward } from './forward.ts';

/** Milliseconds. */
const limit = 10_000;

/**
 * Sends a call about somebody who doesn't exist, at once: `unknown_there` (404) proves address and
 * credential, if a stranger's call is answered otherwise. `unproven`: it isn't; a wrong address answers
 * 404 to everybody, and would seem to take each logout. A receiver of security events that are pushed
 * gets a verification. Null: the org has no such app.
 */
export function createSendTest({ pool, keyring, send }: { pool: Pool; keyring: Keyring; send: SendForward }) {
  const asStranger = async (forward: ClaimedForward) => {
    const { app, orgId } = forward;
    const credential = await keyring.encrypt(randomUUID(), appCredentialPurpose(orgId, app.id));
    const settings = { ...(app.settings as object), auth: { method: 'bearer' } };
    return send({ ...forward, app: { ...app, settings, credential } }, AbortSignal.timeout(limit));
  };

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
    const outcome = await send(forward, AbortSignal.timeout(limit));
    if (outcome.error !== 'unknown_there') return outcome;
    const strangers = await asStranger(forward);
    return strangers.error === 'unknown_there'
      ? { result: 'dead', status: outcome.status, error: 'unproven' }
      : outcome;
  };
}
