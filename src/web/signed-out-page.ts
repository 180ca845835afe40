import { z } from 'zod';
import { type Html, html } from '../html.ts';
import { safeReturnTo } from '../http/return-to.ts';
import type { Look } from '../orgs/looks.ts';
import type { OwnReason } from '../sessions/own-reasons.ts';
import type { RememberedPerson, SessionEnd } from '../sessions/session-end.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from './compose.ts';
import { renderHelpText, renderWords } from './help-text.ts';
import { renderMark } from './mark.ts';
import { renderPage } from './page.ts';
import { renderScriptWords } from './script-words.ts';

/** A closed list: no other word of the query is shown, or a link could put words in our mouth. */
const reasons = ['revoked', 'ended', 'displaced', 'expired', 'none'] as const;
type Reason = (typeof reasons)[number];

const query = z.object({
  reason: z.enum(reasons).optional().catch(undefined),
  /** The IdP passes this on when a browser comes back from signing out there too. */
  state: z.literal('ended').optional().catch(undefined),
  at: z.iso.datetime({ offset: true }).optional().catch(undefined),
  /** The page that the browser was at. */
  returnTo: z
    .unknown()
    .optional()
    .transform((value) => safeReturnTo(value)),
});

type Options = Readonly<{
  now: Date;
  signedIn: boolean;
  /** How the session of this very browser ended. No other browser reads anything of it. */
  end?: SessionEnd | undefined;
  look?: Look | null;
}>;

/** Says the reason, from a closed list. The moment is in UTC; the browser makes it local time. */
export function renderSignedOut(texts: Texts, rawQuery: unknown, { now, signedIn, end, look }: Options): string {
  const words = texts.signedOut;
  const asked = readQuery(rawQuery, now);
  const { reason, moment } = end ? { reason: reasonOf(end), moment: end.at } : asked;
  const { title } = words[reason];
  // Who has just signed out is not named, even if the session was revoked before.
  const person = asked.reason === 'ended' ? undefined : end?.person;
  return renderPage({
    texts,
    title,
    scripts: ['words.js', 'local-time.js'],
    lights: 'out',
    look,
    body: html`<div class="card message">
${renderMark({ lights: 'out', large: true })}
<h1>${title}${moment && html` ${renderMoment(words, moment)}`}</h1>
${
  signedIn
    ? html`<p>${words.signedInSince}</p>
<p class="actions"><a class="button" href="/todos">${words.toList}</a></p>`
    : html`${
        person &&
        html`<p class="whose">${words.wasSignedInAs({ person: person.email, org: person.orgName })}</p>
`
      }${end?.reason && renderReason(words, { ...end, reason: end.reason })}
<p>${textOf(words, reason, end)}</p>
${renderHelpText(texts, end?.helpText) || (end?.code === 'session_revoked' && html`<p>${words.ask}</p>`)}
<p class="actions">${renderWaysBack(texts, asked.returnTo, person, end?.switchedOff ?? false)}</p>`
}
${renderScriptWords(words.script)}
</div>`,
  });
}

function renderWaysBack(
  texts: Texts,
  returnTo: string | null,
  person: RememberedPerson | undefined,
  switchedOff: boolean,
): Html {
  const { signInAgain, signInAgainAs, signInAsSomebodyElse } = texts.signedOut;
  const page = returnTo === null ? '/' : `/?${new URLSearchParams({ returnTo })}`;
  if (switchedOff) return html`<a class="button" href="/">${texts.afterRefusal.anotherAddress}</a>`;
  if (!person) return html`<a class="button" href="${page}">${signInAgain}</a>`;
  return html`<a class="button" href="${startOf(person, returnTo)}">${signInAgainAs(person)}</a>
<a class="button quiet" href="${page}">${signInAsSomebodyElse}</a>`;
}

/** Straight to the identity provider, which is told whom to expect. */
function startOf({ email, orgSlug, connectionId }: RememberedPerson, returnTo: string | null): string {
  const query = new URLSearchParams({ login_hint: email, returnTo: returnTo ?? '/todos' });
  if (connectionId !== null) query.set('connection', connectionId);
  return `/openid/start/${orgSlug}?${query}`;
}

/** An administrator's words are set apart from ours. */
function renderReason(
  words: Texts['signedOut'],
  { reason, ownReason }: { reason: string; ownReason?: OwnReason },
): Html {
  return ownReason ? html`<p>${words.because[ownReason]}</p>` : renderWords(words.reason, reason);
}

/** Whether somebody may return is said only where it is known. */
function textOf(words: Texts['signedOut'], reason: Reason, end: SessionEnd | undefined): string {
  const { text } = words[reason];
  if (end?.removed) return words.because.removed;
  if (end?.switchedOff) return words.switchedOff;
  return end && reason === 'revoked' ? `${text} ${words.mayReturn}` : text;
}

/** The reason of `session_revoked` is `revoked`, and so on. */
export function reasonOf({ code }: SessionEnd) {
  return code.slice('session_'.length) as Exclude<Reason, 'none'>;
}

function readQuery(rawQuery: unknown, now: Date) {
  const { reason, state, at, returnTo } = query.parse(rawQuery);
  const moment = at && Date.parse(at) <= now.getTime() + 60_000 ? new Date(at) : undefined;
  return { reason: reason ?? state ?? 'none', moment, returnTo } as const;
}

function renderMoment(words: Texts['signedOut'], moment: Date): Html {
  const time = html`<time datetime="${moment.toISOString()}">${words.inUtc({ moment })}</time>`;
  return html`<span class="moment">${compose(words.at, { time })}</span>`;
}
