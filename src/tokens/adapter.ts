import { type Adapter, type AdapterFactory, Provider } from 'oidc-provider';
import { deviceCodeAdapter } from './device-codes.ts';
import { inOAuthTerms } from './failures.ts';
import { endGrant, findGrant } from './grants.ts';
import { parseReference } from './references.ts';
import { accessTokenAdapter, refreshTokenAdapter } from './refresh-tokens.ts';
import { nothing, type StorageDeps, tokenAdapter } from './stored-tokens.ts';

/**
 * The library's storage on PostgreSQL. A grant's codes and tokens are only written while the grant
 * is alive and locked, and only found while it is alive; using one up is conditional. So nothing
 * comes back to life here, however a request and a revocation, or two requests, fall together: the
 * loser hears invalid_grant.
 */
export function createAdapter(deps: StorageDeps): AdapterFactory {
  return (kind) => {
    const adapter = adapterOf(deps, kind);
    const guard =
      <A extends unknown[], T>(method: (...args: A) => Promise<T>) =>
      (...args: A) =>
        inOAuthTerms(deps.log, () => method(...args));
    return {
      upsert: guard(adapter.upsert),
      find: guard(adapter.find),
      findByUserCode: guard(adapter.findByUserCode),
      findByUid: guard(adapter.findByUid),
      consume: guard(adapter.consume),
      destroy: guard(adapter.destroy),
      revokeByGrantId: guard(adapter.revokeByGrantId),
    };
  };
}

function adapterOf(deps: StorageDeps, kind: string): Adapter {
  switch (kind) {
    case 'Grant':
      return grantAdapter(deps);
    case 'DeviceCode':
      return deviceCodeAdapter(deps);
    case 'RefreshToken':
      return refreshTokenAdapter(deps);
    case 'AccessToken':
      return accessTokenAdapter(deps);
    // The product's own apps are public clients: only an org's issuer stores the two.
    case 'ClientCredentials':
    case 'ReplayDetection':
      return deps.orgId === undefined ? nothing : tokenAdapter(deps, kind);
    case 'AuthorizationCode':
    case 'Interaction':
    case 'Session':
      return tokenAdapter(deps, kind);
    default:
      return nothing;
  }
}

/** Grants are inserted by an approval alone (approve.ts). */
function grantAdapter({ pool, accessPool, announce, orgId }: StorageDeps): Adapter {
  const referenceOf = (id: string) => {
    const reference = parseReference(id);
    return reference && reference.orgId === (orgId ?? reference.orgId) ? reference : null;
  };
  return {
    ...nothing,
    async find(id) {
      const reference = referenceOf(id);
      return reference ? findGrant(pool, reference, orgId === undefined) : undefined;
    },
    async destroy(id) {
      const reference = referenceOf(id);
      if (!reference) return;
      await endGrant(accessPool, reference, Provider.ctx?.oidc.route === 'revocation' ? 'by_app' : 'token_used_twice');
      announce();
    },
  };
}
