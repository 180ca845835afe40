import type { Request, Response } from 'express';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Texts } from '../texts/texts.ts';
import { renderDeviceCode, renderDeviceConfirm } from '../web/device-pages.ts';
import { textsFor } from '../web/language.ts';
import { renderMessage } from '../web/message-page.ts';
import { asksForAdministration, clientNames } from './clients.ts';

type Pages = Pick<
  Exclude<NonNullable<Configuration['features']>['deviceFlow'], undefined>,
  'deviceInfo' | 'userCodeInputSource' | 'userCodeConfirmSource' | 'successSource'
>;

declare module 'http' {
  interface IncomingMessage {
    /** The code of an app's link (verification_uri_complete): filled in, never sent by itself. */
    givenUserCode?: string;
  }
}

/** The pages of the device flow (RFC 8628 §3.3), in the product's look. */
export const devicePages: Pages = {
  // Nothing of the device is kept before somebody approves.
  deviceInfo: () => ({}),

  userCodeInputSource(ctx, _form, _out, error) {
    const texts = textsOf(ctx);
    const problem = error && problemOf(error);
    if (problem === 'gone' || problem === 'refused') return send(ctx, renderEnd(texts, texts.apps[problem]));
    ctx.req.guessedUserCode = error?.name === 'NotFoundError';
    const code = (error && 'userCode' in error && String(error.userCode)) || ctx.req.givenUserCode || '';
    const page = { xsrf: xsrfOf(ctx), code: code.slice(0, 40), problem: problem ? texts.apps[problem] : null };
    send(ctx, renderDeviceCode(texts, page));
  },

  userCodeConfirmSource(ctx, _form, client, _deviceInfo, userCode) {
    const clientName = clientNames.get(client.clientId) ?? client.clientId;
    const administers = asksForAdministration(ctx.oidc.entities.DeviceCode?.params?.scope);
    send(ctx, renderDeviceConfirm(textsOf(ctx), { xsrf: xsrfOf(ctx), code: userCode, clientName, administers }));
  },

  successSource(ctx) {
    const texts = textsOf(ctx);
    const { unnamed, signedIn, goesOn } = texts.apps;
    const app = clientNames.get(ctx.oidc.client?.clientId ?? '') ?? unnamed;
    send(ctx, renderEnd(texts, { title: signedIn({ app }), text: goesOn }));
  },
};

/** The text for the library's error, by the error's name: the classes aren't exported. */
function problemOf(error: Error): 'noCode' | 'wrongCode' | 'gone' | 'refused' | 'onceMore' {
  switch (error.name) {
    case 'NoCodeError':
      return 'noCode';
    case 'NotFoundError':
      return 'wrongCode';
    case 'ExpiredError':
    case 'AlreadyUsedError':
      return 'gone';
    case 'AbortedError':
    case 'AccessDenied':
      return 'refused';
    default:
      return 'onceMore';
  }
}

function renderEnd(texts: Texts, { title, text }: { title: string; text: string }): string {
  return renderMessage(texts, { title, text, actions: [] });
}

/** The library makes its context of Express's request and response. */
export function textsOf({ req, res }: Pick<KoaContextWithOIDC, 'req' | 'res'>): Texts {
  return textsFor(req as Request, res as Response);
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
