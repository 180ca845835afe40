import { type Html, html, type Value } from '../html.ts';
import { eventActions } from '../orgs/event-actions.ts';
import { formOf, isLeft, renderTheirs } from './changed-fields.ts';
import { renderBadge, renderFacts, renderField, renderSelect } from './parts.ts';
import {
  boundsOf,
  hasDefault,
  labelOf,
  type Policy,
  type PolicyField,
  sayValue,
  storedIn,
  typedIn,
  type Unit,
  unitNames,
  unitSizes,
} from './policy-fields.ts';
import { sayProblem } from './say-problem.ts';
import { isChecked, textOf, type Visit } from './screen.ts';
import { fieldOfProblem } from './wrong-fields.ts';

/** What a field shows: its text and unit, and what somebody else made of the policy meanwhile. */
type Shown = Readonly<{ text: string; unit: Unit; theirs: string | undefined; problem?: Value }>;

/** A policy's field in the form `act`, with the value that it was shown with beside it, hidden. */
export function renderPolicyField(visit: Visit, act: string, policy: Policy, asked: PolicyField): Html {
  const isWrong = fieldOfProblem(visit, act, [asked.name]) !== null;
  const shown = {
    ...shownIn(visit, act, policy, asked),
    problem: isWrong && visit.problem && sayProblem(visit.texts, visit.problem),
  };
  const was = html`<input type="hidden" name="was-${asked.name}" value="${storedIn(policy, asked)}">`;
  return html`${was}${renderControl(visit, policy, asked, shown)}${renderTheirs(visit.texts, shown.theirs)}`;
}

function shownIn(visit: Visit, act: string, policy: Policy, asked: PolicyField): Shown {
  const { given, texts } = visit;
  const words = texts.console.authentication;
  const stored = storedIn(policy, asked);
  const now = asked.kind === 'time' ? split(stored, policy.default) : { text: stored, unit: 'seconds' as const };
  if (textOf(given, 'do') !== act) return { ...now, theirs: undefined };
  const typed = readOrNull(() => typedIn(words, policy, asked, given));
  const { [asked.name]: theirs } = formOf(visit, act, { [asked.name]: typed }, { [asked.name]: stored }).theirs;
  if (isLeft(given, asked.name, typed)) return { ...now, theirs };
  const text = asked.kind === 'switch' ? String(isChecked(given, asked.name)) : (given[asked.name]?.[0] ?? '');
  const unit = unitNames.find((name) => name === textOf(given, `${asked.name}-unit`)) ?? 'seconds';
  return { text, unit, theirs: theirs === undefined ? undefined : sayValue(words, policy, asked, theirs) };
}

function readOrNull(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** Seconds in the largest unit that holds them evenly. */
function split(stored: string, standard: Policy['default']): { text: string; unit: Unit } {
  if (stored === '') return { text: '', unit: split(String(standard), standard).unit };
  const seconds = Number(stored);
  const unit = unitNames.findLast((name) => seconds % unitSizes[name] === 0 && seconds >= unitSizes[name]) ?? 'seconds';
  return { text: String(seconds / unitSizes[unit]), unit };
}

function renderControl({ texts }: Visit, policy: Policy, asked: PolicyField, { text, unit, problem }: Shown): Html {
  const words = texts.console.authentication;
  const { name, kind } = asked;
  const { label, hint } = labelOf(words, asked);
  if (kind === 'switch') return renderSwitch(words, asked, text === 'true');
  if (kind === 'event')
    return renderSelect({
      name,
      label,
      value: text,
      options: eventActions.map((value) => ({ value, label: words.eventActions[value] })),
    });
  if (kind === 'initiator')
    return renderSelect({
      name,
      label,
      value: text,
      options: (['true', 'false'] as const).map((value) => ({ value, label: words.rotations[value] })),
    });
  const bounds = policy.bounds && boundsOf(words, asked, policy.bounds);
  if (kind === 'text')
    return renderField({ name, label, hint, value: text, rows: 4, ...(policy.bounds && { most: policy.bounds.max }) });
  const empty =
    hasDefault(policy) &&
    (kind === 'time' ? words.empty({ time: words.time(Number(policy.default)) }) : words.emptyForEver);
  const told = [hint, bounds && words.between(bounds), empty].filter(Boolean).join(' ');
  if (kind === 'amount')
    return html`<div class="short">${renderField({ name, label, hint: told, value: text, inputMode: 'numeric', problem })}</div>`;
  return html`<div class="amount">${renderField({ name, label, hint: told, value: text, inputMode: 'decimal', problem, ...(hasDefault(policy) && { placeholder: split(String(policy.default), null).text }) })}
<select name="${name}-unit" aria-label="${words.unitOf({ what: label })}">${unitNames.map((option) => html`<option value="${option}"${option === unit && html` selected`}>${words.units[option]}</option>`)}</select></div>`;
}

/** A switch, with what it does in either position. */
function renderSwitch(
  words: Visit['texts']['console']['authentication'],
  { name, policy }: PolicyField,
  on: boolean,
): Html {
  const id = `field-${name}`;
  const choice = words.policies[policy] as { label: string; on: string; off: string };
  return html`<div class="switch"><input type="checkbox" role="switch" id="${id}" name="${name}"${on && html` checked`} aria-describedby="${id}-does"><label for="${id}">${choice.label}</label>
<dl id="${id}-does"><div class="is-on"><dt>${words.on}</dt><dd>${choice.on}</dd></div><div class="is-off"><dt>${words.off}</dt><dd>${choice.off}</dd></div></dl></div>`;
}

/** The same for people who may look only. */
export function renderPolicyFacts(
  { texts }: Visit,
  fields: readonly Readonly<{ policy: Policy; asked: PolicyField }>[],
): Html {
  const words = texts.console.authentication;
  return renderFacts(
    fields.map(({ policy, asked }) => {
      const stored = storedIn(policy, asked);
      const value = sayValue(words, policy, asked, stored);
      if (asked.kind !== 'switch') return [labelOf(words, asked).label, value];
      const choice = words.policies[asked.policy] as { on: string; off: string };
      return [
        labelOf(words, asked).label,
        html`${renderBadge(value, stored === 'true' ? 'good' : 'plain')} ${stored === 'true' ? choice.on : choice.off}`,
      ];
    }),
  );
}
