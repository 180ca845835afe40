import { expect, it } from 'vitest';
import { makePassword, passwordRules } from '../../src/accounts/make-password.ts';

const many = (rules: unknown, without?: RegExp) =>
  Array.from({ length: 300 }, () => makePassword(passwordRules.parse(rules), without));

it('is of 32 characters of all classes where nothing else is said', () => {
  for (const password of many({}))
    expect(password).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^a-zA-Z\d])[!-~]{32}$/);
});

it('keeps to the rules', () => {
  const rules = { length: 8, classes: ['digit', 'upper'], leaveOut: '0O1I' };
  for (const password of many(rules)) expect(password).toMatch(/^(?=.*\d)(?=.*[A-Z])[2-9A-HJ-NP-Z]{8}$/);
});

it('leaves out what the connector can not carry, whatever flags its pattern has', () => {
  for (const password of many({ length: 128 }, /[:@/]/g)) expect(password).not.toMatch(/[:@/]/);
});

it('uses each character as often as any other', () => {
  const counts = new Map<string, number>();
  const all = Array.from({ length: 2_000 }, () =>
    makePassword(passwordRules.parse({ length: 100, classes: ['digit'] })),
  ).join('');
  for (const character of all) counts.set(character, (counts.get(character) ?? 0) + 1);
  // 20,000 each; five standard deviations are 671.
  expect([...counts.keys()].sort().join('')).toBe('0123456789');
  for (const count of counts.values()) expect(Math.abs(count - 20_000)).toBeLessThan(1_000);
});

it.each([
  { length: 7 },
  { length: 129 },
  { classes: [] },
  { classes: ['digit'], leaveOut: '7' },
  { leaveOut: '0123456789' },
])('refuses %j', (rules) => {
  expect(passwordRules.safeParse(rules).success).toBe(false);
});
