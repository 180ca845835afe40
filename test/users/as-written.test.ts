import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { emailProblems } from '../../src/users/email.ts';
import { type CallerBed, startCallerBed, statusOf } from '../revocation/caller-bed.ts';
import { oktaUser, provision } from '../scim/support.ts';
import { clientOf, plantAdministrator } from '../support/planted-administrators.ts';

// Addresses as people write them, in every look-up over HTTP. The hostile org's connection is
// authoritative for hostile.fake. The other org has people of the same names.
let bed: CallerBed;
let apiKey: string;
let scim: Awaited<ReturnType<typeof provision>>;
let twins: string[];
const written = ['Jürgen@hostile.fake', 'plain@hostile.fake'];
beforeAll(async () => {
  bed = await startCallerBed();
  apiKey = (await bed.product.context.apiKeys.create(bed.org.id, { name: 'Okta' }, byOperator)).apiKey;
  scim = await provision(bed.product);
  twins = await Promise.all(written.map(async (email) => (await scim.user(email, { externalId: null })).id));
});
afterAll(() => bed?.stop());

const generationsOfTwins = async () =>
  (await bed.prisma.user.findMany({ where: { id: { in: twins } } })).map(({ generation }) => generation);

/** Somebody who has just signed in at the hostile IdP, by this address. */
async function signedIn(email: string) {
  bed.hostile.setPerson({ sub: encodeURIComponent(email), email });
  return bed.signedIn();
}

/** RFC 7565: the last @ stands as it is. */
const account = (address: string) => ({
  format: 'account',
  uri: `acct:${encodeURIComponent(address).replace(/%40(?!.*%40)/, '@')}`,
});

/** By API key, and by the IdP's signed JWT. */
const callers = [
  ['an API key', () => apiKey],
  ['a signed JWT', () => bed.jwt()],
] as const;

describe.each(callers)('the revocation endpoint, called with %s', (_name, credential) => {
  const post = (subject: unknown) => bed.post(bed.shared, credential(), subject);

  it.each([
    ['blanks', ' plain@hostile.fake\u00a0\n', 1],
    ['another case', 'JÜRGEN@HOSTILE.fake', 0],
    ['the other normal form, with blanks', '\tju\u0308rgen@hostile.fake ', 0],
  ] as const)('finds by address: %s', async (_what, address, person) => {
    const names = [
      { format: 'email', email: address },
      account(address),
      { format: 'account', uri: ` ${account(address.trim()).uri}\t` },
      { format: 'aliases', identifiers: [{ format: 'email', email: address }] },
      // What nobody can have is left out beside a name that can be looked up.
      {
        format: 'aliases',
        identifiers: [
          { format: 'email', email: '"a"@x.de' },
          { format: 'email', email: address },
        ],
      },
    ];
    for (const name of names) {
      const browser = await signedIn(written[person] as string);
      expect([(await post(name)).status, await statusOf(browser)]).toEqual([204, 401]);
    }
    expect(await generationsOfTwins()).toEqual([0, 0]);
  });

  it.each([
    ['quoted', '"plain"@hostile.fake'],
    ['quoted', '"plain x"@hostile.fake'],
    ['scripts', 'pl\u0430in@hostile.fake'],
    ['invisible', 'plain@hostile.fake\u200b'],
    ['invisible', 'pla\u0000in@hostile.fake'],
    ['lookAlike', 'ｐlain@hostile.fake'],
    ['lookAlike', 'pla\u0130n@hostile.fake'],
    ['character', 'plain@x@hostile.fake'],
    ['domain', 'plain@hostile'],
    ['length', `${'p'.repeat(250)}@hostile.fake`],
  ] as const)('says why nobody can be meant (%s): %j', async (problem, address) => {
    const browser = await signedIn('plain@hostile.fake');
    const named = { format: 'email', email: address };
    const encoded = account(address);
    const both = { format: 'aliases', identifiers: [encoded, { format: 'email', email: 'nonsense' }] };
    // A NUL is refused with the form of the request already, where it isn't encoded.
    for (const subject of address.includes('\0') ? [encoded, both] : [named, encoded, both]) {
      const answer = await post(subject);
      const detail = emailProblems[problem];
      expect([answer.status, answer.code, answer.detail]).toEqual([400, 'invalid_subject', detail]);
    }
    expect(await statusOf(browser)).toBe(200);
  });

  it('404 for whom an address could mean, and for what is no address', async () => {
    // Look-alikes that are letters of their own, and whole other names.
    for (const email of ['jurgen@hostile.fake', 'juergen@hostile.fake', 'pla\u0131n@hostile.fake', 'plain', ' '])
      expect(await post({ format: 'email', email })).toMatchObject({ status: 404, code: 'user_not_found' });
  });

  it('400 for an `acct:` URI that is encoded wrongly, unless another alias can be looked up', async () => {
    const wrong = { format: 'account', uri: 'acct:%zz@hostile.fake' };
    expect(await post(wrong)).toMatchObject({ status: 400, code: 'invalid_subject' });
    const browser = await signedIn('plain@hostile.fake');
    const identifiers = [wrong, { format: 'email', email: 'plain@hostile.fake' }];
    expect([(await post({ format: 'aliases', identifiers })).status, await statusOf(browser)]).toEqual([204, 401]);
  });
});

describe('provisioning', () => {
  it('cuts blanks off user names and addresses, and finds them by any writing', async () => {
    const made = await scim.post('/Users', {
      ...oktaUser('  ΟΔΥΣΣΕΥΣ@whiterabbit.fake '),
      emails: [
        { value: '\u00a0ΟΔΥΣΣΕΥΣ@whiterabbit.fake ', type: 'work', primary: true },
        { value: ' Other@elsewhere.fake ', type: 'home' },
      ],
    });
    expect([made.status, made.body.userName]).toEqual([201, 'ΟΔΥΣΣΕΥΣ@whiterabbit.fake']);
    expect(made.body.emails).toMatchObject([{ value: 'ΟΔΥΣΣΕΥΣ@whiterabbit.fake' }, { value: 'Other@elsewhere.fake' }]);
    const address = '"\u00a0οδυσσευς@WhiteRabbit.fake "';
    for (const filter of [
      `userName eq ${address}`,
      `emails eq ${address}`,
      `emails.value eq ${address}`,
      `emails[type eq "work" and value eq ${address}]`,
      'emails[value eq " other@elsewhere.fake "]',
    ])
      expect((await scim.search('/Users', filter)).body.Resources.map(({ id }: { id: string }) => id)).toEqual([
        made.body.id,
      ]);
    const others = await scim.search('/Users', `userName ne ${address}`);
    expect(others.body.Resources.map(({ id }: { id: string }) => id)).not.toContain(made.body.id);
    const twin = await scim.post('/Users', oktaUser('οδυσσευσ@whiterabbit.fake'));
    expect([twin.status, twin.body.scimType]).toEqual([409, 'uniqueness']);
  });

  test('a PATCH names an address with blanks around it', async () => {
    const { id } = await scim.user('patched@whiterabbit.fake');
    const path = 'emails[value eq " Patched@whiterabbit.fake "].display';
    const answer = await scim.patch(`/Users/${id}`, [{ op: 'replace', path, value: 'Patched' }]);
    expect([answer.status, answer.body?.emails]).toMatchObject([200, [{ display: 'Patched' }]]);
  });

  it.each([
    ['quoted', '"a b"@whiterabbit.fake'],
    ['scripts', 'tr\u0456nity@whiterabbit.fake'],
    ['invisible', 'tri\u200bnity@whiterabbit.fake'],
    ['lookAlike', 'ｔrinity@whiterabbit.fake'],
    ['form', 'trinity'],
  ] as const)('says why an address is refused (%s)', async (problem, value) => {
    const bare = { ...oktaUser(value), emails: [] };
    for (const resource of [oktaUser('somebody', { emails: [{ value, primary: true }] }), bare]) {
      const answer = await scim.post('/Users', resource);
      expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidValue']);
      expect(answer.body.detail).toContain(emailProblems[problem]);
    }
  });

  it('finds nobody by a user name that only looks like theirs', async () => {
    await scim.user('kate@whiterabbit.fake', { externalId: null });
    const found = await scim.search('/Users', 'userName eq "\u212aate@whiterabbit.fake"');
    expect(found.body.totalResults).toBe(0);
    const more = { emails: [{ value: 'other.kate@whiterabbit.fake', primary: true }], externalId: null };
    expect((await scim.post('/Users', oktaUser('\u212aate@whiterabbit.fake', more))).status).toBe(201);
  });
});

test('the administration searches by any writing, with blanks around it, and in its own org', async () => {
  const administrator = await plantAdministrator(bed.product, 'owner');
  const other = await plantAdministrator(bed.product, 'owner', { org: 'metacortex' });
  for (const search of [' ju\u0308RGEN@hostile.fake\u00a0', 'JÜRG', ' jürgen@HOST']) {
    const path = `/users?${new URLSearchParams({ search })}`;
    const { body } = await administrator.send('GET', path);
    expect((body as { items?: { id: string }[] }).items?.map(({ id }) => id)).toEqual([twins[0]]);
    expect((await clientOf(bed.url, other.cookie)('GET', path)).body.items).toEqual([]);
  }
});
