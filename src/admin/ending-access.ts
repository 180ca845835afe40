import { z } from 'zod';
import type { Success } from '../api/endpoint.ts';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { problems } from '../errors.ts';
import { mostInGroup } from './concerned.ts';
import { effects } from './effects.ts';
import { createEndConfirmed, type EndingDeps } from './end-confirmed.ts';
import { endingOfDevice, endingOfEveryone, endingOfGroup, endingOfList, endingOfPerson } from './endings.ts';
import { line, reference } from './forms.ts';

/** Most people of a list. */
export const mostInList = 1_000;

export const confirmation = z
  .string()
  .min(1)
  .max(4096)
  .optional()
  .describe('From the 409 that this request was answered with first.');

/** The body of a request that has nothing else to say. */
export const confirmationAlone = z.strictObject({ confirmation }).meta({ id: 'Confirmation' });

const withReason = {
  reason: z
    .strictObject({
      administrators: line(500).optional().describe('For administrators; never shown to the people concerned.'),
      person: line(200).optional().describe('What the people concerned read.'),
    })
    .meta({ id: 'RevocationReason' })
    .optional(),
  confirmation,
};
const ofPerson = z.strictObject(withReason).meta({ id: 'EndAccess' });
const ofMany = z
  .strictObject({
    users: z.array(reference).min(1).max(mostInList).optional().describe('Ids.'),
    group: reference.optional().describe('The id of a group: everyone who is in it. See `listGroups`.'),
    everyone: z.literal(true).optional().describe('Owners only.'),
    keepCurrent: z.boolean().optional().describe('With `everyone`: what you are signed in with now stays.'),
    ...withReason,
  })
  .refine(
    ({ users, group, everyone }) => [users, group, everyone].filter((named) => named !== undefined).length === 1,
    {
      message: 'name one of users, group and everyone',
    },
  )
  .refine(({ everyone, keepCurrent }) => everyone || !keepCurrent, { message: 'keepCurrent goes with everyone' })
  .meta({ id: 'EndAccessOfMany' });

const counts = { sessionsEnded: z.int(), grantsEnded: z.int() };
const more = z
  .boolean()
  .describe('They had very many: what is not counted yet has ended like the rest.')
  .meta({ examples: [false] });
export const ended = z.object({ revocationId: z.string(), ...counts, more }).meta({ id: 'EndedAccess' });
export const endedDevice = z.object({ revocationId: z.string(), ...counts }).meta({ id: 'EndedDevice' });
export const endedOfMany = z
  .object({
    revocationId: z
      .string()
      .nullable()
      .describe('The one revocation of everyone.')
      .meta({ examples: [null] }),
    results: z
      .array(
        z.object({
          user: z.string(),
          result: z.enum(['revoked', 'unknown']),
          revocationId: idOf('revocation').nullable(),
          ...counts,
          more,
        }),
      )
      .describe('One for each person of a list or a group.'),
  })
  .meta({ id: 'EndedAccessOfMany' });

export const refusalOf = (code: 'confirmation_required' | 'conflict', detail: string) =>
  z.object({
    type: z.url().meta({ examples: [`https://logout.whiterabbit.fake/problems/${code}`] }),
    title: z.string().meta({ examples: [problems[code].title] }),
    status: z.literal(409),
    detail: z.string().meta({ examples: [detail] }),
    code: z.literal(code),
    requestId: z.string(),
  });

const confirmationRequired = refusalOf(
  'confirmation_required',
  'Look at `effects`, then send the same request again with this `confirmation`.',
)
  .extend({
    effects: effects.describe('What would end.'),
    confirmation: z.string().describe('To be sent back with the same request, within five minutes.'),
  })
  .meta({ id: 'ConfirmationRequired', description: 'Problem details (RFC 9457), with what would end.' });

/** The first answer: what would end, and what to send back to confirm it. */
export const askedBack: Success = {
  status: 409,
  description: '`confirmation_required`: nothing has ended yet.',
  contentTypes: ['application/problem+json'],
  schema: confirmationRequired,
};

const conflict = refusalOf('conflict', 'This is the last active owner of the organisation, who stays one.')
  .extend({
    errors: z
      .array(z.object({ pointer: z.string().meta({ examples: ['#/email'] }), detail: z.string() }))
      .optional()
      .describe('The members of the body that it is about, where it is known which.'),
  })
  .meta({ id: 'Conflict' });

/** The same, where the request may also collide with what is there. */
export const askedBackOrConflict: Success = {
  ...askedBack,
  description: '`confirmation_required`: nothing has changed yet. `conflict`: nothing will.',
  schema: z.union([confirmationRequired, conflict]).meta({ id: 'ConfirmationOrConflict' }),
};

/** Ends access for an administrator, who has to see first what would end. */
export function endingAccessOperations(deps: EndingDeps): readonly Operation[] {
  const endConfirmed = createEndConfirmed(deps);
  return [
    operation({
      method: 'post',
      path: '/api/orgs/current/users/{id}/revocations',
      id: 'revokeUser',
      bodyExample: {
        reason: { administrators: 'Laptop stolen, ticket 4711', person: 'Your laptop was reported stolen.' },
      },
      tag: 'Ending access',
      summary: 'End every session and grant of a person',
      description: 'Without `confirmation` nothing ends: the answer says what would.',
      permission: 'access.end',
      params: z.object({ id: reference }),
      body: ofPerson,
      success: {
        status: 200,
        description: 'From now on no request of theirs is answered.',
        schema: ended,
      },
      also: [askedBack],
      problems: ['not_found', 'confirmation_required'],
      handle: (call) => endConfirmed(call, endingOfPerson(call, call.params.id)),
    }),
    operation({
      method: 'post',
      path: '/api/orgs/current/users/{id}/sessions/{sessionId}/revocations',
      id: 'revokeUserSession',
      bodyExample: { reason: { administrators: 'Shared computer' } },
      tag: 'Ending access',
      summary: 'End one session or grant of a person',
      permission: 'access.end',
      params: z.object({ id: reference, sessionId: reference }),
      body: ofPerson,
      success: {
        status: 200,
        description: 'It has ended; everything else of theirs stays.',
        schema: endedDevice,
      },
      also: [askedBack],
      problems: ['not_found', 'confirmation_required'],
      handle: (call) => endConfirmed(call, endingOfDevice(call, call.params.id, call.params.sessionId)),
    }),
    operation({
      method: 'post',
      path: '/api/orgs/current/revocations',
      id: 'revokeMany',
      bodyExample: { users: ['usr_01example', 'usr_02example'], reason: { administrators: 'Left the company' } },
      tag: 'Ending access',
      summary: 'End the access of a list of people, a group, or everyone',
      description: `All or nothing: up to ${mostInList} ids, or a group of up to ${mostInGroup}, or everyone, which is for owners. Without \`confirmation\` nothing ends: the answer says what would.`,
      permission: 'access.end',
      body: ofMany,
      success: {
        status: 200,
        description: 'From now on no request of theirs is answered.',
        schema: endedOfMany,
      },
      also: [askedBack],
      problems: ['not_found', 'confirmation_required'],
      handle: (call) => {
        const { users, group, keepCurrent = false } = call.body;
        if (users) return endConfirmed(call, endingOfList(call, [...new Set(users)]));
        if (group !== undefined) return endConfirmed(call, endingOfGroup(call, group));
        return endConfirmed(call, endingOfEveryone(call, keepCurrent));
      },
    }),
  ];
}
