import { type Html, html, toText } from '../html.ts';
import { renderMark } from './mark.ts';

export type Page = Readonly<{
  /** Stands before the product's name in the browser's title; nothing personal, history keeps it. */
  title: string;
  body: Html;
  /** Shown at the right of the header: who is signed in, the way out. */
  aside?: Html;
  /** Files below /assets, beside the product's own style sheet. */
  styles?: readonly string[];
  /** Files below /assets, loaded as modules. */
  scripts?: readonly string[];
  /** The mark's lights: out on the page that tells of a sign-out. */
  lights?: 'lit' | 'out';
}>;

/** A whole HTML document. Everything in it is escaped; send it with `sendPage`. */
export function renderPage(page: Page): string {
  return `<!doctype html>\n${toText(html`<html lang="en">
<head>
<meta charset="utf-8">
<title>${page.title} · Universal Logout</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
${(page.styles ?? []).map((file) => html`<link rel="stylesheet" href="/assets/${file}">\n`)}${(page.scripts ?? []).map((file) => html`<script type="module" src="/assets/${file}"></script>\n`)}</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar">
<a class="brand" href="/">${renderMark({ lights: page.lights ?? 'lit' })}<span>Universal Logout</span></a>
${page.aside}
</header>
<main id="content" tabindex="-1">
${page.body}
</main>
<footer>One request signs a person out of everything, at once.</footer>
</body>
</html>
`)}`;
}
