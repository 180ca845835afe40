import type { ClientMetadata } from 'oidc-provider';
import { adminScope } from '../api/operation.ts';

/** The scopes that every app may ask for. */
const personalScopes = 'openid offline_access email profile';

const publicClient = {
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  // A form that our page posts to the app would be stopped by `form-action` in our headers.
  response_modes: ['query'],
  scope: personalScopes,
} as const satisfies Partial<ClientMetadata>;

const codeFlow = {
  ...publicClient,
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
} as const satisfies Partial<ClientMetadata>;

/** The extension's id in its store (put yours here); Chromium gives it the origins below. */
const extensionId = 'abcdefghijklmnopabcdefghijklmnop';

/**
 * The product's own apps, a closed list: nobody registers here. All are public clients: only PKCE
 * and the exact redirect address tie a code to its app. The port of a loopback address is the app's
 * choice (RFC 8252 §7.3).
 */
export const clients: ClientMetadata[] = [
  {
    ...codeFlow,
    client_id: 'mobile-app',
    client_name: 'Mobile app',
    redirect_uris: ['com.universal-logout.mobile:/callback', 'http://127.0.0.1/callback', 'http://[::1]/callback'],
  },
  {
    ...codeFlow,
    client_id: 'browser-extension',
    client_name: 'Browser extension',
    redirect_uris: [
      `https://${extensionId}.chromiumapp.org/callback`,
      'com.universal-logout.extension:/callback',
      'http://127.0.0.1/callback',
    ],
  },
  {
    ...publicClient,
    client_id: 'cli',
    client_name: 'Command line',
    // No other app may administer: a stolen phone, or a page that got into the extension, must not.
    scope: `${personalScopes} ${adminScope}`,
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    response_types: [],
    redirect_uris: [],
  },
];

/** The part of the asked scope that the app may have. */
export function allowedScope(clientId: string, asked: string): string {
  const allowed = clients.find(({ client_id }) => client_id === clientId)?.scope?.split(' ') ?? [];
  return asked
    .split(' ')
    .filter((scope) => allowed.includes(scope))
    .join(' ');
}

/**
 * Whether the address may lead to another app than the client's: a loopback port or a scheme
 * belongs to whichever program took it (RFC 8252 §8.6), and any page can send a browser here in
 * that client's name.
 */
export const leadsToAnyApp = (redirectUri: unknown): boolean =>
  typeof redirectUri === 'string' && !redirectUri.startsWith('https://');

export const asksForAdministration = (scope: unknown): boolean => String(scope).split(' ').includes(adminScope);

/** The apps' names for people, by client id. */
export const clientNames: ReadonlyMap<string, string> = new Map(
  clients.map(({ client_id, client_name }) => [client_id, client_name ?? client_id]),
);

/** Pages that may call the OAuth endpoints from a script (CORS). */
export const clientOrigins: ReadonlyMap<string, string> = new Map([
  ['browser-extension', `chrome-extension://${extensionId}`],
]);
