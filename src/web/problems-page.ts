import { type ProblemCode, problems } from '../errors.ts';
import { html } from '../html.ts';
import { renderPage } from './page.ts';

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code);
}

/** What a problem's `type` URL leads to (RFC 9457, §3.1.1): what the code means and how to go on. */
export function renderProblem(code: ProblemCode, publicUrl: string): string {
  const { status, title, help } = problems[code];
  return renderPage({
    title,
    body: html`<article class="sheet">
<p class="eyebrow">Problem <code>${code}</code> · HTTP ${status}</p>
<h1>${title}</h1>
<p class="lead">${help}</p>
<p>In an answer its <code>type</code> is <code>${publicUrl}/problems/${code}</code>. The answer’s <code>detail</code> says what was wrong with this very request. Quote its request id when you ask for help: the log holds the rest under it.</p>
<p><a href="/problems">All problems</a></p>
</article>`,
  });
}

export function renderProblems(): string {
  const codes = Object.keys(problems).filter(isProblemCode);
  return renderPage({
    title: 'Problems',
    body: html`<article class="sheet">
<h1>Problems</h1>
<p class="lead">Every refusal is <code>application/problem+json</code> (RFC 9457). Its <code>type</code> leads to one of these pages, and its <code>code</code> never changes.</p>
<dl class="problems">
${codes.map(
  (
    code,
  ) => html`<div><dt><a href="/problems/${code}"><code>${code}</code></a> <span>${problems[code].status}</span></dt>
<dd>${problems[code].title}</dd></div>
`,
)}</dl>
</article>`,
  });
}
