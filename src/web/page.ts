import { type Html, html, toText } from '../html.ts';
import type { Look } from '../orgs/looks.ts';
import { en } from '../texts/en.ts';
import { languages, type Texts } from '../texts/texts.ts';
import { renderLookStyle, renderWhose } from './look.ts';
import { renderMark } from './mark.ts';

export type Page = Readonly<{
  /** A page whose content is English leaves them out. */
  texts?: Texts;
  /** Before the product's name in the browser's title; nothing personal, since history keeps it. */
  title: string;
  body: Html;
  /** Default: pages, each of which is one column; `own`: one column with the console's tables and forms. */
  kind?: 'console' | 'own';
  /** Where the product's name leads. */
  home?: string;
  /** Stands between the header and the content, or beside the content: a menu. */
  beside?: Html;
  /** Shown at the right of the header: the signed-in person, the way out. */
  aside?: Html | undefined;
  /** Files below /assets, beside the product's own style sheet. */
  styles?: readonly string[];
  /** Files below /assets, loaded as modules; first their imports, which then cost no round trip. */
  scripts?: readonly string[];
  /** Where the browser goes on by itself, at once or after `leadsAfter` seconds. */
  leadsTo?: string;
  leadsAfter?: number;
  /** How the page's organisation looks, once it is known. */
  look?: Look | null | undefined;
  /** The mark's lights: out on the page about a sign-out. */
  lights?: 'lit' | 'out';
}>;

/** A whole HTML document. Everything in it is escaped; send it with `sendPage`. */
export function renderPage({ texts: given, ...page }: Page): string {
  const texts = given ?? en;
  return `<!doctype html>\n${toText(html`<html lang="${texts.language}">
<head>
<meta charset="utf-8">
<title>${page.title} · Universal Logout</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${page.leadsTo && renderLead(page)}<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="preload" href="/assets/fonts/source-sans-3-latin-5.3.1.woff2" as="font" type="font/woff2" crossorigin>
<link rel="preload" href="/assets/fonts/source-serif-4-latin-5.3.1.woff2" as="font" type="font/woff2" crossorigin>
<link rel="stylesheet" href="/assets/style.css">
${page.look && renderLookStyle(page.look)}${(page.styles ?? []).map((file) => html`<link rel="stylesheet" href="/assets/${file}">\n`)}${(page.scripts ?? []).map((file) => html`<script type="module" src="/assets/${file}"></script>\n`)}</head>
<body${page.kind && html` class="${page.kind === 'own' ? 'console own' : page.kind}"`}>
<a class="skip" href="#content">${texts.frame.skip}</a>
<header class="bar">
<a class="brand" href="${page.home ?? '/'}">${renderMark({ lights: page.lights ?? 'lit' })}<span>Universal Logout</span></a>
${page.look && renderWhose(page.look)}
${page.aside}
</header>
${page.beside}
<main id="content" tabindex="-1">
${page.body}
</main>
<footer><p>${texts.frame.footer}</p>${given && renderLanguages(given)}</footer>
</body>
</html>
`)}`;
}

function renderLead({ leadsTo, leadsAfter = 0 }: Omit<Page, 'texts'>): Html {
  return html`<meta http-equiv="refresh" content="${String(leadsAfter)}; url=${leadsTo}">\n`;
}

/** Each language by its own name, so that who reads no other finds it. */
function renderLanguages(texts: Texts): Html {
  return html`
<form method="post" action="/language" class="languages" aria-label="${texts.frame.language}">${languages.map(
    ({ language, frame }) =>
      language === texts.language
        ? html`<span aria-current="true">${frame.languageName}</span>`
        : html`<button name="language" value="${language}" lang="${language}" class="link">${frame.languageName}</button>`,
  )}</form>`;
}
