import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider';
import { hashSecret } from '../keyring.ts';
import { parseReference } from './references.ts';
import { dead, findToken, lockedGrant, type StorageDeps, tokenAdapter, withoutSecrets } from './stored-tokens.ts';

/** Seconds between two polls of a device, and by how much they grow with each that is too early. */
export const pollSeconds = 5;
const mostPollSeconds = 60;

/**
 * A device code is made, taken in hand by one browser, then approved under a live grant or refused:
 * each of them once. Only an approval ties the code to a person.
 */
export function deviceCodeAdapter(deps: StorageDeps): Adapter {
  const { pool } = deps;
  return {
    ...tokenAdapter(deps, 'DeviceCode'),

    async upsert(id, payload, expiresIn = 0) {
      const idHash = deviceCodeHash(id);
      const grant = payload.error ? null : parseReference(payload.grantId);
      const isNew = !payload.error && !payload.inFlight;
      const { rowCount } = await pool.query(
        isNew
          ? {
              name: 'device-code-insert',
              text: `INSERT INTO tokens (kind, id_hash, user_code_hash, payload, expires_at)
                     VALUES ('DeviceCode', $1, $2, $3, now() + make_interval(secs => $4))`,
              values: [idHash, hashSecret(payload.userCode ?? ''), withoutSecrets(payload), expiresIn],
            }
          : grant
            ? {
                name: 'device-code-approve',
                text: `WITH holder AS (${lockedGrant('$3', '$4', '$5')})
                       UPDATE tokens t SET payload = $2, org_id = holder.org_id, grant_id = holder.id
                       FROM holder WHERE t.kind = 'DeviceCode' AND t.id_hash = $1 AND ${pending}`,
                values: [idHash, withoutSecrets(payload), grant.orgId, grant.id, payload.clientId],
              }
            : {
                name: 'device-code-update',
                text: `UPDATE tokens t SET payload = $2
                       WHERE t.kind = 'DeviceCode' AND t.id_hash = $1 AND ${pending}
                         AND ($3 OR NOT t.payload ? 'inFlight')`,
                values: [idHash, withoutPerson(payload), payload.error !== undefined],
              },
      );
      if (rowCount !== 1) throw dead();
    },

    async find(id) {
      const idHash = deviceCodeHash(id);
      const payload = await findToken(pool, 'DeviceCode', idHash);
      if (payload && isPoll(payload)) await refuseEarlyPoll(idHash);
      return payload && { ...payload, jti: id };
    },

    async findByUserCode(userCode) {
      const { rows } = await pool.query<{ id_hash: Buffer }>({
        name: 'device-code-by-user-code',
        text: `SELECT id_hash FROM tokens WHERE kind = 'DeviceCode' AND user_code_hash = $1`,
        values: [hashSecret(userCode)],
      });
      const payload = rows[0] && (await findToken(pool, 'DeviceCode', rows[0].id_hash));
      return payload && rows[0] && { ...payload, userCode, jti: standIn(rows[0].id_hash) };
    },
  };

  /**
   * RFC 8628 §3.5: a device that asks too early hears `slow_down`, and waits longer from then on. A
   * second is for the way, and the moment moves at most by a minute: an approval is never withheld
   * for longer. Beyond that minute a device that goes on writes nothing.
   */
  async function refuseEarlyPoll(idHash: Buffer): Promise<void> {
    const inTime = await pool.query({
      name: 'device-code-poll',
      text: `UPDATE tokens t SET poll_after = now() + make_interval(secs => t.poll_seconds - 1)
             WHERE t.kind = 'DeviceCode' AND t.id_hash = $1 AND ${pending}
               AND (t.poll_after IS NULL OR t.poll_after <= now())`,
      values: [idHash],
    });
    if (inTime.rowCount === 1) return;
    await pool.query({
      name: 'device-code-slow-down',
      text: `UPDATE tokens t SET poll_seconds = t.poll_seconds + $2::int, poll_after = t.poll_after + make_interval(secs => $2)
             WHERE t.kind = 'DeviceCode' AND t.id_hash = $1 AND ${pending} AND t.poll_seconds < $3`,
      values: [idHash, pollSeconds, mostPollSeconds],
    });
    throw new errors.SlowDown();
  }
}

/** A device asks for its tokens, and has no answer to hear: an answer is given however early it is. */
function isPoll({ clientId, accountId, error, exp = 0 }: AdapterPayload): boolean {
  const oidc = Provider.ctx?.oidc;
  const isOwn = oidc?.route === 'token' && oidc.client?.clientId === clientId;
  return isOwn && !accountId && !error && exp * 1000 > Date.now();
}

/** The code has no answer yet, and can still get it. */
const pending = `t.grant_id IS NULL AND t.consumed_at IS NULL AND t.expires_at > now() AND NOT t.payload ? 'error'`;

function withoutPerson(payload: AdapterPayload): AdapterPayload {
  const {
    accountId: _accountId,
    authTime: _authTime,
    claims: _claims,
    scope: _scope,
    ...rest
  } = withoutSecrets(payload);
  return rest;
}

/**
 * The page where a person types the short code finds the device code by it, and passes the device
 * code on by its hash: the code itself isn't stored. Only those pages can do so: from a client such
 * a name is hashed like any other code, and unknown.
 */
const standIn = (idHash: Buffer) => `sha256:${idHash.toString('hex')}`;

function deviceCodeHash(id: string): Buffer {
  const route = Provider.ctx?.oidc.route;
  const stands = (route === 'code_verification' || route === 'device_resume') && id.startsWith('sha256:');
  return stands ? Buffer.from(id.slice('sha256:'.length), 'hex') : hashSecret(id);
}
