import { type Html, html } from '../html.ts';
import { renderMoment } from './parts.ts';
import type { Visit } from './screen.ts';
import type { ShownEvent } from './sentence-parts.ts';
import { sentenceOf } from './sentences.ts';

/** Events as sentences, in their order, each with its moment. */
export function renderTimeline({ texts, principal }: Visit, events: readonly (ShownEvent & { at: string })[]): Html {
  return html`<ol class="timeline">${events.map(
    (event) =>
      html`<li data-action="${event.action}"><span class="when">${renderMoment(texts, event.at)}</span> <p class="what">${sentenceOf(texts, event, principal.role)}</p></li>`,
  )}</ol>`;
}
