import { type Html, html } from '../html.ts';
import type { Look } from '../orgs/looks.ts';

/** The organisation's colour, in place of the product's: a link to its style sheet. */
export function renderLookStyle({ slug, colour }: Look): Html | false {
  return colour !== null && html`<link rel="stylesheet" href="/orgs/${slug}/look.css">\n`;
}

/** Whose page it is: the organisation's logo, or its name where there is none. */
export function renderWhose({ slug, name, logo }: Look): Html {
  if (!logo) return html`<p class="org-name">${name}</p>`;
  return html`<p class="org-logo"><img src="/orgs/${slug}/logo.png?v=${logo.version}" alt="${name}" width="${logo.width}" height="${logo.height}"></p>`;
}
