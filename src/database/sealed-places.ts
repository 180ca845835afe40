/** A column that holds texts which the keyring sealed. */
export type SealedPlace = Readonly<{
  /** What is kept there, for operators. */
  what: string;
  table: string;
  column: string;
  /** The columns of the table's primary key, all of them text. */
  key: readonly string[];
  /** The purpose of a row's text, from its key. */
  purpose: (...key: string[]) => string;
  /** SQL: whose text may still be opened. */
  counts: string;
  /** Sign-ins, tokens or deliveries fail without it: a start refuses what no key opens. */
  needed: boolean;
}>;

/** Each purpose binds a text to its row: copied to another row it doesn't open. */
export const connectionSecretPurpose = (orgId: string, id: string) => `connection-secret:${orgId}:${id}`;
export const webhookSecretPurpose = (id: string) => `webhook ${id}`;
export const signingKeyPurpose = (id: string) => `signing-key:${id}`;
export const keptFormPurpose = (orgId: string, userId: string) => `kept-form:${orgId}:${userId}`;
export const orgSigningKeyPurpose = (orgId: string, id: string) => `org-signing-key:${orgId}:${id}`;
export const appClientSecretPurpose = (orgId: string, id: string) => `app-client-secret:${orgId}:${id}`;
export const appCredentialPurpose = (orgId: string, id: string) => `app-credential:${orgId}:${id}`;
export const streamHeaderPurpose = (orgId: string, id: string) => `stream-header:${orgId}:${id}`;
export const eventPollPurpose = (orgId: string, connectionId: string) => `event-poll:${orgId}:${connectionId}`;
export const accountKeyPurpose = (orgId: string) => `account-key:${orgId}`;
/** An ID token is bound to its org alone: its session's id is made where the row is inserted. */
export const idTokenPurpose = (orgId: string) => `id-token:${orgId}`;

const webhook = {
  table: 'webhooks',
  key: ['org_id', 'id'],
  purpose: (_orgId: string, id: string) => webhookSecretPurpose(id),
  needed: true,
} as const;

/**
 * Every column with sealed texts. What is sealed and stored needs a row here, or `keys rotate`
 * would leave it behind and its key would be thrown away: test/database/sealed-places.test.ts looks
 * for others. States of sign-ins and confirmations aren't stored: their owners hold them, for
 * minutes.
 */
export const sealedPlaces: readonly SealedPlace[] = [
  {
    what: 'client secrets of connections',
    table: 'connections',
    column: 'client_secret',
    key: ['org_id', 'id'],
    purpose: connectionSecretPurpose,
    counts: 'true',
    needed: true,
  },
  { ...webhook, what: 'secrets of webhooks', column: 'secret', counts: 'true' },
  {
    ...webhook,
    what: 'secrets of webhooks that were replaced within a day',
    column: 'previous_secret',
    counts: 'previous_secret_until > now()',
  },
  {
    what: 'what administrators had typed when they had to sign in again',
    table: 'kept_forms',
    column: 'sealed',
    key: ['org_id', 'user_id'],
    purpose: keptFormPurpose,
    counts: 'expires_at > now()',
    needed: false,
  },
  {
    what: 'keys that sign ID tokens',
    table: 'signing_keys',
    column: 'private_key',
    key: ['id'],
    purpose: signingKeyPurpose,
    counts: 'true',
    needed: true,
  },
  {
    what: 'keys that sign in the name of organisations',
    table: 'org_signing_keys',
    column: 'private_key',
    key: ['org_id', 'id'],
    purpose: orgSigningKeyPurpose,
    counts: 'true',
    needed: true,
  },
  {
    what: 'keys of the shared accounts of organisations',
    table: 'org_account_keys',
    column: 'key',
    key: ['org_id'],
    purpose: accountKeyPurpose,
    counts: 'true',
    needed: false,
  },
  {
    what: 'client secrets of apps behind',
    table: 'apps',
    column: 'client_secret',
    key: ['org_id', 'id'],
    purpose: appClientSecretPurpose,
    counts: 'client_secret IS NOT NULL',
    needed: true,
  },
  {
    what: 'what is shown to apps behind',
    table: 'apps',
    column: 'credential',
    key: ['org_id', 'id'],
    purpose: appCredentialPurpose,
    counts: 'credential IS NOT NULL',
    needed: true,
  },
  {
    what: 'what pushes of security events show to their receivers',
    table: 'event_streams',
    column: 'authorization_header',
    key: ['org_id', 'id'],
    purpose: streamHeaderPurpose,
    counts: 'authorization_header IS NOT NULL',
    needed: true,
  },
  {
    what: 'what is shown where security events are fetched',
    table: 'event_polls',
    column: 'credential',
    key: ['org_id', 'connection_id'],
    purpose: eventPollPurpose,
    counts: 'true',
    needed: true,
  },
  {
    what: 'ID tokens of sessions',
    table: 'sessions',
    column: 'id_token',
    key: ['org_id', 'id'],
    purpose: (orgId) => idTokenPurpose(orgId),
    counts: 'id_token IS NOT NULL',
    needed: false,
  },
];
