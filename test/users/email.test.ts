import { describe, expect, it, test } from 'vitest';
import {
  domainKey,
  emailDomain,
  emailKey,
  emailProblems,
  isInternational,
  problemOfNamed,
  readEmail,
  userNameKey,
} from '../../src/users/email.ts';

describe('emailKey', () => {
  it.each([
    ['Trinity@WhiteRabbit.fake', 'trinity@whiterabbit.fake'],
    ["o'neil+x@x.de", "o'neil+x@x.de"],
    ['a..b@x.de', 'a..b@x.de'],
    ['a@MÜNCHEN.de', 'a@xn--mnchen-3ya.de'],
    ['a@mu\u0308nchen.de', 'a@xn--mnchen-3ya.de'],
    ['a@xn--mnchen-3ya.de', 'a@xn--mnchen-3ya.de'],
    ['a@x.рф', 'a@x.xn--p1ai'],
    ['a@faß.de', 'a@xn--fa-hia.de'],
    ['JÜRGEN@x.de', 'jürgen@x.de'],
    ['Ju\u0308rgen@MÜNCHEN.de', 'jürgen@xn--mnchen-3ya.de'],
    // Each letter is its own: `ß` isn't `ss`, `ı` isn't `i`.
    ['Straße@x.de', 'straße@x.de'],
    ['STRA\u1e9eE@x.de', 'straße@x.de'],
    ['ışık@x.de', 'ışık@x.de'],
    ['ΟΔΟΣ@x.gr', 'οδοσ@x.gr'],
    ['οδος@x.gr', 'οδοσ@x.gr'],
    ['οδοσ@x.gr', 'οδοσ@x.gr'],
    ['Пётр.1@x.рф', 'пётр.1@x.xn--p1ai'],
    ['म\u095cन@x.de', 'म\u0921\u093cन@x.de'],
    ['山田タロウ-x@x.jp', '山田タロウ-x@x.jp'],
    ['漢ㄅa@x.tw', '漢ㄅa@x.tw'],
    ['kim김漢@x.kr', 'kim김漢@x.kr'],
    ['שלום@x.il', 'שלום@x.il'],
    [' \t\u00a0\ufeff\u3000A@x.de\r\n', 'a@x.de'],
    [`${'a'.repeat(100)}@x.de`, `${'a'.repeat(100)}@x.de`],
    [`${'ü'.repeat(32)}@x.de`, `${'ü'.repeat(32)}@x.de`],
  ])('%j is found by %s', (address, key) => {
    expect(readEmail(address)).toEqual({ key, problem: null });
    expect(emailKey(key)).toBe(key);
    expect(emailDomain(address)).toBe(key.split('@')[1]);
    expect(problemOfNamed(address)).toBeNull();
  });

  it.each([
    ['a number', 'form', 7],
    ['nothing', 'form', undefined],
    ['blanks alone', 'form', ' \u00a0'],
    ['a word', 'form', 'trinity'],
    ['no local part', 'form', '@example.com'],
    ['quotes', 'quoted', '"a"@example.com'],
    ['a quoted blank', 'quoted', '"a b"@example.com'],
    ['a quoted @', 'quoted', '"a@b"@example.com'],
    ['quotes within', 'quoted', 'a."b"@example.com'],
    ['two @', 'character', 'a@b@example.com'],
    ['a comma', 'character', 'a,b@example.com'],
    ['a symbol', 'character', 'a☃@example.com'],
    ['a curly apostrophe', 'character', 'o’neil@example.com'],
    ['a mark on nothing', 'character', '\u0301a@example.com'],
    ['a blank within', 'invisible', 'ä b@example.com'],
    ['a no-break space within', 'invisible', 'a\u00a0b@example.com'],
    ['a zero width space', 'invisible', 'a@example.com\u200b'],
    ['a zero width joiner', 'invisible', 'ü\u200d@example.com'],
    ['a bidirectional mark', 'invisible', 'a\u202eb@example.com'],
    ['a soft hyphen', 'invisible', 'a@exa\u00admple.com'],
    ['a variation selector', 'invisible', 'a@exam\ufe0fple.com'],
    ['a Hangul filler', 'invisible', 'a\u3164@example.com'],
    ['half a surrogate pair', 'invisible', 'a\ud800@example.com'],
    ['a character of private use', 'invisible', 'a\ue000@example.com'],
    ['an unassigned character', 'invisible', 'a\u0378@example.com'],
    ['the Kelvin sign', 'lookAlike', '\u212aatie@example.com'],
    ['the Kelvin sign in the domain', 'lookAlike', 'a@\u212aelvin.com'],
    ['the Angstrom sign', 'lookAlike', '\u212bsa@example.com'],
    ['full-width letters', 'lookAlike', 'ｔrinity@example.com'],
    ['full-width letters in the domain', 'lookAlike', 'a@ｗhite.fake'],
    ['a full-width @', 'form', 'a＠example.com'],
    ['a ligature', 'lookAlike', '\ufb01n@example.com'],
    ['the long s', 'lookAlike', 'mi\u017fs@example.com'],
    ['a superscript', 'lookAlike', 'a²@example.com'],
    ['İ', 'lookAlike', 'tr\u0130nity@example.com'],
    ['i with a second dot', 'lookAlike', 'tri\u0307nity@example.com'],
    ['i with a second dot behind another mark', 'lookAlike', 'tri\u0323\u0307nity@example.com'],
    ['a Cyrillic letter among Latin ones', 'scripts', 'tr\u0456nity@example.com'],
    ['Latin and Greek', 'scripts', 'aα@example.com'],
    ['Kana and Hangul', 'scripts', 'か김@example.com'],
    ['Latin, Bopomofo and Kana', 'scripts', 'aㄅか@example.com'],
    ['a script of old', 'scripts', '\u{10330}@example.com'],
    ['percent encoding', 'domain', 'a@ex%41mple.com'],
    ['a path', 'domain', 'a@example.com/x'],
    ['a port', 'domain', 'a@example.com:80'],
    ['no dot', 'domain', 'a@localhost'],
    ['an IPv4 address', 'domain', 'a@127.0.0.1'],
    ['short IPv4', 'domain', 'a@127.1'],
    ['a literal address', 'domain', 'a@[127.0.0.1]'],
    ['an empty label', 'domain', 'a@example..com'],
    ['a final dot', 'domain', 'a@example.com.'],
    ['an underscore', 'domain', 'a@ex_ample.com'],
    ['a removed person’s domain', 'removed', ' ghost@DELETED.invalid '],
    ['more than 254 octets of letters of two', 'length', `${'ü'.repeat(125)}@x.de`],
    ['more than 254 octets', 'length', `${'a'.repeat(60)}@${'abcdefg.'.repeat(24)}de`],
  ] as const)('refuses %s (%s)', (_what, problem, address) => {
    expect(readEmail(address)).toEqual({ key: null, problem: emailProblems[problem] });
    expect(emailKey(address)).toBeNull();
    expect(emailDomain(address)).toBeNull();
  });

  test('every character: refused, or a key that is its own key, and never that of another letter', () => {
    const wrong: string[] = [];
    const letters = new Map<string, Set<string>>();
    for (let point = 0; point <= 0x10ffff; point++) {
      const character = String.fromCodePoint(point);
      if (!/\p{Assigned}/u.test(character)) continue;
      for (const local of [character, `x${character}x`]) {
        const key = emailKey(`${local}@x.de`);
        if (key === null || local.trim() !== local) continue;
        if (emailKey(key) !== key || isInternational(key) !== Buffer.byteLength(local) > local.length)
          wrong.push(point.toString(16));
        if (local === character)
          letters.set(key, (letters.get(key) ?? new Set()).add(character.toLowerCase().normalize('NFC')));
      }
    }
    expect(wrong).toEqual([]);
    const shared = [...letters.values()].filter((set) => set.size > 1).map((set) => [...set].sort().join(''));
    expect(shared).toEqual(['ςσ']);
    expect(letters.size).toBeGreaterThan(50_000);
  });

  test('words of any letters: a key is its own key', () => {
    // Letters and marks that change each other's form most, in every order of three.
    const parts = [
      'a',
      'I',
      'Σ',
      'ς',
      'ı',
      'ß',
      '\u1e9e',
      'ü',
      'U\u0308',
      '\u0323',
      '\u0307',
      '\u0345',
      'Ὰ',
      'ϓ',
      'ǆ',
      'Ⱥ',
      'ᾼ',
    ];
    const wrong = parts.flatMap((first) =>
      parts.flatMap((second) =>
        parts
          .map((third) => first + second + third)
          .filter((word) => {
            const key = emailKey(`${word}@x.de`);
            return key !== null && emailKey(key) !== key;
          }),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('names no problem of what is not written as an address', () => {
    expect(problemOfNamed('usr_1')).toBeNull();
    expect(problemOfNamed('a b@x.de')).toBe(emailProblems.invisible);
  });
});

describe('userNameKey', () => {
  it('has one form for one name', () => {
    for (const name of [' JU\u0308RGEN ', 'Jürgen', 'jürgen']) expect(userNameKey(name)).toBe('jürgen');
    for (const name of ['ΟΔΟΣ', 'οδος']) expect(userNameKey(name)).toBe('οδοσ');
  });
});

describe('domainKey', () => {
  it('takes domains, and nothing that only contains one', () => {
    expect(domainKey('WhiteRabbit.FAKE')).toBe('whiterabbit.fake');
    for (const value of ['', 'fake', '*.fake', 'a@b.fake', 'https://b.fake', 'b.fake ', `${'a.'.repeat(130)}fake`])
      expect(domainKey(value)).toBeNull();
  });
});
