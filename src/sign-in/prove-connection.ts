import { setTimeout as delay } from 'node:timers/promises';
import { compactVerify } from 'jose';
import type { Logger } from 'pino';
import { bySystem } from '../by.ts';
import { discover } from '../connections/discovery.ts';
import { type IdpKeys, signatureAlgorithms } from '../connections/idp-keys.ts';
import { createConnectionProofs } from '../connections/proofs.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { SignInConnection } from './find-sign-in-connection.ts';
import type { VerifiedSignIn } from './id-token.ts';

type Deps = Readonly<{
  log: Logger;
  prisma: PrismaClient;
  guardedFetch: GuardedFetch;
  idpKeys: IdpKeys;
}>;

/** Milliseconds that a sign-in waits for its connection's proof, which may come later. */
const patience = 3_000;
/** Milliseconds after a failed proof in which no sign-in waits for another. */
const pause = 60_000;

/**
 * The proof of a connection, at its first sign-in. The exchange of a code doesn't prove it: all
 * endpoints may have been typed in by somebody who wants to speak for another's IdP, and who may
 * even hand over an ID token that this IdP once made. So the issuer that signed must itself, where
 * discovery leads, name the very endpoints that were used, and every further issuer of the
 * connection must publish the key that signed. Otherwise an operator may vouch for the connection.
 * The sign-in goes on in any case.
 */
export function createConnectionProof(deps: Deps) {
  const connections = createConnectionProofs(deps.prisma);
  /** When proofs failed, oldest first, on the process's monotonic clock. */
  const failures = new Map<string, number>();

  async function publishesKeyOf(
    orgId: string,
    connection: SignInConnection,
    issuer: string,
    idToken: string,
  ): Promise<void> {
    const { tokenEndpoint, jwksUri } = await discover(deps.guardedFetch, issuer);
    if (issuer === connection.issuer && (tokenEndpoint !== connection.tokenEndpoint || jwksUri !== connection.jwksUri))
      throw new Error('its token endpoint or JWKS URI is not the one of its issuer');
    const check = { algorithms: signatureAlgorithms };
    const which = { orgId, id: connection.id, jwksUri };
    await deps.idpKeys
      .withKeys(idToken, which, (key) => compactVerify(idToken, key, check), { patience: 0 })
      .catch((cause) => {
        throw new Error('an issuer lacks the key', { cause });
      });
  }

  async function prove(orgId: string, connection: SignInConnection, { idToken, claims }: VerifiedSignIn) {
    // People of further issuers sign in too, but their tokens say nothing of this one's endpoints.
    if (claims.iss !== connection.issuer) throw new Error('the ID token is that of a further issuer');
    const issuers = [connection.issuer, ...connection.acceptedIssuers];
    await Promise.all(issuers.map((issuer) => publishesKeyOf(orgId, connection, issuer, idToken)));
    return connections.proveConnection(orgId, connection.id, connection, bySystem('sign-in'));
  }

  function failedLately(name: string): boolean {
    for (const [each, at] of failures) {
      if (performance.now() - at < pause) break;
      failures.delete(each);
    }
    return failures.has(name);
  }

  /** @param deadline of the sign-in: it goes on then at the latest */
  return async function proveConnection(
    orgId: string,
    connection: SignInConnection,
    verified: VerifiedSignIn,
    deadline: AbortSignal,
  ): Promise<void> {
    const { issuer, acceptedIssuers, clientId, tokenEndpoint, jwksUri } = connection;
    const name = [orgId, connection.id, issuer, ...acceptedIssuers, clientId, tokenEndpoint, jwksUri].join(' ');
    if (!connection.provable || failedLately(name)) return;
    const explain = (error: Error) => (error instanceof AppError ? error.detail : error.message);
    const proving = prove(orgId, connection, verified).catch(explain);
    const waited = delay(patience, 'late', { ref: false, signal: deadline }).catch(() => 'late');
    const outcome = await Promise.race([proving, waited]);
    if (outcome === 'proven' || outcome === 'unchanged') return;
    failures.delete(name);
    failures.set(name, performance.now());
    const why = reasons[outcome] ?? outcome;
    deps.log.warn({ connection: connection.id, why }, 'the connection stays unproven: JWTs of its IdP are not taken');
  };
}

const reasons: Record<string, string> = {
  taken: 'another connection is the proven one of its issuer and client id',
  late: 'an issuer does not answer',
};
