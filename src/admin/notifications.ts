import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readCursor, toPage } from '../api/page.ts';
import { AppError } from '../errors.ts';
import { type Feed, mostUnread } from '../notifications/feed.ts';
import { kinds } from '../notifications/kinds.ts';
import { exampleOfKind, presented } from '../notifications/messages.ts';
import { present } from '../notifications/notification.ts';
import { textsFor } from '../web/language.ts';
import { flag } from './forms.ts';

const tag = 'Notifications';
const here = '/api/orgs/current/notifications';

const notification = presented
  .extend({
    position: z.int().describe('Its place in the feed; a repeat moves it to the end.'),
    read: z.boolean(),
  })
  .meta({ id: 'Notification', examples: [{ ...exampleOfKind('revocation'), position: 42, read: false }] });

const state = {
  unreadCount: z.int().describe(`How many you have not read, ${mostUnread} at most.`),
  readUpTo: z.int().describe('The position up to which you have read.'),
};
export const notificationPage = pageOf(notification).extend(state).meta({ id: 'NotificationPage' });
export const notificationState = z.object(state).meta({ id: 'NotificationState' });
const settings = z.object({ email: z.array(z.enum(kinds)).describe('Kinds that you get by e-mail too.') });
export const notificationSettings = settings
  .extend({ emailAvailable: z.boolean().describe('Whether this deployment can send e-mail.') })
  .meta({ id: 'NotificationSettings' });
const chosenSettings = z.strictObject(settings.shape).meta({ id: 'NotificationSettingsChanges' });

const position = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Notifications in the app: one feed per org, a marker and settings per administrator. */
export function notificationOperations(deps: { feed: Feed; emailAvailable: boolean }): readonly Operation[] {
  const { feed, emailAvailable } = deps;
  return [
    operation({
      method: 'get',
      path: here,
      id: 'listNotifications',
      tag,
      summary: 'What happened that administrators are told of, newest first',
      permission: 'org.read',
      query: z.object({ ...pageQuery, unread: flag.prefault('false') }),
      success: {
        status: 200,
        description: 'A page.',
        schema: notificationPage,
      },
      handle: async ({ orgId, principal, query, req, res }) => {
        const [cursor] = readCursor(query.cursor, 1) ?? [];
        const before = cursor === undefined ? null : position.safeParse(Number(cursor)).data;
        if (before === undefined)
          throw new AppError('invalid_request', '"cursor" is not the `next` of a page of this list.');
        const { limit, unread } = query;
        // The state is read first, so that a notification that comes in between counts as unread.
        const now = await feed.state(orgId, principal.userId);
        const rows = await feed.list(orgId, principal.userId, { before, limit: limit + 1, unread });
        const texts = textsFor(req, res);
        const page = toPage(rows, limit, (row) => [String(row.position)]);
        const items = page.items.map((row) => ({ ...present(row, texts), position: row.position, read: row.read }));
        return { ...page, items, ...now };
      },
    }),
    operation({
      method: 'get',
      path: `${here}/unread-count`,
      id: 'countUnreadNotifications',
      tag,
      summary: 'How many you have not read',
      permission: 'org.read',
      success: { status: 200, description: 'The count.', schema: notificationState },
      handle: ({ orgId, principal }) => feed.state(orgId, principal.userId),
    }),
    operation({
      method: 'post',
      path: `${here}/read`,
      id: 'readNotifications',
      bodyExample: { upTo: 42 },
      tag,
      summary: 'Mark everything up to a position as read, for you',
      permission: 'org.read',
      recent: false,
      body: z.strictObject({ upTo: position.describe('The `position` of the newest one that you have seen.') }),
      success: { status: 200, description: 'What is left.', schema: notificationState },
      handle: async ({ orgId, principal, body }) => {
        await feed.markRead(orgId, principal.userId, body.upTo);
        return feed.state(orgId, principal.userId);
      },
    }),
    operation({
      method: 'get',
      path: `${here}/settings`,
      id: 'getNotificationSettings',
      tag,
      summary: 'What you get by e-mail',
      permission: 'org.read',
      success: { status: 200, description: 'Your settings.', schema: notificationSettings },
      handle: async ({ orgId, principal }) => ({
        email: await feed.emailKinds(orgId, principal.userId),
        emailAvailable,
      }),
    }),
    operation({
      method: 'put',
      path: `${here}/settings`,
      id: 'setNotificationSettings',
      bodyExample: { email: ['revocation', 'role_change'] },
      tag,
      summary: 'Choose what you get by e-mail',
      permission: 'org.read',
      body: chosenSettings,
      success: { status: 200, description: 'Your settings.', schema: notificationSettings },
      problems: ['conflict'],
      handle: async ({ orgId, principal, body }) => {
        if (body.email.length > 0 && !emailAvailable) throw new AppError('conflict', ({ answers }) => answers.noMail);
        await feed.setEmailKinds(orgId, principal.userId, [...new Set(body.email)]);
        return { email: await feed.emailKinds(orgId, principal.userId), emailAvailable };
      },
    }),
  ];
}
