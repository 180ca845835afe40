import { may } from '../api/permissions.ts';
import type { Html } from '../html.ts';
import { renderTabs } from './parts.ts';
import type { Visit } from './screen.ts';

const tabs = [
  { name: 'title', href: '/admin/notifications', permission: 'org.read' },
  { name: 'mail', href: '/admin/notifications/mail', permission: 'org.read' },
  { name: 'webhooks', href: '/admin/webhooks', permission: 'settings.change' },
  { name: 'undelivered', href: '/admin/notifications/undelivered', permission: 'org.read' },
] as const;

/** The ways in which administrators are told, as links from each to the others. */
export function renderNotificationTabs({ texts, principal }: Visit, current: (typeof tabs)[number]['name']): Html {
  const words = texts.console.notifications;
  const theirs = tabs.filter(({ permission }) => may(principal.role, permission));
  return renderTabs(
    words.views,
    theirs.map(({ name, href }) => ({ label: words[name], href, isCurrent: name === current })),
  );
}
