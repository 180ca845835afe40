import type { Provider } from 'oidc-provider';
import { createProvider, type ProviderDeps } from './provider.ts';
import { loadSigningKeys, rereadMs } from './signing-keys.ts';

/**
 * Gives the provider of a request. It is made at the first one, as its keys are in the database,
 * and made anew when they have changed: the library takes keys only when it is made. It keeps
 * nothing else, and requests that are under way end with the one that they began with. Keys that
 * can't be read again are no reason to refuse anything: the last ones stay.
 */
export function currentProvider(deps: ProviderDeps): () => Promise<Provider> {
  let current: { keyIds: string; provider: Provider } | null = null;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<Provider> | null = null;

  const read = async (): Promise<Provider> => {
    const keys = await loadSigningKeys(deps);
    const keyIds = keys.map(({ kid }) => kid).join(' ');
    if (current?.keyIds !== keyIds) current = { keyIds, provider: createProvider(deps, keys) };
    return current.provider;
  };

  const readAgain = async (): Promise<Provider> => {
    try {
      return await read();
    } catch (error) {
      if (!current) throw error;
      deps.log.warn({ err: error }, 'the keys that sign ID tokens could not be read again; the last ones stay');
      return current.provider;
    } finally {
      readAt = performance.now();
      reading = null;
    }
  };

  return () => {
    if (current && performance.now() - readAt < rereadMs) return Promise.resolve(current.provider);
    reading ??= readAgain();
    return reading;
  };
}
