import { html, toText } from '../html.ts';
import type { Texts } from '../texts/texts.ts';

/** A document for a frame in somebody else's page: it loads nothing, and leads nowhere. */
export function renderFramed(texts: Texts, text: string): string {
  return `<!doctype html>\n${toText(html`<html lang="${texts.language}">
<head>
<meta charset="utf-8">
<title>Universal Logout</title>
<meta name="robots" content="noindex">
</head>
<body><p>${text}</p></body>
</html>
`)}`;
}
