import { type NotificationRow, present } from './notification.ts';

/** The body of a webhook's POST (Standard Webhooks): nothing secret, and `count` for repeats. */
export function webhookBody(row: NotificationRow): string {
  const { kind, ...data } = present(row);
  return JSON.stringify({
    type: kind,
    timestamp: row.lastAt.toISOString(),
    data: { organization: row.orgId, ...data },
  });
}
