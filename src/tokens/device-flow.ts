import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { renderDeviceCode, renderDeviceConfirm } from '../web/device-pages.ts';
import { renderMessage } from '../web/message-page.ts';
import { asksForAdministration, clientNames } from './clients.ts';

type Pages = Pick<
  Exclude<NonNullable<Configuration['features']>['deviceFlow'], undefined>,
  'deviceInfo' | 'userCodeInputSource' | 'userCodeConfirmSource' | 'successSource'
>;

declare module 'http' {
  interface IncomingMessage {
    /** The code of a link that an app shows (verification_uri_complete); filled in, never sent by itself. */
    givenUserCode?: string;
  }
}

/** The pages of the device flow (RFC 8628 §3.3), in the product's look. */
export const devicePages: Pages = {
  // Nothing of the device is kept before somebody approves.
  deviceInfo: () => ({}),

  userCodeInputSource(ctx, _form, _out, error) {
    const problem = error && problemOf(error);
    if (problem === 'gone')
      return send(ctx, renderEnd('That code no longer works', 'Start again in the app: it shows you a new one.'));
    if (problem === 'refused')
      return send(ctx, renderEnd('Access was refused', 'The app gets nothing. You can close this page.'));
    ctx.req.guessedUserCode = error?.name === 'NotFoundError';
    const code = (error && 'userCode' in error && String(error.userCode)) || ctx.req.givenUserCode || '';
    send(ctx, renderDeviceCode({ xsrf: xsrfOf(ctx), code: code.slice(0, 40), problem: problem ?? null }));
  },

  userCodeConfirmSource(ctx, _form, client, _deviceInfo, userCode) {
    const clientName = clientNames.get(client.clientId) ?? client.clientId;
    const administers = asksForAdministration(ctx.oidc.entities.DeviceCode?.params?.scope);
    send(ctx, renderDeviceConfirm({ xsrf: xsrfOf(ctx), code: userCode, clientName, administers }));
  },

  successSource(ctx) {
    const name = clientNames.get(ctx.oidc.client?.clientId ?? '') ?? 'The app';
    send(ctx, renderEnd(`${name} is signed in`, 'It goes on by itself. You can close this page.'));
  },
};

/** The library's errors at these pages, by name: its classes for them aren't exported. */
function problemOf(error: Error): string {
  switch (error.name) {
    case 'NoCodeError':
      return 'Enter the code that the app shows.';
    case 'NotFoundError':
      return 'There is no such code. Compare it with the one that the app shows.';
    case 'ExpiredError':
    case 'AlreadyUsedError':
      return 'gone';
    case 'AbortedError':
    case 'AccessDenied':
      return 'refused';
    default:
      return 'That did not work. Enter the code once more.';
  }
}

function renderEnd(title: string, text: string): string {
  return renderMessage({ title, text, actions: [] });
}

function xsrfOf(ctx: KoaContextWithOIDC): string {
  const { secret } = (ctx.oidc.session?.state ?? {}) as { secret?: string };
  return secret ?? '';
}

function send(ctx: KoaContextWithOIDC, page: string): void {
  ctx.type = 'html';
  ctx.set('Cache-Control', 'no-store');
  ctx.body = page;
}
