import { notificationPage, notificationSettings, notificationState } from '../admin/notifications.ts';
import { html } from '../html.ts';
import { mostUnread } from '../notifications/feed.ts';
import { kinds } from '../notifications/kinds.ts';
import { compose } from '../web/compose.ts';
import { mergedList, shownFields } from './changed-fields.ts';
import { renderKinds } from './kind-choices.ts';
import { renderLinks, renderSentence } from './notification-sentence.ts';
import { renderNotificationTabs } from './notification-tabs.ts';
import type { Use } from './operations.ts';
import { formatNumber, renderBadge, renderEmpty, renderForm, renderMoment, renderPager } from './parts.ts';
import { type Screen, textOf } from './screen.ts';

export function notificationScreens(use: Use): readonly Screen[] {
  const listNotifications = use('listNotifications', notificationPage);
  const readNotifications = use('readNotifications', notificationState);
  const getNotificationSettings = use('getNotificationSettings', notificationSettings);
  const setNotificationSettings = use('setNotificationSettings', notificationSettings);
  return [
    {
      path: '/admin/notifications',
      id: 'showNotifications',
      summary: 'What administrators are told of',
      area: 'notifications',
      async show(visit) {
        const { texts, query } = visit;
        const words = texts.console.notifications;
        const unread = query.unread === 'true';
        const { items, next, unreadCount } = await listNotifications(visit, {
          query: { ...(unread && { unread: 'true' }), ...(query.cursor && { cursor: query.cursor }) },
        });
        const newest = items[0]?.position;
        const list = items.map(
          (item) => html`<li${!item.read && html` class="unread"`}>
<p class="sentence">${!item.read && html`${renderBadge(words.unread)} `}<span id="told-${item.position}">${renderSentence(texts, item)}</span></p>
<p class="sub"><span>${words.kinds[item.kind]}</span> <span>${renderMoment(texts, item.lastAt)}${
            item.count > 1 && html`, ${compose(words.since, { first: renderMoment(texts, item.firstAt) })}`
          }</span> <span>${renderLinks(texts, item, `told-${item.position}`)}</span></p></li>`,
        );
        return {
          title: words.title,
          body: html`<h1>${words.title}</h1>
${renderNotificationTabs(visit, 'title')}
<div id="feed" data-news><div class="bar-of-list">
<nav class="choice" aria-label="${words.filter}"><a href="/admin/notifications"${!unread && html` aria-current="true"`}>${words.all}</a> <a href="/admin/notifications?unread=true"${unread && html` aria-current="true"`}>${words.onlyUnread}</a></nav>
<p class="soft">${
            unreadCount > 0 &&
            (unreadCount < mostUnread
              ? words.unreadNow(unreadCount)
              : words.unreadMany({ n: formatNumber(texts, unreadCount) }))
          }</p>
${
  unreadCount > 0 &&
  query.cursor === undefined &&
  newest !== undefined &&
  renderForm(visit, {
    do: 'read',
    button: words.markRead,
    quiet: true,
    inline: true,
    hidden: { upTo: String(newest) },
  })
}</div>
${
  list.length > 0
    ? html`<ol class="feed" aria-label="${words.list}">${list}</ol>`
    : renderEmpty(
        unread ? words.noneUnread : words.none,
        unread ? { label: words.showAll, href: '/admin/notifications' } : undefined,
      )
}${renderPager(visit, next)}</div>`,
        };
      },
      acts: {
        read: async (visit) => {
          await readNotifications(visit, { body: { upTo: Number(textOf(visit.given, 'upTo')) } });
          return { to: '/admin/notifications', notice: 'markedRead' };
        },
      },
    },
    {
      path: '/admin/notifications/mail',
      id: 'showMailSettings',
      summary: 'What an administrator gets by e-mail',
      area: 'notifications',
      async show(visit) {
        const { texts, principal, given } = visit;
        const words = texts.console.mailSettings;
        const { email, emailAvailable } = await getNotificationSettings(visit);
        const isTyped = textOf(given, 'do') === 'save';
        const chosen: readonly string[] = isTyped ? mergedList(visit, 'kinds', email) : email;
        const form = renderForm(visit, {
          do: 'save',
          button: texts.console.save,
          hidden: shownFields({ kinds: email.join(' ') }),
          content: renderKinds(texts, words.kinds, kinds, chosen),
        });
        return {
          title: words.title,
          body: html`<h1>${words.title}</h1>
${renderNotificationTabs(visit, 'mail')}
<div class="narrow">${!emailAvailable && html`<p class="notice">${words.unavailable}</p>`}
${(emailAvailable || email.length > 0) && html`<p>${words.text({ email: principal.email })}</p>${form}`}</div>`,
        };
      },
      acts: {
        save: async (visit) => {
          const { email } = await getNotificationSettings(visit);
          await setNotificationSettings(visit, { body: { email: mergedList(visit, 'kinds', email) } });
          return { to: '/admin/notifications/mail', notice: 'saved' };
        },
      },
    },
  ];
}
