import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readTimeCursor, toTimePage } from '../api/page.ts';
import { AppError } from '../errors.ts';
import { type Deliveries, type DeliveryRow, deliveryStatuses, mostReplayed } from '../notifications/deliveries.ts';
import { kinds, passwordMail, taskMail } from '../notifications/kinds.ts';
import type { Webhooks } from '../notifications/webhooks.ts';

const tag = 'Webhooks';
const here = '/api/orgs/current';

const params = z.object({ id: z.string().max(80) });
const query = z.object(pageQuery);

export const delivery = z
  .object({
    id: idOf('delivery').describe('A webhook receives this id as `webhook-id`, the same at each try.'),
    channel: z.enum(['webhook', 'email']),
    webhook: idOf('webhook').nullable(),
    user: z
      .string()
      .nullable()
      .describe('Whom the e-mail is for.')
      .meta({ examples: [null] }),
    kinds: z.array(z.enum([...kinds, passwordMail, taskMail, 'test'])),
    status: z.enum(deliveryStatuses).meta({ examples: ['delivered'] }),
    error: z
      .string()
      .nullable()
      .describe('A word: why the last try failed.')
      .meta({ examples: [null] }),
    attempts: z.int(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Delivery' });
const attempt = z
  .object({
    number: z.int(),
    at: z.iso.datetime(),
    status: z
      .int()
      .nullable()
      .describe('Of HTTP, or of SMTP; null where there was no answer.')
      .meta({ examples: [204] }),
    durationMs: z.int().meta({ examples: [83] }),
    error: z
      .string()
      .nullable()
      .describe('A word: why it failed.')
      .meta({ examples: [null] }),
  })
  .meta({ id: 'DeliveryAttempt' });
export const deliveryWithLog = delivery.extend({ log: z.array(attempt) }).meta({ id: 'DeliveryWithLog' });
export const deadLettersReplayed = z
  .object({ replayed: z.int().describe('How many.') })
  .meta({ id: 'DeadLettersReplayed' });
export const deliveryPage = pageOf(delivery).meta({ id: 'DeliveryPage' });

/** The log of webhook calls and e-mails, and the dead letters, which can be replayed. */
export function deliveryOperations(deps: { deliveries: Deliveries; webhooks: Webhooks }): readonly Operation[] {
  const { deliveries, webhooks } = deps;

  const replay = (path: string, id: string, of: 'all' | 'dead', summary: string) =>
    operation({
      method: 'post',
      path: `${path}/{id}/replay`,
      id,
      tag,
      summary,
      permission: 'settings.change',
      params,
      success: { status: 202, description: 'It is on its way again, under the same id.', schema: delivery },
      problems: ['not_found', 'conflict'],
      handle: async (call) => {
        const again = await deliveries.replay(call.orgId, call.params.id, of, call.by);
        if (!again) throw missing();
        return present(again);
      },
    });

  return [
    operation({
      method: 'get',
      path: `${here}/webhooks/{id}/deliveries`,
      id: 'listDeliveries',
      tag,
      summary: 'What was sent to a webhook, newest first',
      permission: 'settings.change',
      params,
      query,
      success: { status: 200, description: 'A page.', schema: deliveryPage },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, query: { limit, cursor } }) => {
        if (!(await webhooks.find(orgId, id)))
          throw new AppError('not_found', 'Your organisation has no such webhook.');
        return pageOfRows(
          await deliveries.list(orgId, { webhookId: id }, { after: readTimeCursor(cursor), limit: limit + 1 }),
          limit,
        );
      },
    }),
    operation({
      method: 'get',
      path: `${here}/deliveries/{id}`,
      id: 'getDelivery',
      tag,
      summary: 'One delivery, with its attempts, the latest first',
      permission: 'settings.change',
      params,
      success: {
        status: 200,
        description: 'The delivery.',
        schema: deliveryWithLog,
      },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id } }) => {
        const row = await deliveries.find(orgId, id);
        if (!row) throw missing();
        return { ...present(row), log: row.log };
      },
    }),
    replay(`${here}/deliveries`, 'replayDelivery', 'all', 'Send the same message again'),
    operation({
      method: 'get',
      path: `${here}/dead-letters`,
      id: 'listDeadLetters',
      tag,
      summary: 'What could not be delivered, newest first',
      permission: 'org.read',
      query,
      success: { status: 200, description: 'A page.', schema: deliveryPage },
      handle: async ({ orgId, query: { limit, cursor } }) =>
        pageOfRows(
          await deliveries.list(orgId, { status: 'dead' }, { after: readTimeCursor(cursor), limit: limit + 1 }),
          limit,
        ),
    }),
    replay(`${here}/dead-letters`, 'replayDeadLetter', 'dead', 'Send a dead letter again'),
    operation({
      method: 'post',
      path: `${here}/dead-letters/replay`,
      id: 'replayDeadLetters',
      tag,
      summary: 'Send the dead letters again',
      description: `The oldest first, ${mostReplayed} at most: ask again while it says that some were. Those of a webhook that is switched off stay.`,
      permission: 'settings.change',
      success: {
        status: 202,
        description: 'They are on their way again, under the same ids.',
        schema: deadLettersReplayed,
      },
      handle: async ({ orgId, by }) => ({ replayed: await deliveries.replayDead(orgId, by) }),
    }),
  ];
}

function pageOfRows(rows: readonly DeliveryRow[], limit: number) {
  const page = toTimePage(rows, limit);
  return { ...page, items: page.items.map(present) };
}

function missing(): AppError {
  return new AppError('not_found', 'Your organisation has no such delivery.');
}

function present({ webhookId, userId, ...row }: DeliveryRow) {
  const { id, channel, kinds, status, error, attempts, createdAt, finishedAt } = row;
  return { id, channel, webhook: webhookId, user: userId, kinds, status, error, attempts, createdAt, finishedAt };
}
