import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { gtrSettings, oidcSettings, ssfSettings } from '../downstream/app-settings.ts';
import type { AppRow } from '../downstream/apps.ts';
import { line } from './forms.ts';

const states = ['enabled', 'paused', 'disabled'] as const;
const kinds = ['gtr', 'oidc', 'ssf'] as const;
const name = line(200);
const state = z
  .enum(states)
  .describe('`paused`: what comes is held, and goes out later. `disabled`: nothing is planned for it.');
const credential = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks')
  .describe('What we show there: a bearer key, or the secret of our OAuth client. It is never shown again.');

const described = { state: state.default('enabled'), credential: credential.optional() };

export const newApp = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('gtr'), name, settings: gtrSettings, ...described }),
    z.strictObject({ kind: z.literal('oidc'), name, settings: oidcSettings, ...described }),
    z.strictObject({ kind: z.literal('ssf'), name, settings: ssfSettings, ...described }),
  ])
  .meta({ id: 'NewApp' });

export const appChanges = z
  .strictObject({
    name: name.optional(),
    state: state.optional(),
    settings: z
      .record(z.string().max(60), z.unknown())
      .optional()
      .describe('Members that replace those before; the others stay.'),
    credential: credential.optional(),
  })
  .meta({ id: 'AppChanges' });

export const app = z
  .object({
    id: idOf('app').describe('Of an app that shows us something, this is its client id.'),
    kind: z
      .enum(kinds)
      .describe('`gtr`: Global Token Revocation. `oidc`: back-channel logout. `ssf`: security events.'),
    name: z.string().meta({ examples: ['Payroll'] }),
    state,
    settings: z
      .record(z.string(), z.unknown())
      .describe('By its kind, as `NewApp` has them.')
      .meta({
        examples: [
          {
            naming: 'email',
            attribute: null,
            concerns: { who: 'everyone' },
            endpoint: 'https://payroll.example/global-token-revocation',
            member: 'sub_id',
            auth: { method: 'bearer' },
          },
        ],
      }),
    hasCredential: z.boolean(),
    hasClientSecret: z.boolean(),
    awaySince: z.iso
      .datetime()
      .nullable()
      .describe('Since when it does not answer: it is tried once a minute, and what it has to hear is kept.')
      .meta({ examples: [null] }),
    lastReceivedAt: z.iso.datetime().nullable(),
    stream: z
      .object({
        method: z.enum(['push', 'poll']),
        status: z.enum(['enabled', 'paused', 'disabled']).describe('As the receiver, or we, have set it.'),
        lastUsedAt: z.iso.datetime().describe('When the receiver last asked us for anything, to the minute.'),
      })
      .nullable()
      .describe('Of a receiver of security events: the stream that it has set up; null: none.')
      .meta({ examples: [null] }),
    waiting: z.int().describe('Forwards that are on their way; 10,000 at most are counted.'),
    dead: z.int().describe('Forwards that could not be delivered.'),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'App' });
export const appWithSecret = app
  .extend({
    clientSecret: z
      .string()
      .nullable()
      .describe('What the app shows us, where it was made now. It is not shown again.')
      .meta({ examples: ['Xk3vK9c1xR7tQmZ0pWb5sYhJ2nLf8dGaE4uVoXiTkBr'] }),
  })
  .meta({ id: 'AppWithSecret' });
export const appList = z.object({ items: z.array(app) }).meta({ id: 'AppList' });

/** An app as answers show it. */
export function presentApp(row: AppRow) {
  const { id, kind, name, state, settings, hasCredential, hasClientSecret, awaySince, lastReceivedAt, stream } = row;
  const { waiting, dead, createdAt, updatedAt } = row;
  const now = { awaySince, lastReceivedAt, stream, waiting, dead, createdAt, updatedAt };
  return { id, kind, name, state, settings, hasCredential, hasClientSecret, ...now };
}
