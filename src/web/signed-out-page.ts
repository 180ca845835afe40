import { z } from 'zod';
import { type Html, html } from '../html.ts';
import { renderMark } from './mark.ts';
import { renderPage } from './page.ts';

/** Closed: whatever else stands in the query is never shown, or anyone could put words in our mouth by a link. */
const reasons = {
  revoked: {
    title: 'Your organisation signed you out',
    text: 'Nothing you saved is lost, and you may sign in again at any time.',
  },
  ended: { title: 'You signed out', text: 'This browser no longer has access to your list.' },
  expired: {
    title: 'Your session expired',
    text: 'It was idle for too long or reached its greatest age. Sign in again to go on where you were.',
  },
  none: { title: 'You are signed out', text: 'This browser has no live session.' },
} as const;

const query = z.object({
  reason: z.enum(['revoked', 'ended', 'expired', 'none']).optional().catch(undefined),
  /** What the IdP passes on when a browser comes back from signing out there too. */
  state: z.literal('ended').optional().catch(undefined),
  at: z.iso.datetime({ offset: true }).optional().catch(undefined),
});

/** Says why, from a closed list. The moment is written in UTC; the browser turns it into its own time. */
export function renderSignedOut(rawQuery: unknown, options: { now: Date; signedIn: boolean }): string {
  const { reason, state, at } = query.parse(rawQuery);
  const { title, text } = reasons[reason ?? state ?? 'none'];
  const moment = at && Date.parse(at) <= options.now.getTime() + 60_000 ? new Date(at) : undefined;
  return renderPage({
    title,
    scripts: ['local-time.js'],
    lights: 'out',
    body: html`<div class="card message">
${renderMark({ lights: 'out', large: true })}
<h1>${title}${moment && html` ${renderMoment(moment)}`}</h1>
${
  options.signedIn
    ? html`<p>That session is over. Since then you signed in again in this browser.</p>
<p class="actions"><a class="button" href="/todos">Back to your list</a></p>`
    : html`<p>${text}</p>
<p class="actions"><a class="button" href="/">Sign in again</a></p>`
}
</div>`,
  });
}

function renderMoment(moment: Date): Html {
  const iso = moment.toISOString();
  return html`<span class="moment">at <time datetime="${iso}">${iso.slice(11, 16)} UTC</time></span>`;
}
