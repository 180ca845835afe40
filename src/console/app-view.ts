import type { z } from 'zod';
import type { app } from '../admin/app-forms.ts';
import { may } from '../api/permissions.ts';
import { AppError } from '../errors.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { formatNumber, renderBadge, renderTabs } from './parts.ts';
import type { Visit } from './screen.ts';

export type ShownApp = z.output<typeof app>;

/** How an app takes a logout, as the console tells them apart. */
export const ways = ['signed-jwt', 'bearer', 'oauth', 'oidc', 'ssf'] as const;
export type Way = (typeof ways)[number];

export const kindOf = (way: Way): 'gtr' | 'oidc' | 'ssf' => (way === 'oidc' || way === 'ssf' ? way : 'gtr');

export function wayOf({ kind, settings }: Pick<ShownApp, 'kind' | 'settings'>): Way {
  if (kind !== 'gtr') return kind;
  const { method } = settings.auth as { method: string };
  return method === 'signed_jwt' ? 'signed-jwt' : method === 'oauth' ? 'oauth' : 'bearer';
}

/** Whether this person may change it: an app that signs people in is for owners. */
export const mayChangeApp = ({ principal }: Visit, { kind }: Pick<ShownApp, 'kind'>): boolean =>
  may(principal.role, kind === 'oidc' ? 'identity.change' : 'apps.change');

/** @throws AppError forbidden, where an administrator opens what is for owners */
export function requireMayChangeApp(visit: Visit, found: Pick<ShownApp, 'kind'>): void {
  if (!mayChangeApp(visit, found)) throw new AppError('forbidden', ({ answers }) => answers.appForOwners);
}

/** Where the app is told; the rest of an address may hold a secret. */
export function hostOf({ settings }: Pick<ShownApp, 'settings'>): string {
  const { endpoint, backchannelLogoutUri, redirectUris, audience } = settings as Partial<
    Record<'endpoint' | 'backchannelLogoutUri' | 'audience', string | null> & { redirectUris: string[] }
  >;
  const address = endpoint ?? backchannelLogoutUri ?? redirectUris?.[0] ?? audience ?? '';
  return URL.canParse(address) ? new URL(address).host : address;
}

/** An app that is away is enabled all the same; nobody sends to one that is off. */
export function renderAppState(texts: Texts, { state, awaySince }: Pick<ShownApp, 'state' | 'awaySince'>): Html {
  const words = texts.console.apps.states;
  if (state === 'enabled' && awaySince !== null) return renderBadge(words.away, 'bad');
  return renderBadge(words[state], state === 'enabled' ? 'good' : state === 'paused' ? 'bad' : 'plain');
}

/** Where counting stops. */
const mostCounted = 10_000;

/** How many forwards of an app wait or are dead, with the way to them. */
export function renderCount(texts: Texts, { id }: Pick<ShownApp, 'id'>, status: 'pending' | 'dead', n: number): Value {
  if (n === 0) return formatNumber(texts, 0);
  const shown = formatNumber(texts, n);
  const query = new URLSearchParams({ app: id, status }).toString();
  return html`<a class="count" href="/admin/forwards?${query}">${n >= mostCounted ? texts.console.apps.orMore({ n: shown }) : shown}</a>`;
}

const tabs = [
  ['apps', '/admin/apps'],
  ['forwards', '/admin/forwards'],
] as const;

/** The apps, and what was passed on to them. */
export function renderAppTabs(texts: Texts, current: (typeof tabs)[number][0]): Html {
  const words = texts.console;
  return renderTabs(
    words.apps.views,
    tabs.map(([name, href]) => ({ label: words[name].title, href, isCurrent: name === current })),
  );
}

/** The ways back from a page of an app. */
export const trailOfApps = ({ console }: Texts, app?: Pick<ShownApp, 'id' | 'name'>) => [
  { label: console.apps.title, href: '/admin/apps' },
  ...(app ? [{ label: app.name, href: `/admin/apps/${app.id}` }] : []),
];
