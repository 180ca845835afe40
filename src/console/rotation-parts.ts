import { type Html, html, type Value } from '../html.ts';
import type { Place } from './account-place.ts';
import { renderMoment, renderTable } from './parts.ts';
import {
  renderCause,
  renderDue,
  renderRotationState,
  renderSteps,
  type ShownRotation,
  whyNotYet,
} from './rotation-view.ts';
import type { Visit } from './screen.ts';

/** A rotation's state, with why it isn't further and until when somebody has to do it. */
export function renderHow({ texts }: Visit, rotation: ShownRotation): Html {
  const why = whyNotYet(texts, rotation.error);
  const due = renderDue(texts, rotation);
  return html`${renderRotationState(texts, rotation)}${due && html`<span class="sub">${due}</span>`}${why && html`<span class="sub">${why}</span>`}`;
}

/** What is under way, step by step. `heading`: what stands above each, such as its account. */
export function renderUnderWay(
  visit: Visit,
  rotations: readonly ShownRotation[],
  { place, heading }: Readonly<{ place: Place; heading?: (rotation: ShownRotation) => Html }>,
): Html {
  const words = visit.texts.console.accounts;
  const mayConfirm = ({ state }: ShownRotation) => state === 'manual';
  return html`${rotations.map(
    (rotation) => html`<div class="under-way">${heading?.(rotation)}
<p>${renderHow(visit, rotation)}</p>
${renderSteps(visit.texts, rotation)}
${mayConfirm(rotation) && html`<p class="actions"><a class="button small" href="${place.root}/${rotation.accountId}/confirm" aria-label="${words.confirmOf({ account: rotation.accountName })}">${words.confirm}</a></p>`}</div>`,
  )}`;
}

/** A list of rotations; without `withAccount` it is of one account. */
export function renderRotations(
  visit: Visit,
  rotations: readonly ShownRotation[],
  { place, withAccount }: Readonly<{ place: Place; withAccount: boolean }>,
): Html {
  const { texts } = visit;
  const words = texts.console.accounts;
  const links = place.area !== null;
  return renderTable({
    caption: words.rotationsList,
    columns: [
      ...(withAccount ? [words.name] : []),
      words.at,
      words.rotation.cause,
      words.state,
      words.rotation.promoted,
      words.rotation.finished,
    ],
    rows: rotations.map((rotation): readonly Value[] => [
      ...(withAccount ? [html`<a href="${place.root}/${rotation.accountId}">${rotation.accountName}</a>`] : []),
      renderMoment(texts, rotation.createdAt),
      renderCause(texts, rotation, { links }),
      renderHow(visit, rotation),
      rotation.promotedAt && renderMoment(texts, rotation.promotedAt),
      rotation.finishedAt && renderMoment(texts, rotation.finishedAt),
    ]),
  });
}
