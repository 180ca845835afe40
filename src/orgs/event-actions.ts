const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';

/** What an event does to its person. `record`: nothing but the entry that every event gets. */
export const eventActions = ['revoke', 'revoke_and_deactivate', 'record'] as const;
export type EventAction = (typeof eventActions)[number];

/** The events of CAEP 1.0, RISC 1.0 and Google that end access, and what each does by default. */
export const knownEvents = {
  'session-revoked': { uri: `${caep}session-revoked`, action: 'revoke' },
  'credential-change': { uri: `${caep}credential-change`, action: 'revoke' },
  'account-disabled': { uri: `${risc}account-disabled`, action: 'revoke_and_deactivate' },
  'account-purged': { uri: `${risc}account-purged`, action: 'revoke' },
  'credential-compromise': { uri: `${risc}credential-compromise`, action: 'revoke' },
  /** Deprecated in favour of CAEP's session-revoked, and still sent. */
  'sessions-revoked': { uri: `${risc}sessions-revoked`, action: 'revoke' },
  /** The person took back all that they gave us at Google; no standard says what it does. */
  'tokens-revoked': { uri: 'https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked', action: 'revoke' },
} as const satisfies Record<string, { uri: string; action: EventAction }>;

export type KnownEvent = keyof typeof knownEvents;
export const knownEventNames = Object.keys(knownEvents) as KnownEvent[];

/** SSF 1.0 §8.1.4, and Google: the transmitter tests the stream. The event is about nobody. */
export const verificationEvents = [
  'https://schemas.openid.net/secevent/ssf/event-type/verification',
  `${risc}verification`,
];

/** Null for an event that means nothing here. */
export function eventOfUri(uri: string): KnownEvent | null {
  return knownEventNames.find((name) => knownEvents[name].uri === uri) ?? null;
}

/** `setting`: the org's `orgs.event_actions`. Unset events and unknown actions get the default. */
export function actionOf(event: KnownEvent, setting: unknown): EventAction {
  const set = typeof setting === 'object' && setting !== null ? new Map(Object.entries(setting)).get(event) : undefined;
  return eventActions.find((action) => action === set) ?? knownEvents[event].action;
}
