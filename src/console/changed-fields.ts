import { AppError } from '../errors.ts';
import { type Html, html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { type Given, textOf, textsOf, type Visit } from './screen.ts';

/**
 * Values of a form's fields as texts, by name. A form carries those that it showed, hidden: so it is
 * known which of them the person changed, and which somebody else has changed meanwhile.
 */
export type Values = Readonly<Record<string, string>>;
/** What was typed; null where it can't be read, which is a change all the same. */
type Typed = Readonly<Record<string, string | null>>;

const nameOf = (name: string) => `was-${name}`;
const wasIn = (given: Given, name: string, now: string): string => given[nameOf(name)]?.[0] ?? now;

/** Whether the person left a field as it was shown. */
export const isLeft = (given: Given, name: string, typed: string | null, now = ''): boolean =>
  typed === wasIn(given, name, now);

/** The hidden fields of a form that shows these values. */
export const shownFields = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [nameOf(name), value]));

/**
 * What a form shows: what its fields hold, and what somebody else made of those that the person
 * changed (`theirs`), to be said beside them. In a form that comes back a field that the person left
 * alone holds what it is now: the next save would undo what somebody else made of it.
 */
export function formOf({ given }: Visit, act: string, typed: Typed, now: Values): { values: Values; theirs: Values } {
  if (textOf(given, 'do') !== act) return { values: now, theirs: {} };
  const values = Object.entries(now).map(([name, value]) => {
    const wanted = typed[name] ?? null;
    return [name, isLeft(given, name, wanted, value) ? value : (wanted ?? '')];
  });
  return { values: Object.fromEntries(values), theirs: readChanges(given, typed, now).theirs };
}

/**
 * The fields that the person changed: only these are saved. `theirs`: those that somebody else has
 * changed meanwhile to something else, with what they are now.
 */
export function readChanges(given: Given, typed: Typed, now: Values): { changes: Values; theirs: Values } {
  const changes: Record<string, string> = {};
  const theirs: Record<string, string> = {};
  for (const [name, value] of Object.entries(now)) {
    const wanted = typed[name] ?? null;
    const was = wasIn(given, name, value);
    if (wanted === was || wanted === value) continue;
    if (value !== was) theirs[name] = value;
    else if (wanted !== null) changes[name] = wanted;
  }
  return { changes, theirs };
}

/**
 * The fields to save. Whoever saves between this look and the change is overwritten, as by two
 * requests to the API; both are on record.
 * @throws AppError conflict where somebody else has changed one of them meanwhile: nothing is saved
 */
export function changesOf({ given, texts }: Visit, typed: Values, now: Values): Values {
  const { changes, theirs } = readChanges(given, typed, now);
  if (Object.keys(theirs).length > 0) throw new AppError('conflict', texts.console.meanwhile.conflict);
  return changes;
}

/** Beside a field: what somebody else made of it, in words; nothing where nobody did. */
export const renderTheirs = ({ console }: Texts, said: string | undefined): Html | null =>
  said === undefined
    ? null
    : html`<p class="theirs">${console.meanwhile.theirs({ value: said || console.meanwhile.nothing })}</p>`;

/**
 * A list that many may change at once: as it is `now`, with what the person added to the shown one
 * and without what they took out. Nobody's change is in anybody's way.
 */
export function mergedList({ given }: Visit, name: string, now: readonly string[]): readonly string[] {
  const chosen = textsOf(given, name);
  const was = textOf(given, nameOf(name)).split(' ');
  const kept = now.filter((value) => chosen.includes(value) || !was.includes(value));
  return [...kept, ...chosen.filter((value) => !was.includes(value) && !kept.includes(value))];
}
