import { setTimeout as delay } from 'node:timers/promises';
import { compactVerify } from 'jose';
import type { Logger } from 'pino';
import type { PrismaClient } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';
import { createConnections } from '../orgs/connections.ts';
import { discover } from '../orgs/discovery.ts';
import { type IdpKeys, signatureAlgorithms } from '../orgs/idp-keys.ts';
import type { SignInConnection } from './find-connection.ts';

type Deps = Readonly<{
  log: Logger;
  prisma: PrismaClient;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
  idpKeys: IdpKeys;
}>;

/** Milliseconds that a sign-in waits for its connection's proof; without one the next sign-in tries again. */
const patience = 3_000;

/**
 * The proof of a connection, at its first verified sign-in. A code was exchanged; but all its endpoints may have been typed
 * in by whoever wants to speak for another's IdP. So every issuer that the connection names must itself publish, where
 * discovery leads, the key that signed this ID token. The sign-in goes on, whatever comes of it.
 */
export function createConnectionProof(deps: Deps) {
  const connections = createConnections(deps);

  async function publishesKeyOf(orgId: string, id: string, issuer: string, idToken: string): Promise<void> {
    const { jwksUri } = await discover(deps.guardedFetch, issuer);
    const check = { algorithms: signatureAlgorithms };
    await deps.idpKeys.withKeys(idToken, { orgId, id, jwksUri }, (key) => compactVerify(idToken, key, check), {
      handedOver: true,
    });
  }

  async function prove(orgId: string, connection: SignInConnection, idToken: string): Promise<string> {
    const issuers = [connection.issuer, ...connection.acceptedIssuers];
    const { id } = connection;
    await Promise.all(issuers.map((issuer) => publishesKeyOf(orgId, id, issuer, idToken)));
    return connections.proveConnection(orgId, id, connection, { type: 'system', id: 'sign-in' });
  }

  return async function proveConnection(orgId: string, connection: SignInConnection, idToken: string): Promise<void> {
    if (connection.proven) return;
    const explain = (error: unknown) => (error instanceof AppError ? error.detail : 'an issuer lacks the key');
    const proving = prove(orgId, connection, idToken).catch(explain);
    const outcome = await Promise.race([proving, delay(patience, 'an issuer does not answer', { ref: false })]);
    if (outcome === 'proven' || outcome === 'unchanged') return;
    const why = outcome === 'taken' ? 'another connection is the proven one of its issuer and client id' : outcome;
    deps.log.warn({ connection: connection.id, why }, 'the connection stays unproven: JWTs of its IdP are not taken');
  };
}
