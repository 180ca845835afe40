import { type Html, html } from '../html.ts';

const steps = [4, 12, 20] as const;

/** The product's mark, the nine windows of a house: all are lit, or all are out. */
export function renderMark(options: { lights: 'lit' | 'out'; large?: boolean }): Html {
  return html`<svg class="mark ${options.lights}${options.large ? ' large' : ''}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${steps.map(
    (y) => steps.map((x) => html`<rect x="${x - 2.5}" y="${y - 2.5}" width="5" height="5" rx="1.4"/>`),
  )}</svg>`;
}
