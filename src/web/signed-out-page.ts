import { z } from 'zod';
import { type Html, html } from '../html.ts';
import { safeReturnTo } from '../http/return-to.ts';
import type { RememberedPerson } from '../sessions/session-end.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from './compose.ts';
import { renderMark } from './mark.ts';
import { renderPage } from './page.ts';
import { renderScriptWords } from './script-words.ts';

/** A closed list: no other word of the query is shown, or a link could put words in our mouth. */
const query = z.object({
  reason: z.enum(['revoked', 'ended', 'expired', 'none']).optional().catch(undefined),
  /** The IdP passes this on when a browser comes back from signing out there too. */
  state: z.literal('ended').optional().catch(undefined),
  at: z.iso.datetime({ offset: true }).optional().catch(undefined),
  /** The page that the browser was at. */
  returnTo: z.unknown().optional().transform(safeReturnTo),
});

/** Says the reason, from a closed list. The moment is in UTC; the browser makes it local time. */
export function renderSignedOut(
  texts: Texts,
  rawQuery: unknown,
  options: {
    now: Date;
    signedIn: boolean;
    /** Whose session this browser holds, dead, where that may be said. */
    person: RememberedPerson | null;
  },
): string {
  const words = texts.signedOut;
  const { reason, state, at, returnTo } = query.parse(rawQuery);
  // Who has just signed out is not named, even if the session was revoked before.
  const person = (reason ?? state) === 'ended' ? null : options.person;
  const { title, text } = words[reason ?? state ?? 'none'];
  const moment = at && Date.parse(at) <= options.now.getTime() + 60_000 ? new Date(at) : undefined;
  return renderPage({
    texts,
    title,
    scripts: ['words.js', 'local-time.js'],
    lights: 'out',
    body: html`<div class="card message">
${renderMark({ lights: 'out', large: true })}
<h1>${title}${moment && html` ${renderMoment(words, moment)}`}</h1>
${
  options.signedIn
    ? html`<p>${words.signedInSince}</p>
<p class="actions"><a class="button" href="/todos">${words.toList}</a></p>`
    : html`<p>${text}</p>
<p class="actions">${person && html`<a class="button" href="${startOf(person, returnTo)}">${words.signInAgainAs(person)}</a> `}<a class="button${person && ' quiet'}" href="${pageOf(returnTo)}">${person ? words.signInAsSomebodyElse : words.signInAgain}</a></p>`
}
${renderScriptWords(words.script)}
</div>`,
  });
}

/** Straight to the identity provider, which is told whom to expect. */
function startOf({ email, orgSlug, connectionId }: RememberedPerson, returnTo: string | null): string {
  const query = new URLSearchParams({ login_hint: email, returnTo: returnTo ?? '/todos' });
  if (connectionId !== null) query.set('connection', connectionId);
  return `/openid/start/${orgSlug}?${query}`;
}

const pageOf = (returnTo: string | null) => (returnTo === null ? '/' : `/?${new URLSearchParams({ returnTo })}`);

function renderMoment(words: Texts['signedOut'], moment: Date): Html {
  const time = html`<time datetime="${moment.toISOString()}">${words.inUtc({ moment })}</time>`;
  return html`<span class="moment">${compose(words.at, { time })}</span>`;
}
