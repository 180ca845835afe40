import type { Pool } from 'pg';
import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { forwardStatuses } from '../downstream/forwards.ts';
import { mostForwardsCounted, readToldApps } from '../downstream/told-apps.ts';
import { AppError } from '../errors.ts';
import { deliveryStatuses } from '../notifications/deliveries.ts';
import { flag, reference } from './forms.ts';

const toldApp = z.object({
  app: idOf('app'),
  appName: z.string().meta({ examples: ['Payroll'] }),
  appState: z
    .enum(['enabled', 'paused', 'disabled'])
    .describe('What waits for a paused app is sent once it is enabled.')
    .meta({ examples: ['enabled'] }),
  type: z
    .string()
    .describe('`logout`, or the short name of a security event.')
    .meta({ examples: ['logout'] }),
  status: z.enum(forwardStatuses).meta({ examples: ['delivered'] }),
  error: z
    .string()
    .nullable()
    .describe('A word, as `Forward` has it. `unknown_there`: the app took it, and knows nobody of this name.')
    .meta({ examples: [null] }),
  forwards: z.int().meta({ examples: [1] }),
  forward: idOf('forward').nullable().describe('Where it is the only one.'),
  at: z.iso.datetime().nullable().describe('When the last of them was settled.'),
});

export const told = z
  .object({
    webhooks: z
      .array(z.object({ status: z.enum(deliveryStatuses).meta({ examples: ['delivered'] }), deliveries: z.int() }))
      .describe('How far the messages to webhooks are. A sign-out that repeats another within a minute tells with it.'),
    waiting: z
      .boolean()
      .describe('Whether messages of it to webhooks are still to be made: then look again in a moment.'),
    apps: z
      .array(toldApp)
      .describe('How far it is passed on: for each app, how many forwards came to the same.')
      .meta({ examples: [[]] }),
    moreForwards: z
      .boolean()
      .describe(`There are more than ${mostForwardsCounted} forwards: so many are counted.`)
      .meta({ examples: [false] }),
    planning: z.boolean().describe('Whether forwards of it are still to be made: then look again in a moment.'),
  })
  .meta({ id: 'ToldOfRevocation' });

/** Which of the org's webhooks and apps were told of a revocation. */
export function toldOperations({ pool }: { pool: Pool }): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path: '/api/orgs/current/revocations/{id}/told',
      id: 'getToldOfRevocation',
      tag: 'Ending access',
      summary: 'Whether the webhooks and the apps of the organisation were told of it',
      description: 'What one app was told of one person is among the forwards, by `revocation`.',
      permission: 'org.read',
      params: z.object({ id: reference }),
      query: z.object({ together: flag.optional().describe('The apps: of all that the same request ended.') }),
      success: { status: 200, description: 'Messages and forwards by their status.', schema: told },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, query: { together = false } }) => {
        const { rows } = await pool.query<Pick<z.output<typeof told>, 'webhooks' | 'waiting'> & { found: boolean }>({
          name: 'revocation-told',
          text: toldSql,
          values: [orgId, id],
        });
        if (!rows[0]?.found) throw new AppError('not_found', 'Your organisation has no revocation of this id.');
        const { webhooks, waiting } = rows[0];
        const { apps, more, planning } = await readToldApps(pool, orgId, id, { together });
        return { webhooks, waiting, apps: [...apps], moreForwards: more, planning };
      },
    }),
  ];
}

// An org has few webhooks: each one's messages of that time are read by an index.
const toldSql = `
  SELECT EXISTS (SELECT FROM revocations WHERE org_id = $1 AND id = $2) AS found,
  EXISTS (SELECT FROM revocations r
          JOIN audit_events e ON e.org_id = r.org_id AND e.target_id = coalesce(r.user_id, r.org_id)
           AND e.at BETWEEN r.created_at AND r.created_at + interval '30 seconds' AND e.detail ->> 'revocation' = r.id
          JOIN outbox o ON o.org_id = e.org_id AND o.event_id = e.id
          WHERE r.org_id = $1 AND r.id = $2
            AND EXISTS (SELECT FROM webhooks w WHERE w.org_id = $1 AND w.active AND 'revocation' = ANY (w.kinds))) AS waiting, coalesce(
    (SELECT jsonb_agg(jsonb_build_object('status', status, 'deliveries', deliveries) ORDER BY status)
     FROM (SELECT d.status, count(*) AS deliveries
           FROM revocations r
           JOIN notifications n ON n.org_id = r.org_id AND n.kind = 'revocation' AND n.target_id = coalesce(r.user_id, r.org_id)
            AND n.created_at BETWEEN r.created_at - interval '2 minutes' AND r.created_at + interval '1 hour'
            AND n.first_at <= r.created_at + interval '30 seconds' AND n.last_at >= r.created_at
           JOIN webhooks w ON w.org_id = r.org_id
           JOIN deliveries d ON d.org_id = r.org_id AND d.webhook_id = w.id AND d.notification_id = n.id
            AND d.created_at BETWEEN r.created_at AND r.created_at + interval '1 hour'
           WHERE r.org_id = $1 AND r.id = $2 GROUP BY d.status) AS counted), '[]') AS webhooks`;
