import { type ProblemCode, problems } from '../errors.ts';
import { html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from './compose.ts';
import { renderPage } from './page.ts';

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code);
}

/** The page at a problem's `type` URL (RFC 9457 §3.1.1): its meaning and the way on, in English. */
export function renderProblem(texts: Texts, code: ProblemCode, publicUrl: string): string {
  const words = texts.problems;
  const { status, title, help } = problems[code];
  return renderPage({
    texts,
    title,
    body: html`<article class="sheet">
<p class="eyebrow">${compose(words.heading, { code: html`<code>${code}</code>`, status })}</p>
<h1 lang="en">${title}</h1>
<p class="lead" lang="en">${help}</p>
<p>${compose(words.inAnAnswer, {
      type: html`<code>type</code>`,
      address: html`<code>${publicUrl}/problems/${code}</code>`,
      detail: html`<code>detail</code>`,
    })}</p>
<p><a href="/problems">${words.all}</a></p>
</article>`,
  });
}

export function renderProblems(texts: Texts): string {
  const words = texts.problems;
  const codes = Object.keys(problems).filter(isProblemCode);
  return renderPage({
    texts,
    title: words.title,
    body: html`<article class="sheet">
<h1>${words.title}</h1>
<p class="lead">${compose(words.every, {
      mediaType: html`<code>application/problem+json</code>`,
      type: html`<code>type</code>`,
      code: html`<code>code</code>`,
    })}</p>
<dl class="problems">
${codes.map(
  (
    code,
  ) => html`<div><dt><a href="/problems/${code}"><code>${code}</code></a> <span>${problems[code].status}</span></dt>
<dd lang="en">${problems[code].title}</dd></div>
`,
)}</dl>
</article>`,
  });
}
