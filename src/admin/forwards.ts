import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readTimeCursor, toTimePage } from '../api/page.ts';
import { type ForwardRow, type Forwards, forwardStatuses } from '../downstream/forwards.ts';
import { AppError } from '../errors.ts';
import { reference } from './forms.ts';

const tag = 'Apps';
const list = '/api/orgs/current/forwards';
const byId = `${list}/{id}`;
const params = z.object({ id: reference });

export const forward = z
  .object({
    id: idOf('forward'),
    app: idOf('app'),
    appName: z.string().meta({ examples: ['Payroll'] }),
    user: z.string().describe('Whom it is about; of a `credential-change` the shared account.'),
    userName: z
      .string()
      .nullable()
      .describe(
        'What the person is called now, by name or address; null: removed. Of a shared account its name of then.',
      )
      .meta({ examples: ['Trinity Moss'] }),
    revocation: idOf('revocation').nullable(),
    type: z
      .string()
      .describe('`logout`, or the short name of a security event.')
      .meta({ examples: ['logout'] }),
    status: z
      .enum(forwardStatuses)
      .describe(
        '`superseded`: a later one has taken its place. `left_out`: nothing is sent; `error` says why. `delivered` is what the app answered: what it did nobody can know.',
      )
      .meta({ examples: ['delivered'] }),
    error: z
      .string()
      .nullable()
      .describe('A word: why the last try failed, or why nothing is sent.')
      .meta({ examples: [null] }),
    httpStatus: z
      .int()
      .nullable()
      .describe('Of the last try.')
      .meta({ examples: [204] }),
    attempts: z.int(),
    dueAt: z.iso
      .datetime()
      .nullable()
      .describe('The next try.')
      .meta({ examples: [null] }),
    revokedAt: z.iso.datetime().describe('When access ended here.'),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
    replayable: z
      .boolean()
      .describe(
        'Whether it may be sent again: it could not be delivered or was left out, and what the person is called there is still known.',
      )
      .meta({ examples: [false] }),
  })
  .meta({ id: 'Forward' });
const attempt = z
  .object({
    number: z.int(),
    at: z.iso.datetime(),
    status: z
      .int()
      .nullable()
      .describe('Of HTTP; null where there was no answer.')
      .meta({ examples: [204] }),
    durationMs: z.int().meta({ examples: [83] }),
    error: z
      .string()
      .nullable()
      .describe('A word: why it failed.')
      .meta({ examples: [null] }),
  })
  .meta({ id: 'ForwardAttempt' });
export const forwardWithLog = forward
  .extend({ log: z.array(attempt).describe('Its tries, the latest first; 100 at most.') })
  .meta({ id: 'ForwardWithLog' });
export const forwardsReplayed = z
  .object({
    replayed: z.int().describe('How many are on their way again.'),
    more: z.boolean().describe('There may be more than one request takes: send it again for them.'),
  })
  .meta({ id: 'ForwardsReplayed' });
export const forwardPage = pageOf(forward).meta({ id: 'ForwardPage' });

/** What was passed on to the apps behind, and what became of it. */
export function forwardOperations({ forwards }: { forwards: Forwards }): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path: list,
      id: 'listForwards',
      tag,
      summary: 'What was passed on to apps, newest first',
      permission: 'org.read',
      query: z.object({
        ...pageQuery,
        app: reference.optional().describe('To this app.'),
        revocation: reference.optional().describe('Of this sign-out.'),
        user: reference.optional().describe('Of this person.'),
        status: z.enum(forwardStatuses).optional(),
      }),
      success: { status: 200, description: 'A page.', schema: forwardPage },
      handle: async ({ orgId, query: { limit, cursor, ...filter } }) => {
        const rows = await forwards.list(orgId, filter, { after: readTimeCursor(cursor), limit: limit + 1 });
        const page = toTimePage(rows, limit);
        return { ...page, items: page.items.map(present) };
      },
    }),
    operation({
      method: 'get',
      path: byId,
      id: 'getForward',
      tag,
      summary: 'One of them, with its tries',
      permission: 'org.read',
      params,
      success: { status: 200, description: 'The forward.', schema: forwardWithLog },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id } }) => {
        const row = await forwards.find(orgId, id);
        if (!row) throw missing();
        return { ...present(row), log: row.log };
      },
    }),
    operation({
      method: 'post',
      path: `${byId}/replay`,
      id: 'replayForward',
      tag,
      summary: 'Pass it on again',
      description: 'What could not be delivered, or was left out, as long as no later sign-out of the person was.',
      permission: 'apps.change',
      params,
      success: { status: 202, description: 'It is on its way again.', schema: forward },
      problems: ['not_found', 'conflict'],
      handle: async ({ orgId, params: { id }, by }) => {
        const again = await forwards.replay(orgId, id, by);
        if (!again) throw missing();
        return present(again);
      },
    }),
    operation({
      method: 'post',
      path: '/api/orgs/current/apps/{id}/replay',
      id: 'replayForwards',
      tag,
      summary: 'Pass on again what an app could not be told',
      description: 'Of each person the latest. What comes of each is among the forwards.',
      permission: 'apps.change',
      params,
      success: { status: 202, description: 'They are on their way again.', schema: forwardsReplayed },
      problems: ['not_found', 'conflict'],
      handle: async ({ orgId, params: { id }, by }) => {
        const replayed = await forwards.replayDead(orgId, id, by);
        if (replayed === null) throw new AppError('not_found', 'Your organisation has no such app.');
        return replayed;
      },
    }),
  ];
}

const missing = () => new AppError('not_found', 'Your organisation has nothing of this id that was passed on.');

function present({ appId, userId, userName, revocationId, ...row }: ForwardRow) {
  const {
    id,
    appName,
    type,
    status,
    error,
    httpStatus,
    attempts,
    dueAt,
    revokedAt,
    createdAt,
    finishedAt,
    replayable,
  } = row;
  const said = { type, status, error, httpStatus, attempts, dueAt, revokedAt, createdAt, finishedAt, replayable };
  return { id, app: appId, appName, user: userId, userName, revocation: revocationId, ...said };
}
