import { html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderCopyable } from './parts.ts';
import type { View } from './screen.ts';
import { receiverOf } from './webhook-form.ts';

/** The secret, this once, and how a receiver checks messages with it. */
export function viewOfSecret(
  texts: Texts,
  webhook: Readonly<{ id: string; url: string; secret: string }>,
  why: 'added' | 'rotated',
): View {
  const words = texts.console.webhooks;
  const page = `/admin/webhooks/${webhook.id}`;
  const code = `import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(WEBHOOK_SECRET);
// ${words.codeComment}
const message = webhook.verify(rawBody, request.headers);`;
  return {
    title: words.secretTitle,
    trail: [
      { label: words.title, href: '/admin/webhooks' },
      { label: receiverOf(webhook), href: page },
    ],
    body: html`<div class="narrow"><h1>${words[`${why}Heading`]}</h1>
<p>${words.onlyNow}</p>
<p class="secret">${renderCopyable(texts, webhook.secret, words.secret)}</p>
${why === 'rotated' && html`<p>${words.oldCounts}</p>`}
<h2>${words.verify}</h2>
<p>${words.verifyText}</p>
<pre tabindex="0"><code>${code}</code></pre>
<p>${words.verifyMore}</p>
<p class="actions"><a class="button" href="${page}">${words.done}</a></p></div>`,
  };
}
