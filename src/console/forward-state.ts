import { type Html, html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderBadge } from './parts.ts';

type State = Readonly<{
  status: keyof Texts['console']['forwards']['statuses'];
  error: string | null;
}>;

const kinds = {
  pending: 'plain',
  delivered: 'good',
  dead: 'bad',
  superseded: 'good',
  cancelled: 'good',
  left_out: 'plain',
} as const;

/** The state in a word; somebody whom the app doesn't know was told all the same. */
export const sayForward = ({ console: { forwards } }: Texts, { status, error }: State): string =>
  status === 'delivered' && error === 'unknown_there' ? forwards.unknownThere : forwards.statuses[status];

/** Why it stands so; null where the state says all. */
export function whyForward(texts: Texts, { status, error }: State): string | null {
  if (status === 'superseded') return texts.console.forwards.supersededText;
  return error === null || status === 'delivered' ? null : forwardErrorIn(texts, error);
}

/** A word of the forwarder, in words; a newer node may write one that isn't known here. */
export function forwardErrorIn(texts: Texts, error: string): string {
  const errors: Readonly<Record<string, string>> = texts.console.forwards.errors;
  return Object.hasOwn(errors, error) ? (errors[error] as string) : error;
}

export function renderForwardState(texts: Texts, state: State & Readonly<{ httpStatus?: number | null }>): Html {
  const why = whyForward(texts, state);
  const { status, httpStatus } = state;
  const said =
    why !== null && status === 'dead' && typeof httpStatus === 'number'
      ? texts.console.forwards.refusedWith({ why, status: String(httpStatus) })
      : why;
  return html`${renderBadge(sayForward(texts, state), kinds[state.status])}${said && html`<span class="sub">${said}</span>`}`;
}

/** What is said of a sign-out, where that isn't all: a security event has a name. */
export function sayType(texts: Texts, type: string): string | null {
  const types: Readonly<Record<string, string>> = texts.console.forwards.types;
  return type === 'logout' ? null : (types[type] ?? type);
}

export const renderType = (texts: Texts, { type }: Readonly<{ type: string }>, id: string): Html =>
  html`<span id="${id}" class="sub">${sayType(texts, type)}</span>`;

/** What is told of a shared account, and of nobody. */
export const isOfAccount = ({ type }: Readonly<{ type: string }>): boolean => type === 'credential-change';

/** What a stream of events tells of itself, and of nobody. */
export const isOfStream = ({ type }: Readonly<{ type: string }>): boolean =>
  type === 'verification' || type === 'stream-updated';
