import { html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderPage } from './page.ts';

/** Seconds in which the apps in frames may end their sessions. */
const framesMayTake = 3;

/**
 * Answers a form, and leads on by itself: a redirect would be held to the form's `form-action`.
 * `frames`: pages of apps that hear of the sign-out by being opened.
 */
export function renderOnward(
  texts: Texts,
  { title, href, frames = [] }: { title: string; href: string; frames?: readonly string[] },
): string {
  return renderPage({
    texts,
    title,
    leadsTo: href,
    leadsAfter: frames.length > 0 ? framesMayTake : 0,
    body: html`<div class="card message">
<h1>${title}</h1>
<p class="actions"><a class="button" href="${href}">${texts.frame.goOn}</a></p>
${frames.map((frame) => html`<iframe src="${frame}" hidden title="${new URL(frame).host}"></iframe>\n`)}</div>`,
  });
}
