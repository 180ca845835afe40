import { knownEvents } from '../../orgs/event-actions.ts';
import { type EventType, eventTypes } from '../app-settings.ts';

const ssf = 'https://schemas.openid.net/secevent/ssf/event-type/';

/** The URIs of what we can send about people (CAEP 1.0, RISC 1.0). */
export const uriOf: Readonly<Record<EventType, string>> = {
  'session-revoked': knownEvents['session-revoked'].uri,
  'credential-change': knownEvents['credential-change'].uri,
  'account-disabled': knownEvents['account-disabled'].uri,
  'account-enabled': 'https://schemas.openid.net/secevent/risc/event-type/account-enabled',
  'account-purged': knownEvents['account-purged'].uri,
};

/** Events about a stream itself (SSF 1.0 §8.1.4.1, §8.1.5): every receiver gets them. */
export const streamEvents = {
  verification: `${ssf}verification`,
  'stream-updated': `${ssf}stream-updated`,
} as const;
export type StreamEvent = keyof typeof streamEvents;

export const isStreamEvent = (type: string): type is StreamEvent => Object.hasOwn(streamEvents, type);

/** The URIs of those types, in the order of our list. */
export const urisOf = (types: readonly EventType[]): string[] =>
  eventTypes.filter((type) => types.includes(type)).map((type) => uriOf[type]);
