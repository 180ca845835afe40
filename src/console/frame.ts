import type { AppError } from '../errors.ts';
import { type Html, html } from '../html.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Texts } from '../texts/texts.ts';
import { renderPage } from '../web/page.ts';
import { renderAccount, renderPerson } from '../web/person.ts';
import { renderScriptWords } from '../web/script-words.ts';
import { icon, renderProblem, showsProblem } from './parts.ts';
import { sayProblem } from './say-problem.ts';
import type { Screen, View } from './screen.ts';

export type Frame = Readonly<{
  principal: Principal;
  view: View;
  area: NonNullable<Screen['area']>;
  notice: keyof Texts['console']['notices'] | null;
  /** Notifications that the person hasn't read; null: it isn't known. */
  unread: number | null;
  problem: AppError | null;
}>;

/** What all pages share, then what those of each area have of their own. */
const styles = [
  'console.css',
  'console-people.css',
  'console-record.css',
  'console-notifications.css',
  'console-settings.css',
  'console-identity.css',
  'console-apps.css',
  'console-accounts.css',
];

const areas = [
  ['overview', '/admin'],
  ['people', '/admin/people'],
  ['groups', '/admin/groups'],
  ['revocations', '/admin/revocations'],
  ['apps', '/admin/apps'],
  ['accounts', '/admin/accounts'],
  ['record', '/admin/record'],
  ['notifications', '/admin/notifications'],
  ['settings', '/admin/settings'],
] as const;

/** A page of the console: the menu, what was just done, the title, and what the screen shows. */
export function renderConsole(texts: Texts, { principal, view, area, notice, unread, problem }: Frame): string {
  const words = texts.console;
  return renderPage({
    texts,
    title: view.title,
    kind: 'console',
    home: '/admin',
    styles,
    ...leadsOn(view),
    scripts: ['words.js', 'live-session.js', 'console.js', ...(view.scripts ?? [])],
    aside: renderAside(texts, principal, unread),
    beside: html`<nav id="menu" class="menu" popover aria-label="${words.menu}"><ul>${areas.map(
      ([name, href]) =>
        html`<li><a href="${href}"${name === area && html` aria-current="${view.trail ? 'true' : 'page'}"`}>${icon(name)}<span>${words.areas[name]}</span></a></li>`,
    )}</ul></nav>`,
    body: renderContent(texts, { view, notice, problem }),
  });
}

/** A page of the person's own: the same content, without the console's menu. */
export function renderOwn(texts: Texts, { principal, view, notice, problem }: Omit<Frame, 'area' | 'unread'>): string {
  return renderPage({
    texts,
    title: view.title,
    kind: 'own',
    styles,
    ...leadsOn(view),
    scripts: ['words.js', 'live-session.js', 'console.js', ...(view.scripts ?? [])],
    aside: renderPerson(texts, principal, '/accounts'),
    body: renderContent(texts, { view, notice, problem }),
  });
}

const leadsOn = ({ leadsTo }: View) => leadsTo && { leadsTo: leadsTo.href, leadsAfter: leadsTo.after };

/** A form shows its problem itself; where none does, it stands above everything. */
function renderContent(texts: Texts, { view, notice, problem }: Pick<Frame, 'view' | 'notice' | 'problem'>): Html {
  const words = texts.console;
  return html`${
    view.trail &&
    html`<nav class="trail" aria-label="${words.trail}"><ol>${view.trail.map(({ label, href }) => html`<li><a href="${href}">${label}</a></li>`)}</ol></nav>`
  }
${notice && html`<p class="notice" role="status">${words.notices[notice]}</p>`}
${problem && !showsProblem(view.body) && renderProblem(sayProblem(texts, problem))}
${view.body}
<p id="status" class="unseen" role="status"></p>
${renderScriptWords(texts.script, words.script, view.words ?? {})}`;
}

function renderAside(texts: Texts, principal: Principal, unread: number | null): Html {
  const words = texts.console;
  return html`<div class="tools">
<button type="button" class="tool menu-button" popovertarget="menu">${icon('menu')}<span>${words.menu}</span></button>
<a class="tool bell" id="bell" href="/admin/notifications" data-unread="${unread ?? ''}">${icon('notifications')}<span class="unseen">${words.areas.notifications}</span>${unread !== null && unread > 0 && html`<span class="number" id="bell-number"><span class="unseen">${words.unread}</span>${unread > 99 ? '99+' : unread}</span>`}</a>
${renderAccount(texts, principal, '/admin')}
</div>`;
}
