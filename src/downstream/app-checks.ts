import type { z } from 'zod';
import { AppError, pointerTo, type Saying, type WrongPart } from '../errors.ts';
import { type GuardedFetch, GuardedFetchError } from '../http/guarded-fetch.ts';
import { wrongParts } from '../issues.ts';
import { en } from '../texts/en.ts';
import { type AppKind, type GtrSettings, type OidcSettings, type SsfSettings, settingsOf } from './app-settings.ts';

/** An app's kind with the settings that belong to it. */
export type AppForm =
  | Readonly<{ kind: 'gtr'; settings: GtrSettings }>
  | Readonly<{ kind: 'oidc'; settings: OidcSettings }>
  | Readonly<{ kind: 'ssf'; settings: SsfSettings }>;

/** Reads settings as they are stored, or as a change makes them. @throws AppError invalid_request */
export function parseSettings(kind: AppKind, settings: unknown): AppForm {
  const parsed = settingsOf[kind].safeParse(settings, { reportInput: true });
  if (parsed.success) return { kind, settings: parsed.data } as AppForm;
  const issues = parsed.error.issues.map((issue) => ({ ...issue, path: ['settings', ...issue.path] }));
  throw wrongSettings(wrongParts({ issues } as z.ZodError, 'body'));
}

/**
 * Checks every address, and returns the settings as they are kept: what we call in the spelling by
 * which it is called. An endpoint of Global Token Revocation is kept to the byte, since it is the
 * audience, and what browsers open is compared to the byte. @throws AppError invalid_request
 */
export function checkedSettings(appFetch: GuardedFetch, form: AppForm): AppForm {
  if (form.kind === 'ssf') return form;
  if (form.kind === 'oidc') return { kind: 'oidc', settings: checkClient(appFetch, form.settings) };
  const { settings } = form;
  const { auth } = settings;
  called(appFetch, settings.endpoint, 'endpoint');
  if (auth.method !== 'oauth') return form;
  const tokenEndpoint = called(appFetch, auth.tokenEndpoint, 'auth', 'tokenEndpoint');
  return { kind: 'gtr', settings: { ...settings, auth: { ...auth, tokenEndpoint } } };
}

function checkClient(appFetch: GuardedFetch, settings: OidcSettings): OidcSettings {
  const { redirectUris, postLogoutRedirectUris, backchannelLogoutUri, frontchannelLogoutUri, jwksUri, auth } = settings;
  const opened: [string, ...string[]][] = [
    ...redirectUris.map((uri, index): [string, ...string[]] => [uri, 'redirectUris', String(index)]),
    ...postLogoutRedirectUris.map((uri, index): [string, ...string[]] => [
      uri,
      'postLogoutRedirectUris',
      String(index),
    ]),
  ];
  if (frontchannelLogoutUri !== null) opened.push([frontchannelLogoutUri, 'frontchannelLogoutUri']);
  const wrong = opened
    .filter(([uri]) => !isForBrowsers(uri))
    .map(([, ...path]) => wrongAt(path, ({ answers }) => answers.appPageAddress));
  // Front-Channel Logout 1.0 §2: where it signs people in.
  const origins = redirectUris.map((uri) => URL.parse(uri)?.origin);
  if (frontchannelLogoutUri !== null && !origins.includes(URL.parse(frontchannelLogoutUri)?.origin))
    wrong.push(wrongAt(['frontchannelLogoutUri'], ({ answers }) => answers.appFrameElsewhere));
  if (auth === 'private_key_jwt' && jwksUri === null)
    wrong.push(wrongAt(['jwksUri'], ({ answers }) => answers.appNeedsKeys));
  if (wrong.length > 0) throw wrongSettings(wrong);
  return {
    ...settings,
    backchannelLogoutUri: backchannelLogoutUri && called(appFetch, backchannelLogoutUri, 'backchannelLogoutUri'),
    jwksUri: jwksUri && called(appFetch, jwksUri, 'jwksUri'),
  };
}

/** A page that browsers are led to: https, or a developer's own machine; without a fragment. */
function isForBrowsers(value: string): boolean {
  const url = URL.parse(value);
  if (!url || value.includes('#') || url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}

function called(appFetch: GuardedFetch, value: string, ...path: string[]): string {
  try {
    appFetch.check(value);
    return new URL(value).href;
  } catch (error) {
    if (!(error instanceof GuardedFetchError)) throw error;
    throw wrongSettings([wrongAt(path, error.says)]);
  }
}

const wrongAt = (path: readonly string[], says: Saying): WrongPart => ({
  pointer: pointerTo(['settings', ...path]),
  detail: says(en),
  says,
});

function wrongSettings(errors: readonly WrongPart[]): AppError {
  const of = errors.map(({ pointer, detail }) => `${pointer?.slice(2).replaceAll('/', '.')}: ${detail}`).join('; ');
  return new AppError('invalid_request', ({ answers }) => answers.wrongAppSettings({ of }), { errors });
}

/** Whether we show the app something that an administrator gave. */
export const takesCredential = (form: AppForm): boolean =>
  form.kind === 'gtr' &&
  (form.settings.auth.method === 'bearer' ||
    (form.settings.auth.method === 'oauth' && form.settings.auth.clientAuth !== 'private_key_jwt'));

/** Whether the app shows us a secret of ours. */
export const takesClientSecret = (form: AppForm): boolean =>
  form.kind === 'ssf' || (form.kind === 'oidc' && form.settings.auth !== 'private_key_jwt');

/**
 * The address that a credential is shown to: for another one it has to be given again. One host may
 * have an address for each of its customers.
 */
export function credentialAddress({ kind, settings }: AppForm): string | null {
  if (kind !== 'gtr') return null;
  return settings.auth.method === 'oauth' ? settings.auth.tokenEndpoint : settings.endpoint;
}

/** Where an app is told. The rest of an address may hold a secret: it stays out of the record. */
export function hostOf({ kind, settings }: AppForm): string | null {
  if (kind === 'gtr') return new URL(settings.endpoint).host;
  if (kind === 'ssf') return null;
  return new URL(settings.backchannelLogoutUri ?? (settings.redirectUris[0] as string)).host;
}
