import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Reply, RespError, readReplies } from '../../../src/accounts/connectors/resp.ts';
import { TooLargeError } from '../../../src/accounts/connectors/sockets.ts';

const perByte = (text: string) => [...Buffer.from(text)].map((byte) => Buffer.from([byte]));
function readAll(chunks: readonly Buffer[]): readonly Reply[] {
  const read = readReplies();
  return chunks.flatMap((chunk) => read(chunk));
}

describe('replies', () => {
  const text =
    '+OK\r\n:-12\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n-NOPERM of it\r\n$7\r\na\r\nb\r\nc\r\n' +
    '*3\r\n$5\r\nflags\r\n*2\r\n$2\r\non\r\n*0\r\n$3\r\nÜ!\r\n+after\r\n';
  const expected = [
    'OK',
    -12,
    null,
    null,
    [],
    '',
    new RespError('NOPERM of it'),
    'a\r\nb\r\nc',
    ['flags', ['on', []], 'Ü!'],
    'after',
  ];

  test.each([
    ['at once', [Buffer.from(text)]],
    ['byte by byte', perByte(text)],
  ])('are read %s', (_, chunks) => {
    expect(readAll(chunks)).toEqual(expected);
  });

  test('an error within a list is a part of it', () => {
    expect(readAll([Buffer.from('*2\r\n-ERR no\r\n:1\r\n')])).toEqual([[new RespError('ERR no'), 1]]);
  });
});

test.each([
  ['no type of RESP', 'Go away!\r\n'],
  ['no number', '$many\r\n'],
  ['a negative length', '*-2\r\n'],
  ['lists in lists in lists', '*1\r\n'.repeat(10)],
])('%s is no answer', (_, text) => {
  expect(() => readAll([Buffer.from(text)])).toThrow('no RESP');
});

test.each([
  ['a text', `$999999\r\n${'x'.repeat(16_384)}`],
  ['a line that has no end', `+${'x'.repeat(16_385)}`],
])('%s that is longer than any honest answer is not waited for', (_, text) => {
  expect(() => readAll([Buffer.from(text)])).toThrow(TooLargeError);
});

describe('a server that sends a long list in small pieces', () => {
  afterEach(() => void vi.restoreAllMocks());

  test.each([
    ['of numbers', ':1\r\n'],
    ['of texts', '$1\r\nx\r\n'],
    ['of lists', '*1\r\n:1\r\n'],
  ])('%s: each element is read once', (_, element) => {
    const elements = 2_000;
    const chunks = [Buffer.from('*100000\r\n'), ...Array.from({ length: elements }, () => Buffer.from(element))];
    const searches = vi.spyOn(Buffer.prototype, 'indexOf');
    expect(readAll(chunks)).toEqual([]);
    // Once for each element, and once for the next, which is still to come.
    expect(searches.mock.calls.length).toBeLessThanOrEqual(3 * chunks.length);
  });
});
