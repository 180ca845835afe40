import { z } from 'zod';
import { targetTypes } from '../audit/actions.ts';
import { actorTypes } from '../by.ts';
import { sampleId } from '../database/ids.ts';
import { type Kind, kinds, outboxActions } from './kinds.ts';

const party = z.object({
  // An unknown caller is named by their network.
  type: z.enum([...targetTypes, 'network']),
  id: z.string().nullable(),
  name: z.string().nullable().describe('As it was at the time.'),
});

/** The result of `present`: the feed shows it, and webhooks receive it. */
export const presented = z.object({
  id: z.string().describe('The notification. Both messages about it have this id, and each a `webhook-id` of its own.'),
  kind: z.enum(kinds),
  text: z.string().describe('One line of plain text. Names in it are other people’s words.'),
  event: z.string().describe('The first audit event that it tells of.'),
  action: z.enum(outboxActions).describe('What happened, as the record has it.'),
  actor: party.extend({ type: z.enum(actorTypes) }),
  target: party.nullable(),
  detail: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .describe('What the record says about it.'),
  count: z
    .int()
    .describe(
      'How many events of the same kind and target it stands for, in all: those of an earlier message included.',
    ),
  firstAt: z.iso.datetime().describe('When the first of them happened.'),
  lastAt: z.iso.datetime().describe('When the last of them happened.'),
});
type Presented = z.infer<typeof presented>;
type Told = Pick<Presented, 'text' | 'action' | 'actor' | 'target' | 'detail'>;

const key = { type: 'api_key', id: sampleId('apiKey'), name: 'Okta Workflows' } as const;
const neo = { type: 'user', id: 'usr_2a5d8f1c4b7e4093a6d9c2f5b8e10374', name: 'Thomas Anderson' } as const;
const trinity = { type: 'user', id: sampleId('user'), name: 'Trinity Moss' } as const;
const okta = { type: 'connection', id: sampleId('connection'), name: 'Okta' } as const;

/** When each kind is made, and an example. */
const told: Record<Kind, readonly [when: string, example: Told]> = {
  revocation: [
    'Somebody’s access has ended, or everyone’s',
    {
      text: 'The API key Okta Workflows ended the access of Trinity Moss',
      action: 'access.revoked',
      actor: key,
      target: trinity,
      detail: { endpoint: 'revocation', initiator: 'idp', sessionsEnded: 2, grantsEnded: 1, more: false },
    },
  ],
  refused_calls: [
    'A caller is refused again and again where access is ended: at the revocation endpoint, with logout tokens or with security events. Or security events should have ended access, and nobody is found by what they name',
    {
      text: 'The API key Okta Workflows was refused at the revocation endpoint 5 times in a row, the last time: No user of your organisation matches the subject identifier.',
      action: 'call.refused',
      actor: key,
      target: key,
      detail: {
        endpoint: 'revocation',
        code: 'user_not_found',
        reason: 'user_not_found',
        explanation: 'No user of your organisation matches the subject identifier.',
        credentialType: 'api_key',
        format: 'email',
      },
    },
  ],
  refused_sign_in: [
    'A sign-in was refused that an administrator can put right',
    {
      text: 'A sign-in by the identity provider Okta was refused: it may not speak for the address’s domain',
      action: 'sign_in.refused',
      actor: { type: 'anonymous', id: null, name: null },
      target: okta,
      detail: { connection: okta.id },
    },
  ],
  contested_address: [
    'One address means two people: one bears it, the identity provider gives it to another',
    {
      text: 'The identity provider Okta gives Trinity Moss an address that is somebody else’s here',
      action: 'user.address_contested',
      actor: okta,
      target: trinity,
      detail: { connection: okta.id, bearer: neo.id },
    },
  ],
  refused_provisioning: [
    'A call of the provisioning client was refused, or a part of it',
    {
      text: 'The API key Okta Workflows was refused when it provisioned zoe: userName: taken by the user usr_7d1c of the organisation.',
      action: 'provisioning.refused',
      actor: key,
      target: key,
      detail: {
        method: 'POST',
        status: 409,
        scimType: 'uniqueness',
        attribute: 'userName',
        explanation: 'userName: taken by the user usr_7d1c of the organisation.',
        about: 'zoe',
      },
    },
  ],
  api_key: [
    'An API key was made',
    {
      text: 'Thomas Anderson made the API key Okta Workflows',
      action: 'api_key.created',
      actor: neo,
      target: key,
      detail: { name: 'Okta Workflows', scopes: 'revoke', expiresAt: null },
    },
  ],
  role_change: [
    'Somebody’s role was changed',
    {
      text: 'Thomas Anderson changed the role of Trinity Moss from member to admin',
      action: 'role.changed',
      actor: neo,
      target: trinity,
      detail: { from: 'member', to: 'admin' },
    },
  ],
  identity_change: [
    'An administrator or the operator changed who is who: a person was linked, unlinked, given another address or erased, or a connection’s subjects were forgotten',
    {
      text: 'Thomas Anderson unlinked Trinity Moss from an account at an identity provider',
      action: 'identity.unlinked',
      actor: neo,
      target: trinity,
      detail: { identity: sampleId('identity'), connection: okta.id },
    },
  ],
  connection: [
    'A connection works for now, and will keep people out once they are signed out',
    {
      text: 'The identity provider Okta does not say when people authenticated (auth_time): whoever is signed out from here cannot sign in again through it. Let it send the claim, let sign-ins ask for it (requestAuthTime), or set the connection’s reauthentication to best_effort',
      action: 'connection.auth_time_missing',
      actor: okta,
      target: okta,
      detail: {},
    },
  ],
  shared_account: [
    'A shared account’s password needs people: it is not known which one signs in, somebody has to change it by hand, the old one still signs in, or the key of all of them was erased. Or somebody gave themself a right to an account',
    {
      text: 'Somebody has to change the password of the shared account Reports by hand until 2026-11-30 10:42:00 UTC: the system refuses the administrator',
      action: 'account.rotation_manual',
      actor: { type: 'system', id: null, name: null },
      target: { type: 'account', id: sampleId('account'), name: 'Reports' },
      detail: {
        name: 'Reports',
        rotation: sampleId('rotation'),
        reason: 'wrong_administrator',
        doUntil: '2026-11-30T10:42:00.000Z',
      },
    },
  ],
  dead_letter: [
    'Something could not be delivered',
    {
      text: 'E-mail to Trinity Moss could not be delivered',
      action: 'delivery.failed',
      actor: { type: 'system', id: null, name: null },
      target: trinity,
      detail: { channel: 'email', kinds: 'revocation', attempts: 12, error: 'timeout' },
    },
  ],
};

const at = '2026-11-29T10:42:00.000Z';
/** A notification of each kind, for documentation. */
export const exampleOfKind = (kind: Kind): Presented => ({
  id: sampleId('notification'),
  kind,
  event: sampleId('auditEvent'),
  ...told[kind][1],
  count: kind === 'refused_calls' ? 5 : 1,
  firstAt: at,
  lastAt: at,
});

const organization = z.string().describe('The id of the organisation.');
const { kind: _kind, ...data } = presented.shape;

/** The body of a webhook's POST: `{type, timestamp, data}` (Standard Webhooks). */
const messageOf = (type: Kind | 'test', about: z.ZodObject, example: object) =>
  z.object({ type: z.literal(type), timestamp: z.iso.datetime(), data: about }).meta({
    id: `${type.replaceAll(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())}Message`,
    examples: [{ type, timestamp: at, data: { organization: sampleId('org'), ...example } }],
  });

type Message = Readonly<{ type: Kind | 'test'; summary: string; description: string; form: z.ZodType }>;

const repeats =
  'What is alike (one actor, one target) within a minute is one notification, and two messages at most. The first goes out at once. The second follows when the minute is over, if there was more: under a `webhook-id` of its own, with the `count` of all. Each change of a role, and of who is who, has a message of its own.';

/** Every message that a webhook can receive: one for each kind of notification, and the test. */
export const messages: readonly Message[] = [
  ...kinds.map((type) => {
    const { kind: _, ...example } = exampleOfKind(type);
    const form = messageOf(type, z.object({ organization, ...data }), example);
    return {
      type,
      summary: told[type][0],
      description: `The feed shows it with the kind \`${type}\`. ${repeats}`,
      form,
    };
  }),
  {
    type: 'test',
    summary: 'An administrator tries a webhook',
    description: 'Nothing has happened.',
    form: messageOf('test', z.object({ organization, text: z.string() }), {
      text: 'This is a test. Nothing has happened.',
    }),
  },
];

/** The headers of each message (Standard Webhooks). */
export const messageHeaders = z.object({
  'webhook-id': z
    .string()
    .describe(
      'The message’s own id, the same at each try and each replay: a receiver that has seen it has the message already.',
    )
    .meta({ examples: [sampleId('delivery')] }),
  'webhook-timestamp': z
    .string()
    .regex(/^\d+$/)
    .describe('When this try was made, in seconds since 1970.')
    .meta({
      examples: ['1796035320'],
    }),
  'webhook-signature': z
    .string()
    .describe(
      'HMAC-SHA256 of `id.timestamp.body` with the webhook’s secret: `v1,` and base64. For a day after the secret was changed there are two, by the new one and by the one before, with a space between.',
    )
    .meta({ examples: ['v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4='] }),
});
