import type { z } from 'zod';
import type { accountRotation } from '../admin/account-forms.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from '../web/compose.ts';
import { renderBadge, renderMoment } from './parts.ts';

export type ShownRotation = z.output<typeof accountRotation>;
type State = ShownRotation['state'];

const bad: ReadonlySet<State> = new Set(['uncertain', 'old_works', 'manual'] as const);
const settled: ReadonlySet<State> = new Set(['done', 'cancelled'] as const);
/** What changes within seconds, without anybody's doing. */
const moving: ReadonlySet<State> = new Set(['queued', 'candidate', 'set', 'promoted'] as const);

export const isSettled = ({ state }: Pick<ShownRotation, 'state'>): boolean => settled.has(state);

/** Milliseconds after which a page looks again at these; null where nothing moves any more. */
export function lookAgainAt(rotations: readonly Pick<ShownRotation, 'state'>[]): number | null {
  if (rotations.some(({ state }) => moving.has(state))) return 1_000;
  return rotations.every(isSettled) ? null : 10_000;
}

type Shown = Pick<ShownRotation, 'state' | 'promotedAt'>;

/** One that was cancelled after it had set a new password wasn't needless. */
export function sayRotationState({ console }: Texts, { state, promotedAt }: Shown): string {
  const words = console.accounts.rotation;
  return state === 'cancelled' && promotedAt !== null ? words.setAlone : words.states[state];
}

export const renderRotationState = (texts: Texts, rotation: Shown): Html =>
  renderBadge(
    sayRotationState(texts, rotation),
    bad.has(rotation.state) ? 'bad' : rotation.state === 'done' ? 'good' : 'plain',
  );

/** Why the last try came to nothing, in words; a word that has none stands for itself. */
export function whyNotYet({ rotationErrors }: Texts, error: string | null): Value {
  // People change it anyway: that the system can't needs no words.
  if (error === null || error === 'not_supported') return null;
  const words: Readonly<Record<string, string>> = rotationErrors;
  return words[error] ?? html`<code>${error}</code>`;
}

/** Why the password changes, with the ways to what caused it, where the reader has these pages. */
export function renderCause(texts: Texts, found: ShownRotation, { links }: Readonly<{ links: boolean }>): Html {
  const words = texts.console.accounts.rotation;
  const { cause, user, revocationId, revealed } = found;
  const causes: Readonly<Record<string, string>> = words.causes;
  const ofPerson: Readonly<Record<string, (parts: { person: string }) => string>> = words.ofPerson;
  const name = user && (user.name || user.email || words.somebody);
  const person = links && user && html`<a href="/admin/people/${user.id}">${name}</a>`;
  const said = ofPerson[cause];
  const receipt = links && revocationId && html`<a href="/admin/revocations/${revocationId}">${words.receipt}</a>`;
  const more = html`${revealed && html`${words.revealedFirst} `}${receipt}`;
  return html`${person && said ? compose(said, { person }) : (causes[cause] ?? cause)}${(revealed || receipt) && html`<span class="sub">${more}</span>`}`;
}

type Step = Readonly<{
  name: 'asked' | 'made' | 'works' | 'refused';
  is: 'done' | 'now' | 'wait' | 'bad';
  at: string | null;
}>;

/** How far a rotation is: what is done, what is under way, and what should be done and isn't. */
export function stepsOf({
  state,
  candidate,
  createdAt,
  startedAt,
  promotedAt,
  finishedAt,
}: ShownRotation): readonly Step[] {
  const isMade = candidate !== null;
  const isPromoted = promotedAt !== null;
  const isDone = state === 'done';
  const stuck = state === 'uncertain' ? 'bad' : null;
  const under = (isCurrent: boolean) => (isCurrent ? (stuck ?? 'now') : 'wait');
  return [
    { name: 'asked', is: 'done', at: createdAt },
    { name: 'made', is: isMade ? 'done' : under(state !== 'queued'), at: isMade ? startedAt : null },
    { name: 'works', is: isPromoted ? 'done' : under(isMade), at: promotedAt },
    {
      name: 'refused',
      is: isDone ? 'done' : state === 'old_works' ? 'bad' : under(isPromoted),
      at: isDone ? finishedAt : null,
    },
  ];
}

/** The steps as a list, which says itself how far they are. */
export function renderSteps(texts: Texts, found: ShownRotation): Html | null {
  // What people do has no steps of ours.
  if (found.state === 'cancelled' || found.state === 'manual') return null;
  const words = texts.console.accounts.rotation;
  return html`<ol class="rotation-steps" aria-label="${words.stepsList}">${stepsOf(found).map(
    ({ name, is, at }) =>
      html`<li class="${is}"><span class="step-name">${words.steps[name]}</span> <span class="sub">${at ? renderMoment(texts, at) : words.noted[is]}</span></li>`,
  )}</ol>`;
}

/** Until when people have to do it, and whether that is over. */
export function renderDue(texts: Texts, { state, doUntil }: ShownRotation): Value {
  if (state !== 'manual' || doUntil === null) return null;
  const words = texts.console.accounts.rotation;
  const isOver = new Date(doUntil).getTime() < Date.now();
  return compose(isOver ? words.overdue : words.doUntil, { at: renderMoment(texts, doUntil) });
}
