import { describe, expect, it } from 'vitest';
import { actions, calledEndpoints } from '../../src/audit/actions.ts';
import type { ShownEvent } from '../../src/console/sentence-parts.ts';
import { sentenceOf } from '../../src/console/sentences.ts';
import type { Role } from '../../src/database/generated/client.ts';
import { toText } from '../../src/html.ts';
import { refusals } from '../../src/sign-in/refusal.ts';
import { de } from '../../src/texts/de.ts';
import { en } from '../../src/texts/en.ts';
import { hardCodedWords, pseudo } from '../support/pseudo-language.ts';

const neo = { type: 'user', id: 'usr_neo', name: 'Neo', email: 'neo@whiterabbit.fake' } as const;
const trinity = { type: 'user', id: 'usr_trinity', name: 'Trinity', email: 'trinity@whiterabbit.fake' } as const;
const okta = { type: 'connection', id: 'con_okta', name: 'Okta', email: null } as const;
const key = { type: 'api_key', id: 'key_flows', name: 'Flows', email: null } as const;

const eventOf = (given: Partial<ShownEvent>): ShownEvent => ({
  action: 'role.changed',
  actor: neo,
  target: trinity,
  reason: null,
  detail: {},
  ...given,
});
const markupOf = (given: Partial<ShownEvent>, texts = en, role: Role = 'owner') =>
  toText(sentenceOf(texts, eventOf(given), role));
const plain = (markup: string) => markup.replaceAll(/<[^>]*>/g, '');

describe('a sentence', () => {
  it('names who did it and to whom, with the way to both, and to the revocation', () => {
    const detail = { revocation: 'rev_1', initiator: 'admin', sessionsEnded: 2, grantsEnded: 1 };
    const markup = markupOf({ action: 'access.revoked', reason: 'Left the <ship>', detail });
    expect(plain(markup)).toBe(
      'Neo signed Trinity out everywhere: 2 browsers and 1 app. Reason: “Left the &lt;ship&gt;”',
    );
    expect(markup).toContain('<a href="/admin/people/usr_neo">Neo</a>');
    expect(markup).toContain('<a href="/admin/people/usr_trinity">Trinity</a>');
    expect(markup).toContain('<a href="/admin/revocations/rev_1">2 browsers and 1 app</a>');
  });

  it('says that a name is erased, and leads to what is left of them', () => {
    const markup = markupOf({
      target: { ...trinity, name: null, email: null },
      detail: { from: 'member', to: 'owner' },
    });
    expect(plain(markup)).toBe('Neo changed the role of (name erased) from Member to Owner');
    expect(markup).toContain('<a href="/admin/record?person=usr_trinity">(name erased)</a>');
    expect(plain(markupOf({ action: 'sign_in.succeeded', actor: { ...neo, name: null, email: null } }))).toBe(
      '(name erased) signed in',
    );
  });

  it('leads to each revocation that changed a password, and says how many more there were', () => {
    const detail = { name: 'Radar', version: 3, cause: 'revocation', revocation: 'rev_1' };
    const of = (more: object) =>
      markupOf({ action: 'account.rotated', target: { ...okta, type: 'account' }, detail: { ...detail, ...more } });
    expect(of({})).toContain('<a href="/admin/revocations/rev_1">the access of somebody');
    const several = of({ revocations: 'rev_1 rev_2', causes: 5 });
    expect(plain(several)).toMatch(/the access of somebody who may use it ended \(rev_1, rev_2 and 3 more\)$/);
    expect(several).toContain('<a href="/admin/revocations/rev_2"><code>rev_2</code></a>');
    expect(plain(of({ revocations: 'rev_1 rev_2', causes: 2 }))).toMatch(/\(rev_1, rev_2\)$/);
  });

  it('says what ended a right to a shared account that nobody took away', () => {
    const of = (detail: Partial<ShownEvent>['detail'], texts = en) =>
      markupOf(
        {
          action: 'account.right_ended',
          actor: key,
          target: { ...okta, type: 'account', id: 'acc_1' },
          detail: { name: 'Radar', right: 'use', ...detail },
        },
        texts,
      );
    expect(plain(of({ user: 'usr_neo' }))).toBe(
      'The API key Flows took from somebody the right to use the shared account Radar',
    );
    const off = of({ user: 'usr_neo', cause: 'person_off', revocation: 'rev_1' });
    expect(plain(off)).toBe(
      'The API key Flows switched somebody off (the revocation), which ended the right to use the shared account Radar',
    );
    expect(off).toContain('<a href="/admin/people/usr_neo">somebody</a>');
    expect(off).toContain('<a href="/admin/revocations/rev_1">the revocation</a>');
    const left = of({ user: 'usr_neo', group: 'grp_1', cause: 'group_left' });
    expect(plain(left)).toMatch(/took somebody out of a group \(the group\), which ended the right/);
    expect(left).toContain('<a href="/admin/groups/grp_1">the group</a>');
    expect(plain(of({ people: 300, group: 'grp_1', cause: 'group_left' }))).toMatch(/took 300 people out of a group/);
    expect(plain(of({ people: 1, group: 'grp_1', cause: 'group_removed' }))).toMatch(
      /removed a group of 1 person, which ended its right to use/,
    );
    expect(plain(of({ people: 2, cause: 'group_removed' }, de))).toBe(
      'Der API-Schlüssel Flows hat eine Gruppe entfernt (2 Personen) und damit ihr Recht beendet, das gemeinsame Konto Radar zu benutzen',
    );
  });

  it('says what came of a shared account in words, and a word without any as it is', () => {
    const account = { type: 'account', id: 'acc_lights', name: 'Lights', email: null } as const;
    const said = (action: ShownEvent['action'], detail: ShownEvent['detail']) =>
      plain(markupOf({ action, target: account, detail }));
    expect(said('account.tested', { result: 'refused' })).toMatch(/: its password is refused$/);
    expect(said('account.reconciled', { result: 'found' })).toMatch(/: one of them signs in$/);
    expect(said('account.rotation_uncertain', { error: 'timeout' })).toMatch(/: the system did not answer in time$/);
    expect(said('account.rotation_uncertain', { name: 'Lights', error: 'timeout', unset: true })).toBe(
      'The password of the shared account Lights can’t be changed, and what signed in before still does: the system did not answer in time',
    );
    expect(said('account.administrator_known', { name: 'Lights', user: 'usr_1' })).toMatch(
      /^The password of the administrator of the shared account Lights was given by somebody, whose access ended/,
    );
    expect(said('account.old_works', { version: 2 })).toMatch(/, but the old one still signs in$/);
    expect(said('account.old_works', { version: 2, error: 'unproven' })).toMatch(
      /, and the old one is not known to be refused$/,
    );
    expect(said('account.tested', { result: 'of_tomorrow' })).toMatch(/: of_tomorrow$/);
  });

  it('calls somebody without a name by their address', () => {
    expect(plain(markupOf({ action: 'user.activated', target: { ...trinity, name: '' } }))).toBe(
      'Neo switched trinity@whiterabbit.fake on',
    );
  });

  it('tells what somebody ended of their own from what was ended', () => {
    const detail = { revocation: 'rev_1', sessionsEnded: 0, grantsEnded: 0 };
    const own = markupOf({ action: 'access.revoked', target: neo, detail });
    expect(plain(own)).toBe('Neo signed out everywhere: nothing was signed in');
    const session = markupOf({ action: 'access.revoked', detail: { ...detail, session: 'ses_1' } });
    expect(plain(session)).toBe('Neo ended one session of Trinity (the revocation)');
  });

  it('tells reading a password from leading the account elsewhere, whoever did it', () => {
    const target = { type: 'account', id: 'acc_1', name: null, email: null } as const;
    const operator = { type: 'operator', id: null, name: null, email: null } as const;
    const told = (actor: ShownEvent['actor'], detail: ShownEvent['detail']) =>
      plain(
        markupOf({ action: 'account.revealed', target, actor, detail: { name: 'Reports', version: 2, ...detail } }),
      );
    for (const [actor, who] of [
      [neo, 'Neo'],
      [operator, 'The operator'],
    ] as const) {
      expect(told(actor, {})).toBe(`${who} read the password of the shared account Reports (version 2)`);
      expect(told(actor, { led: true })).toBe(
        `${who} led the shared account Reports elsewhere, where its password is sent (version 2), and so counts as having read it`,
      );
    }
  });

  it('leads to a webhook only whoever may open it', () => {
    const ofWebhook = { action: 'webhook.added', target: { ...trinity, type: 'webhook', id: 'whk_1' } } as const;
    expect(markupOf(ofWebhook, en, 'super_admin')).toContain('href="/admin/webhooks/whk_1"');
    expect(markupOf(ofWebhook, en, 'admin')).not.toContain('href="/admin/webhooks/');
  });

  it('escapes whatever others have written', () => {
    const hostile = { ...trinity, name: '<img src=x>' };
    expect(markupOf({ target: hostile, actor: hostile })).not.toContain('<img');
    const detail = { explanation: '<b>', policy: '<b>', before: '<b>', changed: '<b>', domain: '<b>', client: '<b>' };
    for (const action of actions) expect(markupOf({ action, detail })).not.toContain('<b>');
  });

  it('is there for what a later version writes', () => {
    expect(plain(markupOf({ action: 'coffee.made' as 'user.added' }))).toBe('Neo did coffee.made');
  });
});

/** Events of each action with whatever its sentence may depend on. */
const actors: readonly ShownEvent['actor'][] = [
  neo,
  { ...neo, name: null, email: null },
  okta,
  key,
  { ...key, name: null },
  { type: 'system', id: null, name: null, email: null },
  { type: 'operator', id: null, name: null, email: null },
  { type: 'anonymous', id: null, name: null, email: null },
];
const targets: readonly ShownEvent['target'][] = [
  trinity,
  { ...trinity, name: null, email: null },
  { ...trinity, id: null, name: null, email: null },
  okta,
  { type: 'group', id: 'grp_1', name: null, email: null },
  { type: 'webhook', id: 'whk_1', name: null, email: null },
  null,
];
const details: readonly ShownEvent['detail'][] = [
  {},
  {
    revocation: 'rev_1',
    sessionsEnded: 1,
    grantsEnded: 0,
    more: true,
    bearer: 'usr_1',
    askedAt: '2026-01-02T10:42:31Z',
  },
  { reason: 'too_many', user: 'usr_1', client: 'mobile-app', network: 'various', via: 'front_channel', people: 3 },
  { reason: 'token_used_twice', session: 'ses_1', network: '192.0.2.0', repeats: 4, from: 'member', to: 'admin' },
  { reason: 'gone', active: false, renamed: true, attributes: 'displayName, name', status: 200, grant: 'gra_1' },
  { active: true, policy: 'globalLogout', before: true, after: null, type: 'session-revoked', outcome: 'recorded' },
  {
    secret: 'rotated',
    policy: 'eventActions.session-revoked',
    before: 1,
    after: false,
    membersAdded: 2,
    host: 'a.example',
  },
  ...calledEndpoints.map((endpoint) => ({ endpoint })),
  ...Object.keys(refusals).map((reason) => ({ reason })),
  ...Object.keys(en.console.sentences.signals).map((outcome) => ({ outcome })),
  ...Object.keys(en.console.sentences.policies).map((policy) => ({ policy })),
];
const everything = actions.flatMap((action) =>
  details.flatMap((detail, index) =>
    index < 7
      ? actors.flatMap((actor) => targets.map((target) => eventOf({ action, actor, target, detail })))
      : [eventOf({ action, detail }), eventOf({ action, detail, actor: actors.at(-1) as ShownEvent['actor'] })],
  ),
);

describe.each([
  ['English', en],
  ['German', de],
] as const)('in %s', (_, texts) => {
  it('every event has a sentence', () => {
    const bad = everything.filter((event) => {
      const sentence = plain(toText(sentenceOf(texts, event, 'owner')));
      return sentence.length < 8 || /undefined|NaN|\[object|\0|^[a-z]|\s{2}/.test(sentence) || sentence.includes('()');
    });
    expect([...new Set(bad.map((event) => plain(toText(sentenceOf(texts, event, 'owner')))))]).toEqual([]);
  });

  it('every action has one of its own', () => {
    const sentences = actions.map((action) => {
      const target = action.startsWith('group.') ? ({ ...trinity, type: 'group', name: null } as const) : trinity;
      return plain(markupOf({ action, target }, texts));
    });
    expect(sentences.filter((sentence, index) => sentences.indexOf(sentence) !== index)).toEqual([]);
    const { refusals: reasons } = texts.console.sentences;
    expect(Object.keys(refusals).filter((reason) => !(reason in reasons))).toEqual([]);
  });
});

it('no word of a sentence stands outside of the catalogue', () => {
  const data = ['Neo', 'Trinity', 'trinity@whiterabbit.fake', 'Okta', 'Flows', 'a.example', 'Mobile app', '192.0.2.0'];
  const found = everything.flatMap((event) =>
    hardCodedWords(toText(sentenceOf(pseudo, event, 'owner')).replaceAll(/<time.*?<\/time>/g, ''), data),
  );
  expect([...new Set(found)]).toEqual([]);
});
