import { type Html, html, toText } from '../html.ts';
import { en } from '../texts/en.ts';
import type { Texts } from '../texts/texts.ts';
import { renderMark } from './mark.ts';

export type Page = Readonly<{
  /** A page whose content is English leaves them out. */
  texts?: Texts;
  /** Before the product's name in the browser's title; nothing personal, since history keeps it. */
  title: string;
  body: Html;
  /** Shown at the right of the header: the signed-in person, the way out. */
  aside?: Html;
  /** Files below /assets, beside the product's own style sheet. */
  styles?: readonly string[];
  /** Files below /assets, loaded as modules; first their imports, which then cost no round trip. */
  scripts?: readonly string[];
  /** Where the browser goes on by itself, at once. */
  leadsTo?: string;
  /** The mark's lights: out on the page about a sign-out. */
  lights?: 'lit' | 'out';
}>;

/** A whole HTML document. Everything in it is escaped; send it with `sendPage`. */
export function renderPage({ texts = en, ...page }: Page): string {
  return `<!doctype html>\n${toText(html`<html lang="${texts.language}">
<head>
<meta charset="utf-8">
<title>${page.title} · Universal Logout</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${page.leadsTo && html`<meta http-equiv="refresh" content="0; url=${page.leadsTo}">\n`}<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
${(page.styles ?? []).map((file) => html`<link rel="stylesheet" href="/assets/${file}">\n`)}${(page.scripts ?? []).map((file) => html`<script type="module" src="/assets/${file}"></script>\n`)}</head>
<body>
<a class="skip" href="#content">${texts.frame.skip}</a>
<header class="bar">
<a class="brand" href="/">${renderMark({ lights: page.lights ?? 'lit' })}<span>Universal Logout</span></a>
${page.aside}
</header>
<main id="content" tabindex="-1">
${page.body}
</main>
<footer>${texts.frame.footer}</footer>
</body>
</html>
`)}`;
}
