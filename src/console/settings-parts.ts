import { type Html, html, type Value } from '../html.ts';
import type { View, Visit } from './screen.ts';

/** The way back from a page of the settings. */
export const settingsTrail = ({ texts }: Visit): NonNullable<View['trail']> => [
  { label: texts.console.areas.settings, href: '/admin/settings' },
];

/** A part of the settings: what it is about beside what can be set. */
export function renderSetting({
  id,
  title,
  text,
  content,
}: {
  id: string;
  title: string;
  text?: string;
  content: Value;
}): Html {
  return html`<section class="setting" id="${id}" aria-labelledby="${id}-title"><div class="about"><h2 id="${id}-title">${title}</h2>${text && html`<p class="hint">${text}</p>`}</div>
<div class="sets">${content}</div></section>`;
}

/** Stands beside the button of the form in this part of the page, where it was just saved. */
export const renderSaved = ({ texts, savedIn }: Visit, part: string): Html | false =>
  savedIn === part && html` <span class="saved" role="status">${texts.console.settings.saved}</span>`;
