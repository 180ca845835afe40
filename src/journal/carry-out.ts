import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { withSecondLook } from '../database/errors.ts';
import { transaction } from '../database/pool.ts';
import { AppError, type ProblemCode } from '../errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import { parseJson } from '../http/parse-json.ts';
import type { ApiKeys } from '../orgs/api-keys.ts';
import { type Caller, CallerRefused } from '../revocation/caller.ts';
import {
  findCalledConnection,
  findCalledKey,
  requireAllowed,
  requireOwnAddress,
  unknownKey,
} from '../revocation/callers.ts';
import { keepBody } from '../revocation/once.ts';
import { problemOfOutcome } from '../revocation/outcome-problem.ts';
import type { RefusedCall, RefusedCalls } from '../revocation/refused-calls.ts';
import type { RevocationOutcome } from '../revocation/revocation.ts';
import { revokeAccess } from '../revocation/revoke-access.ts';
import { replayed } from '../revocation/routes.ts';
import type { JwtAuthentication } from '../revocation/signed-jwt.ts';
import { parseSubjectIdentifier, type SubjectIdentifier, toSubject } from '../revocation/subject-identifier.ts';
import type { NotedCall } from './noted-call.ts';

/** Milliseconds for which a call that was carried out is known, longer than it may be noted. */
const rememberedFor = 26 * 3_600_000;

type Deps = Readonly<{
  /** The pool for ending access. */
  pool: Pool;
  apiKeys: ApiKeys;
  jwt: JwtAuthentication;
  refusedCalls: RefusedCalls;
  log: Logger;
  announce: () => void;
}>;

export type CarryOut = ReturnType<typeof createCarryOut>;

/**
 * Carries out calls that were noted, each once. The credential is judged as of the time when the
 * call came; a key that was revoked since, a connection that was switched off, or a caller who isn't
 * allowed any more counts for nothing.
 * @throws the refusal that the caller would have heard (AppError, CallerRefused), and what says that
 * the database is away
 */
export function createCarryOut(deps: Deps) {
  async function now(call: NotedCall): Promise<void> {
    const caller = await authenticate(call);
    const asked = parseSubjectIdentifier(parseJson(call.body));
    try {
      requireAllowed(caller, 'revoke');
      await withSecondLook(() => end(call, caller, asked));
    } catch (error) {
      if (error instanceof CallerRefused) await recordClaimed(call, error);
      if (error instanceof AppError && error.status < 500)
        await deps.refusedCalls.ofCaller(caller, refusedCallOf(call, error.code, error.detail, asked));
      throw error;
    }
  }

  async function end(call: NotedCall, caller: Caller, asked: SubjectIdentifier): Promise<void> {
    const { orgId, type, id, once } = caller;
    const by: By = { actor: { type, id }, ip: call.ip, requestId: call.requestId };
    const ended = await transaction<RevocationOutcome | null>(deps.pool, async (db) => {
      if (!(await isFirst(db, orgId, call))) return null;
      // Its own statement had committed before the connection was lost.
      const revocation = await findRevocation(db, orgId, call.revocationId);
      const outcome: RevocationOutcome | null = revocation
        ? null
        : await revokeAccess(db, {
            revocationId: call.revocationId,
            orgId,
            by,
            asked,
            subject: toSubject(asked),
            initiator: 'idp',
            endpoint: 'revocation',
            ...(type === 'connection' ? { reach: { connectionId: id }, once } : {}),
          });
      const userId = revocation?.userId ?? (outcome?.result === 'revoked' ? outcome.userId : null);
      if (userId === null) return outcome;
      if (once) await keepBody(db, orgId, once, call.body);
      await recordEvent(db, {
        orgId,
        action: 'call.carried_out',
        by,
        target: { type: 'user', id: userId },
        detail: { askedAt: call.at.toISOString(), revocation: call.revocationId },
      });
      return null;
    });
    if (ended?.result === 'replayed') throw replayed(caller);
    const problem = ended && problemOfOutcome(ended, asked);
    if (problem) throw problem;
    deps.announce();
  }

  /** Tells the administrators of the org whose call it was, unless it has been carried out. */
  async function giveUp(call: NotedCall): Promise<void> {
    const { orgId, type, id } = await authenticate(call);
    await transaction(deps.pool, async (db) => {
      if (!(await isFirst(db, orgId, call)) || (await findRevocation(db, orgId, call.revocationId))) return;
      deps.log.error({ requestId: call.requestId, at: call.at }, 'a call that was noted is too old to be carried out');
      await recordEvent(db, {
        orgId,
        action: 'call.lapsed',
        by: { actor: { type, id }, ip: call.ip, requestId: call.requestId },
        target: { type, id },
        detail: { askedAt: call.at.toISOString() },
      });
    });
  }

  /** Whether the call is so old by the database's clock: ours may have jumped. */
  async function isOlder({ at }: NotedCall, milliseconds: number): Promise<boolean> {
    const { rows } = await deps.pool.query<{ old: boolean }>({
      name: 'noted-call-age',
      text: `SELECT $1::timestamptz < now() - make_interval(secs => $2::float8 / 1000) AS old`,
      values: [at, milliseconds],
    });
    return rows[0]?.old === true;
  }

  async function authenticate(call: NotedCall): Promise<Caller> {
    try {
      return await authenticateAsOf(call);
    } catch (error) {
      if (error instanceof CallerRefused) await recordClaimed(call, error);
      throw error;
    }
  }

  async function authenticateAsOf({ credential, connection, ip, at }: NotedCall): Promise<Caller> {
    if (credential.type === 'jwt') {
      const called = { connectionId: connection, network: clientNetwork(ip ?? undefined) };
      return deps.jwt.authenticate(credential.token, called, { at, verified: credential.verified });
    }
    const keyHash = Buffer.from(credential.hash, 'base64url');
    const found = await deps.apiKeys.findByHash(keyHash, at);
    if (!found) throw unknownKey(() => findCalledKey(deps.pool, keyHash));
    await requireOwnAddress(deps.pool, found, connection);
    return { ...found, type: 'api_key' };
  }

  /** Its sender was told that the call is noted: the org that the credential names hears of it. */
  async function recordClaimed(call: NotedCall, { reason, detail, findClaimed }: CallerRefused): Promise<void> {
    const refused = { ...refusedCallOf(call, 'invalid_token', detail), reason };
    const called = await findCalledConnection(deps.pool, call.connection);
    await deps.refusedCalls.ofClaimed([...called, ...(await findClaimed())], refused);
  }

  return { now, giveUp, isOlder };
}

/**
 * Whether nobody has carried the call out yet, nor refused it: its file may outlive it. It always
 * writes, so that the answer waits for a standby as every revocation does.
 */
async function isFirst(db: PoolClient, orgId: string, { id, at }: NotedCall): Promise<boolean> {
  const { rows } = await db.query<{ first: boolean }>({
    name: 'noted-call-first',
    text: `INSERT INTO spent (org_id, kind, id, expires_at) VALUES ($1, 'noted_call', $2, $3)
           ON CONFLICT (org_id, kind, id) DO UPDATE SET expires_at = excluded.expires_at
           RETURNING xmax = 0 AS first`,
    values: [orgId, id, new Date(at.getTime() + rememberedFor)],
  });
  return rows[0]?.first === true;
}

async function findRevocation(db: PoolClient, orgId: string, id: string): Promise<{ userId: string } | null> {
  const { rows } = await db.query<{ userId: string }>({
    name: 'noted-call-revocation',
    text: 'SELECT user_id AS "userId" FROM revocations WHERE org_id = $1 AND id = $2',
    values: [orgId, id],
  });
  return rows[0] ?? null;
}

function refusedCallOf(
  { credential, ip, requestId }: NotedCall,
  code: ProblemCode,
  explanation: string,
  subject?: SubjectIdentifier,
): RefusedCall {
  const credentialType = credential.type;
  return { endpoint: 'revocation', code, reason: code, explanation, credentialType, subject, ip, requestId };
}
