import type { z } from 'zod';
import type { refusedCallPage } from '../admin/refused-calls.ts';
import type { Texts } from '../texts/texts.ts';
import { knownValue } from './known-value.ts';

export type RefusedCall = z.output<typeof refusedCallPage>['items'][number];
type Words = Texts['console']['refused'];
export type Advised = Readonly<{
  advice: keyof Words['advice'];
  link: Readonly<{ label: keyof Words['links']; href: string }> | null;
}>;

/** By the reason of a refused call, else by what was answered. */
const adviceBy: Readonly<Partial<Record<keyof Texts['whyRefused']['calls'], keyof Words['advice']>>> = {
  user_not_found: 'person',
  ambiguous_subject: 'several',
  ambiguous: 'signature',
  invalid_subject: 'form',
  unsupported_subject_format: 'form',
  invalid_request: 'form',
  content_too_large: 'form',
  caller_not_allowed: 'callersOff',
  insufficient_scope: 'scope',
  api_key_revoked: 'key',
  api_key_expired: 'key',
  api_key_elsewhere: 'elsewhere',
  no_credential: 'credential',
  no_token: 'token',
  no_connection: 'signature',
  unknown_key: 'signature',
  signature: 'signature',
  issuer: 'signature',
  subject: 'signature',
  not_proven: 'unproven',
  connection_off: 'connectionOff',
  audience: 'audience',
  malformed: 'token',
  type: 'token',
  algorithm: 'token',
  claims: 'token',
  lifetime: 'token',
  expired: 'clock',
  not_yet: 'clock',
  too_old: 'clock',
  too_many_requests: 'tooMany',
  unavailable: 'ours',
  internal_error: 'ours',
};

/** What an administrator does about a refused call, and where. */
export function adviceOn({ reason, code, caller }: RefusedCall): Advised {
  const advice = knownValue(adviceBy, reason) ?? knownValue(adviceBy, code) ?? 'other';
  if (advice === 'person') return { advice, link: { label: 'person', href: '/admin/people' } };
  if (advice === 'callersOff') return { advice, link: { label: 'settings', href: '/admin/settings/authentication' } };
  if (advice === 'scope' || advice === 'key' || advice === 'credential')
    return { advice, link: { label: 'apiKeys', href: '/admin/settings/api-keys' } };
  const isOfProvider = ['signature', 'unproven', 'connectionOff', 'audience', 'token', 'clock'].includes(advice);
  const href = caller?.type === 'connection' && caller.id ? `/admin/settings/connections/${caller.id}` : null;
  return { advice, link: isOfProvider && href ? { label: 'connection', href } : null };
}
