import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { AppError } from '../errors.ts';
import { type GuardedFetch, GuardedFetchError } from '../http/guarded-fetch.ts';
import { kinds } from '../notifications/kinds.ts';
import type { WebhookRow, Webhooks } from '../notifications/webhooks.ts';

const tag = 'Webhooks';
const list = '/api/orgs/current/webhooks';
const byId = `${list}/{id}`;
const permission = 'settings.change';

const params = z.object({ id: z.string().max(80) });
const chosenKinds = z
  .array(z.enum(kinds))
  .min(1)
  .transform((chosen) => [...new Set(chosen)])
  .describe('What is posted there.');
const url = z
  .string()
  .max(2048)
  .regex(/^\P{Cc}*$/u, 'must not have control characters')
  .describe('Where to: https, with a public address.');

export const webhook = z
  .object({
    id: idOf('webhook'),
    url: z.string().meta({ examples: ['https://hooks.whiterabbit.fake/logout'] }),
    kinds: z.array(z.enum(kinds)),
    active: z.boolean(),
    previousSecretUntil: z.iso
      .datetime()
      .nullable()
      .describe('Until then messages are signed with the secret before too.')
      .meta({ examples: [null] }),
    lastDeliveredAt: z.iso.datetime().nullable().describe('When it took a message last, of its latest 1,000.'),
    dead: z.int().describe('How many of its latest 1,000 messages could not be delivered.'),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' });
export const webhookWithSecret = webhook
  .extend({
    secret: z
      .string()
      .describe('Verifies the signatures (Standard Webhooks). It is not shown again.')
      .meta({ examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] }),
  })
  .meta({ id: 'WebhookWithSecret' });
export const webhookList = z.object({ items: z.array(webhook) }).meta({ id: 'WebhookList' });
const newWebhook = z
  .strictObject({ url, kinds: chosenKinds, active: z.boolean().default(true) })
  .meta({ id: 'NewWebhook' });
const webhookChanges = z
  .strictObject({ url: url.optional(), kinds: chosenKinds.optional(), active: z.boolean().optional() })
  .meta({ id: 'WebhookChanges' });
export const webhookTest = z.object({ delivery: idOf('delivery') }).meta({ id: 'WebhookTest' });

/** Webhooks: receivers of the org's choice get its notifications, signed (Standard Webhooks). */
export function webhookOperations(deps: { webhooks: Webhooks; webhookFetch: GuardedFetch }): readonly Operation[] {
  const { webhooks, webhookFetch } = deps;

  /** The URL in the spelling by which it will be called. */
  const checkedUrl = (value: string): string => {
    try {
      webhookFetch.check(value);
      return new URL(value).href;
    } catch (error) {
      if (error instanceof GuardedFetchError) throw wrongUrl(error);
      throw error;
    }
  };

  return [
    operation({
      method: 'get',
      path: list,
      id: 'listWebhooks',
      tag,
      summary: 'The webhooks',
      permission,
      success: { status: 200, description: 'All of them.', schema: webhookList },
      handle: async ({ orgId }) => ({ items: (await webhooks.list(orgId)).map(present) }),
    }),
    operation({
      method: 'post',
      path: list,
      id: 'addWebhook',
      bodyExample: { url: 'https://hooks.acme.example/logout', kinds: ['revocation'] },
      tag,
      summary: 'Add a webhook',
      description:
        'Messages are `{type, timestamp, data}` in JSON, signed as Standard Webhooks has it; `type` is a kind of notification, and `data.count` says how many events it stands for. Any 2xx is success. Anything else is tried again for about a day, under the same `webhook-id`; 410 switches the webhook off.',
      permission,
      body: newWebhook,
      success: { status: 201, description: 'Added; with its secret, this once.', schema: webhookWithSecret },
      problems: ['conflict'],
      handle: async (call) => {
        const input = { ...call.body, url: checkedUrl(call.body.url) };
        const added = await webhooks.add(call.orgId, input, call.by);
        return { ...present(added), secret: added.secret };
      },
    }),
    operation({
      method: 'get',
      path: byId,
      id: 'getWebhook',
      tag,
      summary: 'One webhook',
      permission,
      params,
      success: { status: 200, description: 'The webhook.', schema: webhook },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id } }) => present(found(await webhooks.find(orgId, id))),
    }),
    operation({
      method: 'patch',
      path: byId,
      id: 'changeWebhook',
      bodyExample: { active: false },
      tag,
      summary: 'Change a webhook, or switch it off and on',
      description:
        'What waits for a webhook that is switched off is cancelled when its turn comes; it can be replayed.',
      permission,
      params,
      body: webhookChanges,
      success: { status: 200, description: 'As it is now.', schema: webhook },
      problems: ['not_found'],
      handle: async (call) => {
        const { url } = call.body;
        const input = { ...call.body, url: url === undefined ? undefined : checkedUrl(url) };
        return present(found(await webhooks.change(call.orgId, call.params.id, input, call.by)));
      },
    }),
    operation({
      method: 'delete',
      path: byId,
      id: 'removeWebhook',
      tag,
      summary: 'Remove a webhook, with its log',
      permission,
      params,
      success: { status: 204, description: 'Removed.' },
      problems: ['not_found'],
      handle: async (call) => {
        found((await webhooks.remove(call.orgId, call.params.id, call.by)) || null);
      },
    }),
    operation({
      method: 'post',
      path: `${byId}/secret`,
      id: 'rotateWebhookSecret',
      tag,
      summary: 'Make a new secret',
      description: 'For a day messages carry two signatures, by the new secret and by the one before.',
      permission,
      params,
      success: { status: 200, description: 'With its new secret, this once.', schema: webhookWithSecret },
      problems: ['not_found'],
      handle: async (call) => {
        const rotated = found(await webhooks.rotateSecret(call.orgId, call.params.id, call.by));
        return { ...present(rotated), secret: rotated.secret };
      },
    }),
    operation({
      method: 'post',
      path: `${byId}/test`,
      id: 'testWebhook',
      tag,
      summary: 'Send a message of the type `test`',
      permission,
      params,
      success: {
        status: 202,
        description: 'It is on its way; its delivery tells what becomes of it.',
        schema: webhookTest,
      },
      problems: ['not_found', 'conflict'],
      handle: async (call) => ({
        delivery: found(await webhooks.sendTest(call.orgId, call.params.id, call.by)),
      }),
    }),
  ];
}

function found<T>(value: T | null): T {
  if (value === null) throw new AppError('not_found', 'Your organisation has no such webhook.');
  return value;
}

function present(row: WebhookRow) {
  const { id, url, kinds, active, previousSecretUntil, lastDeliveredAt, dead, createdAt, updatedAt } = row;
  return { id, url, kinds, active, previousSecretUntil, lastDeliveredAt, dead, createdAt, updatedAt };
}

const wrongUrl = ({ message, says }: GuardedFetchError) =>
  new AppError('invalid_request', (texts) => texts.answers.wrongUrl({ why: says(texts) }), {
    errors: [{ pointer: '#/url', detail: message, says }],
  });
