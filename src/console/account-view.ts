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

export const renderAccountState = ({ console }: Texts, state: State): Html =>
  renderBadge(console.accounts.states[state], state === 'steady' ? 'good' : isBad(state) ? 'bad' : 'plain');

/** Why it isn't as it should be, above everything else about it. */
export function renderStanding({ console }: Texts, { state, version }: ShownAccount): Html | null {
  const words = console.accounts;
  if (state !== 'steady') {
    const text = words.stateTexts[state];
    return html`<p class="${isBad(state) ? 'warning' : 'notice'}">${text}</p>`;
  }
  return version === null ? html`<p class="notice">${words.noPassword}</p>` : null;
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
  const [unit, length] = units.find(([, size]) => seconds >= size) ?? ['second', 1];
  const words = new Intl.RelativeTimeFormat(texts.language, { numeric: 'auto' });
  const exact = new Date(moment).toISOString();
  const said = words.format(unit === 'second' ? 0 : -Math.floor(seconds / length), unit);
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
