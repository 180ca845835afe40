import { describe, expect, it } from 'vitest';
import { domainKey, emailDomain, emailKey } from '../../src/users/email.ts';

describe('emailKey', () => {
  it.each([
    ['Trinity@WhiteRabbit.fake', 'trinity@whiterabbit.fake'],
    ["o'neil+x@x.de", "o'neil+x@x.de"],
    ['a@MÜNCHEN.de', 'a@xn--mnchen-3ya.de'],
    ['a@mu\u0308nchen.de', 'a@xn--mnchen-3ya.de'],
    ['a@xn--mnchen-3ya.de', 'a@xn--mnchen-3ya.de'],
    ['a@x.рф', 'a@x.xn--p1ai'],
    ['a@faß.de', 'a@xn--fa-hia.de'],
  ])('%s is found by %s', (address, key) => {
    expect(emailKey(address)).toBe(key);
    expect(emailDomain(address)).toBe(key.split('@')[1]);
  });

  it.each([
    ['a letter outside ASCII before the @', 'trınity@x.de'],
    ['the Kelvin sign', 'a@\u212Aelvin.com'],
    ['full-width letters', 'a@ｗhite.fake'],
    ['a soft hyphen', 'a@exa\u00admple.com'],
    ['a variation selector', 'a@exam\ufe0fple.com'],
    ['percent encoding', 'a@ex%41mple.com'],
    ['a path', 'a@example.com/x'],
    ['a port', 'a@example.com:80'],
    ['two @', 'a@b@example.com'],
    ['no local part', '@example.com'],
    ['no dot', 'a@localhost'],
    ['an IPv4 address', 'a@127.0.0.1'],
    ['short IPv4', 'a@127.1'],
    ['a literal address', 'a@[127.0.0.1]'],
    ['quotes', '"a"@example.com'],
    ['a line break', 'a@example.com\n'],
    ['spaces', ' a@example.com'],
    ['an empty label', 'a@example..com'],
    ['a final dot', 'a@example.com.'],
    ['an underscore', 'a@ex_ample.com'],
    ['more than 254 characters', `${'a'.repeat(250)}@x.de`],
    ['a number', 7],
    ['nothing', undefined],
  ])('refuses %s', (_what, address) => {
    expect(emailKey(address)).toBeNull();
    expect(emailDomain(address)).toBeNull();
  });

  it('folds only what is the same address: every key is its own key', () => {
    for (const address of ['A.B@Example.COM', 'a@MÜNCHEN.de'])
      expect(emailKey(emailKey(address))).toBe(emailKey(address));
  });
});

describe('domainKey', () => {
  it('takes domains, and nothing that only contains one', () => {
    expect(domainKey('WhiteRabbit.FAKE')).toBe('whiterabbit.fake');
    for (const value of ['', 'fake', '*.fake', 'a@b.fake', 'https://b.fake', 'b.fake ', `${'a.'.repeat(130)}fake`])
      expect(domainKey(value)).toBeNull();
  });
});
