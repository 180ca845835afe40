import { html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderPage } from './page.ts';

/** Answers a form, and leads on by itself: a redirect would be held to the form's `form-action`. */
export function renderOnward(texts: Texts, { title, href }: { title: string; href: string }): string {
  return renderPage({
    texts,
    title,
    leadsTo: href,
    body: html`<div class="card message">
<h1>${title}</h1>
<p class="actions"><a class="button" href="${href}">${texts.frame.goOn}</a></p>
</div>`,
  });
}
