import type { z } from 'zod';
import type { told } from '../admin/told-of-revocation.ts';
import { mostForwardsCounted } from '../downstream/told-apps.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderForwardState, renderType, sayForward, sayType, whyForward } from './forward-state.ts';
import { formatNumber, renderMoment, renderTable } from './parts.ts';
import type { Visit } from './screen.ts';

type Told = z.output<typeof told>;
type ToldApp = Told['apps'][number];

/** Milliseconds: first tries are under way for so long, as a rule. */
const firstTries = 15_000;

/**
 * Milliseconds after which a page looks again at what ended `since`: soon while first tries are under
 * way.
 */
export const lookAgainAfter = (since: string): number =>
  Date.now() - new Date(since).getTime() < firstTries ? 1_000 : 5_000;

/**
 * Whether something of it is still under way, and whether that moves by itself: what a paused app has
 * to hear doesn't.
 */
function standingOf({ apps, planning, webhooks, waiting }: Told) {
  const ofApps = apps.filter(({ status }) => status === 'pending');
  const isMade = !planning && !waiting && !webhooks.some(({ status }) => status === 'pending');
  return {
    isWaiting: !isMade || ofApps.length > 0,
    isMoving: !isMade || ofApps.some(({ appState }) => appState === 'enabled'),
  };
}

/**
 * A receipt that fills in while somebody looks; without a script a link looks again. `since`: when
 * access ended; `beside`: what else moves there.
 */
export function renderLive(
  { texts, req }: Visit,
  {
    toldOf,
    since,
    beside,
  }: Readonly<{ toldOf: Told; since: string; beside?: Readonly<{ again: number | null; said: string }> }>,
  receipt: Html,
): Html {
  const { isWaiting, isMoving } = standingOf(toldOf);
  const again = isMoving ? lookAgainAfter(since) : (beside?.again ?? null);
  const said = [sayPassedOn(texts, toldOf), beside?.said].filter(Boolean).join('; ');
  return html`<div id="receipt" data-said="${said}"${again !== null && html` data-again="${again}"`}>
${(isWaiting || again !== null) && html`<p class="look-again"><a href="${req.originalUrl}">${texts.console.forwards.lookAgain}</a></p>`}
${receipt}</div>`;
}

/** What each app was told of a sign-out. `revocation`: they are all of this one. */
export function renderPassedOn({ texts }: Visit, toldOf: Told, revocation: string | null): Html | null {
  const words = texts.console.forwards;
  const { apps, planning, moreForwards } = toldOf;
  if (apps.length === 0 && !planning) return null;
  return html`<section aria-labelledby="passed-on"><h2 id="passed-on">${words.passedOn}</h2>
${planning && html`<p class="soft">${words.planning}</p>`}
${apps.length > 0 && renderTold(texts, apps, revocation)}
${moreForwards && html`<p class="soft">${words.moreThan({ n: formatNumber(texts, mostForwardsCounted) })}</p>`}
${apps.some(({ status }) => status === 'delivered') && html`<p class="hint">${words.delivered}</p>`}</section>`;
}

/** To its tries; where there are several, to those of this app in this state. */
function placeOf({ forward, app, status }: ToldApp, revocation: string | null): string {
  if (forward !== null) return `/admin/forwards/${forward}`;
  return `/admin/forwards?${new URLSearchParams({ app, status, ...(revocation && { revocation }) }).toString()}`;
}

function renderTold(texts: Texts, apps: readonly ToldApp[], revocation: string | null): Html {
  const words = texts.console.forwards;
  const isOfMany = apps.some(({ forwards }) => forwards > 1);
  return renderTable({
    caption: words.passedOn,
    columns: [words.app, ...(isOfMany ? [words.people] : []), words.status, words.finished],
    rows: apps.map((told, index): readonly Value[] => [
      html`<span class="told"><a id="told-${index}" href="${placeOf(told, revocation)}" aria-labelledby="told-${index} type-${index} state-${index}">${told.appName}</a>${renderType(texts, told, `type-${index}`)}</span>`,
      ...(isOfMany ? [formatNumber(texts, told.forwards)] : []),
      html`<span id="state-${index}">${renderForwardState(texts, told)}</span>`,
      told.at && renderMoment(texts, told.at),
    ]),
  });
}

/** The same for a ticket: a line. */
export function sayPassedOn(texts: Texts, { apps }: Told): string {
  const words = texts.console.forwards;
  return apps
    .map((told) => {
      const why = whyForward(texts, told);
      const status = [sayForward(texts, told), why && `(${why})`].filter(Boolean).join(' ');
      const said = told.forwards > 1 ? words.counted({ n: formatNumber(texts, told.forwards), status }) : status;
      const type = sayType(texts, told.type);
      const app = type === null ? told.appName : words.typeTo({ app: told.appName, type });
      return words.ofApp({ app, said });
    })
    .join('; ');
}
