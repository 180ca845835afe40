import { type Html, html } from '../html.ts';
import type { Kind } from '../notifications/kinds.ts';
import type { Texts } from '../texts/texts.ts';
import { renderCheck } from './parts.ts';

/** A box for each kind of notification, named `kinds`, with what the kind is about. */
export function renderKinds(texts: Texts, legend: string, kinds: readonly Kind[], chosen: readonly string[]): Html {
  const words = texts.console.notifications;
  return html`<fieldset class="choices"><legend>${legend}</legend><div class="kinds">${kinds.map((kind) =>
    renderCheck({
      name: 'kinds',
      value: kind,
      label: words.kinds[kind],
      hint: words.kindHints[kind],
      checked: chosen.includes(kind),
    }),
  )}</div></fieldset>`;
}
