import type { RequestHandler } from 'express';
import { z } from 'zod';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import { clientId, faults, formType, page, pageOrFault, redirect, scope, tag } from './answers.ts';
import { paths } from './provider.ts';

type Handlers = Readonly<{
  /** Runs oidc-provider. */
  serve: RequestHandler;
  limitBeginnings: RequestHandler;
  /** Limits the codes that somebody types. */
  limitGuesses: readonly RequestHandler[];
  fillInCode: RequestHandler;
  refuseForeignOrigin: RequestHandler;
}>;

/** The device flow (RFC 8628). The library serves; as in oauth-endpoints.ts the forms only tell. */
export function createDeviceEndpoints(handlers: Handlers): readonly Endpoint[] {
  const { serve, limitBeginnings, limitGuesses, fillInCode, refuseForeignOrigin } = handlers;
  const refused = [pageOrFault(429), pageOrFault(500), pageOrFault(503)];
  return [
    endpoint({
      method: 'post',
      path: paths.device_authorization,
      id: 'beginDeviceFlow',
      tag,
      summary: 'Begin the device flow',
      description: 'RFC 8628: for the command line.',
      bodyType: formType,
      body: z.object({ client_id: clientId, scope: scope.optional() }),
      bodyExample: { client_id: 'cli', scope: 'openid email profile offline_access' },
      security: [],
      success: {
        status: 200,
        description: 'The codes.',
        schema: z.object({
          device_code: z.string(),
          user_code: z.string(),
          verification_uri: z.url(),
          verification_uri_complete: z.url(),
          expires_in: z.int(),
          interval: z.int().describe('Seconds between two polls.'),
        }),
      },
      also: faults(400, 401, 429, 500, 503),
      preflight: serve,
      handlers: [limitBeginnings, serve],
    }),
    endpoint({
      method: 'get',
      path: paths.code_verification,
      id: 'showDeviceForm',
      tag,
      summary: 'Where a person types the code of a device',
      description: 'RFC 8628 §3.3. A link may bring the code along.',
      query: z.object({ user_code: z.string().optional() }),
      security: [],
      success: page(200, 'The form.'),
      also: refused,
      handlers: [limitBeginnings, fillInCode, serve],
    }),
    endpoint({
      method: 'post',
      path: paths.code_verification,
      id: 'answerDevice',
      tag,
      summary: 'The person compares the code, and says yes or no',
      description: 'Sent by the page that shows the code.',
      bodyType: formType,
      body: z.object({
        xsrf: z.string(),
        user_code: z.string(),
        confirm: z.string().optional(),
        abort: z.string().optional(),
      }),
      security: [],
      success: page(200, 'The next page, or the form again, with what is wrong with the code.'),
      also: [
        redirect('To the approval. Or to the form, where the browser came without its cookie.'),
        page(400, 'The form again, where the one that was sent is not this browser’s, or too old.'),
        ...refused,
      ],
      problems: ['foreign_origin', 'content_too_large'],
      handlers: [refuseForeignOrigin, ...limitGuesses, serve],
    }),
    endpoint({
      method: 'get',
      path: `${paths.code_verification}/{uid}`,
      id: 'resumeDevice',
      tag,
      summary: 'After the approval of a device',
      description: 'The browser comes here by itself.',
      params: z.object({ uid: z.string() }),
      security: [],
      success: page(200, 'The device is signed in.'),
      also: [redirect('To the form.'), page(400, 'It is too late, or was begun in another browser.'), ...refused],
      handlers: [limitBeginnings, serve],
    }),
  ];
}
