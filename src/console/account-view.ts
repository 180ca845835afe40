import type { z } from 'zod';
import type { account, accountForReader } from '../admin/account-forms.ts';
import { may } from '../api/permissions.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from '../web/compose.ts';
import type { Place } from './account-place.ts';
import { renderBadge, renderMoment, renderTabs } from './parts.ts';
import type { Visit } from './screen.ts';

export type ShownAccount = z.output<typeof account>;
/** With what the reader may do. */
export type ReadAccount = z.output<typeof accountForReader>;

/** Whether this person changes the account: by their role, or because they manage it. */
export const mayManage = ({ principal }: Pick<Visit, 'principal'>, { right }: Pick<ReadAccount, 'right'>): boolean =>
  right === 'manage' || may(principal.role, 'accounts.change');

/** Whether they read its versions: no role does that. */
export const mayRead = ({ right }: Pick<ReadAccount, 'right'>): boolean => right === 'manage';

type State = ShownAccount['state'];

const isBad = (state: State) => state !== 'steady' && state !== 'rotating';

/** One without a password isn't as it should be: nobody can read any. */
const lacksPassword = ({ state, version }: Pick<ShownAccount, 'state' | 'version'>): boolean =>
  state === 'steady' && version === null;

export function sayAccountState({ console }: Texts, found: Pick<ShownAccount, 'state' | 'version'>): string {
  const words = console.accounts;
  return lacksPassword(found) ? words.noPassword : words.states[found.state];
}

export function renderAccountState(texts: Texts, found: Pick<ShownAccount, 'state' | 'version'>): Html {
  const kind = isBad(found.state) ? 'bad' : found.state === 'steady' && !lacksPassword(found) ? 'good' : 'plain';
  return renderBadge(sayAccountState(texts, found), kind);
}

/** Why it isn't as it should be, above everything else about it. */
export function renderStanding({ console }: Texts, found: ShownAccount): Html | null {
  const { state, connector, administrator } = found;
  const words = console.accounts;
  if (state !== 'steady') {
    const text = words.stateTexts[state];
    return html`<p class="${isBad(state) ? 'warning' : 'notice'}">${text}</p>`;
  }
  // Whoever changes their own password needs the one before; people and administrators don't.
  const needsOld = connector !== 'manual' && administrator === null;
  return lacksPassword(found) ? html`<p class="notice">${words.noPasswordText[needsOld ? 'give' : 'set']}</p>` : null;
}

export const connectorName = ({ console }: Texts, kind: string): string => {
  const names: Readonly<Record<string, string>> = console.accounts.connectors;
  return names[kind] ?? kind;
};

/** Days after which a moment is said by its date. */
const mostDaysAgo = 7;
const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** How long ago something was, exactly on hover; what is long ago has its date. */
export function renderAgo(texts: Texts, moment: string): Html {
  const seconds = Math.max(0, (Date.now() - new Date(moment).getTime()) / 1000);
  if (seconds > mostDaysAgo * 86_400) return renderMoment(texts, moment);
  const unit = units.find(([, size]) => seconds >= size);
  const words = new Intl.RelativeTimeFormat(texts.language, { numeric: 'auto' });
  const exact = new Date(moment).toISOString();
  const said = unit ? words.format(-Math.floor(seconds / unit[1]), unit[0]) : texts.accounts.justNow;
  return html`<time datetime="${exact}" title="${exact}" data-ago>${said}</time>`;
}

export const renderChanged = (texts: Texts, changedAt: string | null): Value =>
  changedAt === null
    ? texts.accounts.noPassword
    : compose(texts.accounts.changed, { ago: renderAgo(texts, changedAt) });

const tabs = [
  ['accounts', '/admin/accounts'],
  ['rotations', '/admin/rotations'],
] as const;

/** The accounts, and the changes of their passwords. */
export function renderAccountTabs({ console }: Texts, current: (typeof tabs)[number][0]): Html {
  const words = console.accounts;
  const labels = { accounts: words.title, rotations: words.rotation.list };
  return renderTabs(
    words.views,
    tabs.map(([name, href]) => ({ label: labels[name], href, isCurrent: name === current })),
  );
}

/** The ways back from a page of an account. */
export const trailOfAccounts = (
  { console }: Texts,
  { root }: Pick<Place, 'root'>,
  account?: Pick<ShownAccount, 'id' | 'name'>,
) => [
  { label: console.accounts.title, href: root },
  ...(account ? [{ label: account.name, href: `${root}/${account.id}` }] : []),
];
