import { Resolver } from 'node:dns/promises';
import type { Config } from '../config.ts';
import type { Domain } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';

/** Milliseconds for the whole look-up, whatever the name servers do. */
const patience = 8_000;

export type DomainRecord = Readonly<{ type: 'TXT'; name: string; value: string }>;

/** The record that the domain's owner publishes, under a name that stands in nobody's way. */
export function challengeRecordOf({ domain, challenge }: Pick<Domain, 'domain' | 'challenge'>): DomainRecord {
  return { type: 'TXT', name: `_universal-logout.${domain}`, value: `universal-logout-verification=${challenge}` };
}

/** Looks whether the domain's owner has published the record. */
export function createDomainProof({ dnsServers }: Pick<Config, 'dnsServers'>) {
  /** @throws AppError conflict, with the records found; unavailable when the DNS has no answer */
  return async function proveDomain(domain: Pick<Domain, 'domain' | 'challenge'>): Promise<void> {
    const { name, value } = challengeRecordOf(domain);
    const found = await lookUp(name);
    if (found.includes(value)) return;
    const seen = found.slice(0, 10).map((text) => text.slice(0, 255));
    throw new AppError(
      'conflict',
      ({ answers }) => answers[seen.length === 0 ? 'noRecord' : 'otherRecords']({ name }),
      { members: { expected: value, found: seen } },
    );
  };

  async function lookUp(name: string): Promise<string[]> {
    const resolver = new Resolver({ timeout: 2_000, tries: 2 });
    if (dnsServers.length > 0) resolver.setServers(dnsServers);
    const timer = setTimeout(() => resolver.cancel(), patience);
    try {
      // A record longer than 255 bytes comes in parts (RFC 7208 §3.3).
      return (await resolver.resolveTxt(name)).map((parts) => parts.join('').trim());
    } catch (error) {
      const { code } = error as { code?: string };
      // There is no such name or no such record, or the name is too long to have any.
      if (code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EBADNAME') return [];
      throw new AppError('unavailable', ({ answers }) => answers.silentDns({ name, code: code ?? 'unknown' }), {
        headers: { 'Retry-After': '30' },
        foreign: true,
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
