import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/audit/canonical-json.ts';

test("writes RFC 8785's own example (§3.2.2 and §3.2.3)", () => {
  const value = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`);
  const written = String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`;
  expect(canonicalJson(value)).toBe(written);
});

test('sorts names by their UTF-16 units, as the example of §3.2.3 does', () => {
  const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
  const value = Object.fromEntries(names.map((name) => [name, name]));
  const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
  expect(Object.keys(JSON.parse(canonicalJson(value)))).toHaveLength(7);
  // Not by way of Object.keys, which puts "1" in front.
  expect([...canonicalJson(value).matchAll(/"([^"]+)":/g)].map(([, name]) => JSON.parse(`"${name}"`))).toEqual(sorted);
});

test.each([
  [0, '0'],
  [-0, '0'],
  [1e21, '1e+21'],
  [9007199254740991, '9007199254740991'],
  [5e-324, '5e-324'],
  [1.7976931348623157e308, '1.7976931348623157e+308'],
  [-1.5, '-1.5'],
])('writes %d as ECMAScript does (appendix B)', (number, written) => {
  expect(canonicalJson(number)).toBe(written);
});

test('changes no text: what looks alike stays two (§3.1), and what is outside of ASCII stays as it is', () => {
  const twins = ['\u00e9', 'e\u0301'];
  expect(canonicalJson(twins)).toBe(`["${twins[0]}","${twins[1]}"]`);
  expect(canonicalJson('\u2028</script>\u007f')).toBe('"\u2028</script>\u007f"');
  expect(canonicalJson({ ключ: '鍵 🗝' })).toBe('{"ключ":"鍵 🗝"}');
});

test.each([[Number.NaN], [Number.POSITIVE_INFINITY], ['\ud800'], [{ '\udc00': 1 }]])(
  'refuses what no JSON of the internet holds: %j',
  (value) => {
    expect(() => canonicalJson(value)).toThrow(/surrogate|NaN|Infinity/i);
  },
);
