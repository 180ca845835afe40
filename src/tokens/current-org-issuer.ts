import { AppError } from '../errors.ts';
import { loadOrgKeys } from '../signing/org-keys.ts';
import type { Issuer } from './issuer.ts';
import { personScope, readOrgApps, toOrgClient } from './org-clients.ts';
import { createOrgProvider, type OrgProviderDeps, orgBase } from './org-provider.ts';

export type OrgIssuer = Issuer & Readonly<{ orgId: string; slug: string }>;

type Entry = { version: string; issuer: OrgIssuer };

/** Issuers that a node keeps: the least used goes first. */
const mostKept = 500;

/**
 * Gives an org's issuer, made at the first request and made anew when its keys or its apps have
 * changed: each request asks, so that an app that was added counts at once, and one that was
 * disabled no longer. What can't be read again is no reason to refuse anything: the last one stays.
 * @throws AppError not_found where there is no such org
 */
export function createCurrentOrgIssuer(deps: OrgProviderDeps): (orgId: string) => Promise<OrgIssuer> {
  // A Map keeps the order of insertion: the first entry is the one that was longest unused.
  const kept = new Map<string, Entry>();

  const keep = (orgId: string, entry: Entry): OrgIssuer => {
    kept.delete(orgId);
    kept.set(orgId, entry);
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    return entry.issuer;
  };

  const read = async (orgId: string): Promise<OrgIssuer> => {
    const org = await readOrgApps(deps.pool, orgId);
    if (!org) {
      kept.delete(orgId);
      throw new AppError('not_found', 'There is no such organisation.');
    }
    const known = kept.get(orgId);
    if (known?.version === org.version) return keep(orgId, known);
    const keys = await loadOrgKeys(deps, orgId);
    const clients = await Promise.all(org.apps.map((app) => toOrgClient(deps.keyring, orgId, app)));
    const names = new Map(clients.map(({ id, name }) => [id, name]));
    const issuer: OrgIssuer = {
      orgId,
      slug: org.slug,
      provider: createOrgProvider(deps, orgId, keys, clients),
      base: orgBase(orgId),
      nameOf: (clientId) => names.get(clientId) ?? clientId,
      scopeOf: (_clientId, asked) => personScope(asked),
    };
    return keep(orgId, { version: org.version, issuer });
  };

  return async (orgId) => {
    try {
      return await read(orgId);
    } catch (error) {
      const known = kept.get(orgId);
      if (!known) throw error;
      deps.log.warn(
        { err: error, org: orgId },
        'the keys and apps of an issuer could not be read again; the last stay',
      );
      return keep(orgId, known);
    }
  };
}
