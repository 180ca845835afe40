import { type Html, html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderBadge } from './parts.ts';

type State = keyof Texts['console']['deliveries']['statuses'];

/** How a delivery stands, and why its last try failed. */
export function renderState(texts: Texts, { status, error }: Readonly<{ status: State; error: string | null }>): Html {
  const kind = ({ delivered: 'good', dead: 'bad', pending: 'plain', cancelled: 'plain' } as const)[status];
  const why = error === null ? null : errorIn(texts, error);
  return html`${renderBadge(texts.console.deliveries.statuses[status], kind)}${why && html`<span class="sub">${why}</span>`}`;
}

/** Why a try failed, in words; a newer node may write a word that isn't known here. */
export function errorIn(texts: Texts, error: string): string {
  const errors: Readonly<Record<string, string>> = texts.console.deliveries.errors;
  return Object.hasOwn(errors, error) ? (errors[error] as string) : error;
}
