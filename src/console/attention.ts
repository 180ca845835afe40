import type { z } from 'zod';
import type { overview } from '../admin/overview.ts';
import { type Html, html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from '../web/compose.ts';
import { renderMoment } from './parts.ts';

type Attention = z.output<typeof overview>['attention'][number];

/** What an administrator should put right, each with the way there, which says for what it is. */
export function renderAttention(texts: Texts, attention: readonly Attention[]): Html {
  const words = texts.console.overview;
  if (attention.length === 0) return html`<p class="all-well">${words.nothing}</p>`;
  const renderItem = (index: number | string, need: Html, href: string, label: string) =>
    html`<li><p id="need-${index}">${need}</p><a class="button quiet small" id="right-${index}" href="${href}" aria-labelledby="right-${index} need-${index}">${label}</a></li>`;
  return html`<ul class="attention">${attention.map((item, index) => {
    const shown = renderItem(index, renderNeed(texts, item), placeOf(item), words.putRight[item.kind]);
    const more = attention[index + 1]?.kind === item.kind ? 0 : countMore(attention, item);
    if (more === 0) return shown;
    const state = item.kind.replace('account_', '');
    return [shown, renderItem(item.kind, html`${words.more(more)}`, `/admin/accounts?state=${state}`, words.showMore)];
  })}</ul>`;
}

/** Of a kind of shared accounts: those that the overview leaves to their list. */
const countMore = (attention: readonly Attention[], { kind, count }: Attention): number =>
  kind.startsWith('account_') ? (count ?? 0) - attention.filter((other) => other.kind === kind).length : 0;

function renderNeed(texts: Texts, { kind, name, count, at }: Attention): Html {
  const { needs } = texts.console.overview;
  const thing = html`<strong>${name}</strong>`;
  switch (kind) {
    case 'auth_time_missing':
    case 'connection_unproven':
    case 'domain_unverified':
    case 'app_group_gone':
    case 'account_uncertain':
    case 'account_old_works':
      return compose(needs[kind], { name: thing });
    case 'account_manual':
    case 'account_failing':
      return compose(needs[kind], { name: thing, at: at && renderMoment(texts, at) });
    case 'dead_deliveries':
      return html`${needs.dead_deliveries(count ?? 0)}`;
    case 'dead_forwards':
      return compose(needs.dead_forwards, { name: thing, signOuts: texts.console.overview.signOuts(count ?? 0) });
    case 'app_away':
      return compose(needs.app_away, { name: thing, at: at && renderMoment(texts, at) });
    case 'api_key_expires':
      return compose(needs.api_key_expires, { name: thing, at: at && renderMoment(texts, at) });
    default:
      return html`${needs[kind]}`;
  }
}

function placeOf({ kind, id }: Attention): string {
  switch (kind) {
    case 'auth_time_missing':
    case 'connection_unproven':
      return `/admin/settings/connections/${id}`;
    case 'no_caller':
    case 'api_key_expires':
      return '/admin/settings/api-keys';
    case 'domain_unverified':
      return '/admin/settings/domains';
    case 'no_second_owner':
      return '/admin/settings/administrators';
    case 'dead_forwards':
      return `/admin/forwards?${new URLSearchParams({ app: id ?? '', status: 'dead' }).toString()}`;
    case 'app_away':
    // Whoever reads the overview may see the app; its settings are not for everybody.
    case 'app_group_gone':
      return `/admin/apps/${id}`;
    case 'account_uncertain':
    case 'account_old_works':
    case 'account_failing':
    case 'account_manual':
      return `/admin/accounts/${id}`;
    case 'dead_deliveries':
      return '/admin/notifications/undelivered';
    case 'email_unavailable':
      return '/admin/notifications/mail';
  }
}
