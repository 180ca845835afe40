import type { z } from 'zod';
import type { policies } from '../admin/policies.ts';
import { AppError } from '../errors.ts';
import { knownEventNames } from '../orgs/event-actions.ts';
import { initiators } from '../orgs/rotate-after.ts';
import type { Texts } from '../texts/texts.ts';
import { knownValue } from './known-value.ts';
import { type Given, isChecked, textOf } from './screen.ts';

export type Policy = z.output<typeof policies>['items'][number];
type Words = Texts['console']['authentication'];
type PolicyName = keyof Words['policies'];

/** How a policy is asked for. `event` stands for one security event, `initiator` for one who ends access. */
type Kind = 'switch' | 'time' | 'amount' | 'text' | 'event' | 'initiator';

/** One field of a form: a policy, or one member of it. */
export type PolicyField = Readonly<{
  name: string;
  policy: PolicyName;
  kind: Kind;
  event?: keyof Words['events'];
  initiator?: keyof Words['initiators'];
}>;

const field = (policy: PolicyName, kind: Kind): PolicyField => ({ name: policy, policy, kind });

/** The forms of the page about authentication, each with its fields, in their order. */
export const policySections: Readonly<Record<keyof Words['sections'], readonly PolicyField[]>> = {
  logout: [field('globalLogout', 'switch')],
  browsers: [
    field('sessionIdleSeconds', 'time'),
    field('sessionAbsoluteSeconds', 'time'),
    field('maxSessions', 'amount'),
  ],
  apps: [
    field('grantIdleSeconds', 'time'),
    field('grantAbsoluteSeconds', 'time'),
    field('maxGrants', 'amount'),
    field('refreshGraceSeconds', 'time'),
  ],
  administrators: [field('adminReauthenticationSeconds', 'time')],
  callers: [field('apiKeyCallers', 'switch'), field('jwtCallers', 'switch')],
  people: [field('createUsers', 'switch')],
  events: knownEventNames.map((event) => ({
    name: `event-${event}`,
    policy: 'eventActions',
    kind: 'event',
    event,
  })),
  accounts: initiators.map((initiator) => ({
    name: `rotate-${initiator}`,
    policy: 'rotateAfter',
    kind: 'initiator',
    initiator,
  })),
  record: [field('auditRetentionDays', 'amount'), field('keepNamesOfRemoved', 'switch')],
};

/** Stands on the page about the organisation. */
export const helpTextField = field('helpText', 'text');

export const unitSizes = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 } as const;
export type Unit = keyof typeof unitSizes;
export const unitNames = Object.keys(unitSizes) as Unit[];

/** A policy's value as a form carries it: '' where the default counts. */
export function storedIn(policy: Policy, { event, initiator }: PolicyField): string {
  const { value } = policy;
  if (event) return (value as Record<string, string>)[event] ?? '';
  if (initiator) return String((value as Record<string, boolean>)[initiator]);
  return value === null ? '' : String(value);
}

/** What was typed into a field, in the same form. @throws AppError invalid_request, in words */
export function typedIn(words: Words, policy: Policy, asked: PolicyField, given: Given): string {
  const typed = textOf(given, asked.name);
  if (asked.kind === 'switch') return String(isChecked(given, asked.name));
  if (asked.kind === 'text' || asked.kind === 'event' || asked.kind === 'initiator') return typed;
  if (typed === '' && hasDefault(policy)) return '';
  const { label } = labelOf(words, asked);
  if (typed === '') throw wrong(asked, words.problems.missing({ field: label }));
  const size = asked.kind === 'time' ? (knownValue(unitSizes, textOf(given, `${asked.name}-unit`)) ?? 1) : 1;
  const form = asked.kind === 'time' ? /^\d{1,9}([.,]\d{1,6})?$/ : /^\d{1,9}$/;
  if (!form.test(typed))
    throw wrong(
      asked,
      asked.kind === 'time' ? words.problems.number({ field: label }) : words.problems.whole({ field: label }),
    );
  const value = Math.round(Number(typed.replace(',', '.')) * size);
  const { min, max } = policy.bounds ?? { min: 0, max: Number.MAX_SAFE_INTEGER };
  if (value < min || value > max)
    throw wrong(asked, words.problems.bounds({ field: label, ...boundsOf(words, asked, { min, max }) }));
  return String(value);
}

/** Whether a policy may be left to its default by saying nothing. */
export const hasDefault = ({ name, choices }: Policy): boolean =>
  name !== 'helpText' && choices.some(({ value }) => value === null);

export function labelOf(words: Words, { policy, event, initiator }: PolicyField): { label: string; hint?: string } {
  if (event) return { label: words.events[event] };
  return initiator ? { label: words.initiators[initiator] } : words.policies[policy];
}

/** The least and the greatest value, in words. */
export function boundsOf(words: Words, { kind }: PolicyField, { min, max }: { min: number; max: number }) {
  const say = kind === 'time' ? words.time : (n: number) => String(n);
  return { min: say(min), max: say(max) };
}

/** A stored value, in words. */
export function sayValue(words: Words, policy: Policy, asked: PolicyField, stored: string): string {
  if (asked.kind === 'switch') return stored === 'true' ? words.on : words.off;
  if (asked.kind === 'event') return words.eventActions[stored as keyof Words['eventActions']] ?? stored;
  if (asked.kind === 'initiator') return words.rotations[stored === 'true' ? 'true' : 'false'];
  if (asked.kind === 'text') return stored;
  if (stored === '')
    return asked.kind === 'time' ? words.standard({ time: words.time(Number(policy.default)) }) : words.forEver;
  if (asked.kind === 'time') return words.time(Number(stored));
  const say = { maxSessions: words.browsersAmount, maxGrants: words.appsAmount, auditRetentionDays: words.days };
  return (say[asked.policy as keyof typeof say] ?? String)(Number(stored));
}

/** A change as the API takes it. */
export function toChange({ kind, policy, event, initiator }: PolicyField, stored: string): Record<string, unknown> {
  if (event) return { eventActions: { [event]: stored } };
  if (initiator) return { rotateAfter: { [initiator]: stored === 'true' } };
  if (kind === 'switch') return { [policy]: stored === 'true' };
  if (kind === 'text') return { [policy]: stored === '' ? null : stored };
  return { [policy]: stored === '' ? null : Number(stored) };
}

const wrong = ({ name }: PolicyField, detail: string) => new AppError('invalid_request', detail, { field: name });
