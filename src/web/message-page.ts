import { html } from '../html.ts';
import type { Look } from '../orgs/looks.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from './compose.ts';
import { renderHelpText } from './help-text.ts';
import { renderPage } from './page.ts';

export type MessageAction = Readonly<{ label: string; href: string }>;

export type Message = Readonly<{
  /** Whose sign-in it is, where that is known. */
  organisation?: string | undefined;
  /** What happened, in a few words. */
  title: string;
  /** The meaning and the way on: one paragraph, or several. Never an identity provider's words. */
  text: string | readonly string[];
  /** The organisation's words about whom to turn to. */
  helpText?: string | null | undefined;
  /** The first is the recommended one. */
  actions: readonly MessageAction[];
  /** Shown as the reference to quote to a support desk. */
  requestId?: string | undefined;
  look?: Look | null | undefined;
}>;

/** A page that says what happened and how to go on. Returns the document, for `sendPage`. */
export function renderMessage(texts: Texts, message: Message): string {
  const paragraphs = typeof message.text === 'string' ? [message.text] : message.text;
  return renderPage({
    texts,
    title: message.title,
    look: message.look,
    body: html`<div class="card message">
${
  // The header says it where the page has the organisation's look.
  message.organisation &&
  !message.look &&
  html`<p class="eyebrow">${message.organisation}</p>
`
}<h1>${message.title}</h1>
${paragraphs.map((text) => html`<p>${text}</p>\n`)}${renderHelpText(texts, message.helpText)}${
  message.actions.length > 0 &&
  html`<p class="actions">${message.actions.map(
    (action, index) => html`<a class="button${index > 0 ? ' quiet' : ''}" href="${action.href}">${action.label}</a> `,
  )}</p>`
}
${message.requestId && html`<p class="reference">${compose(texts.frame.reference, { id: html`<code>${message.requestId}</code>` })}</p>`}
</div>`,
  });
}
