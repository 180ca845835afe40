import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { oktaUser, provision, urns } from './support.ts';

let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
let twin: Awaited<ReturnType<typeof provision>>;
beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
  twin = await provision(product, 'metacortex');
});
afterAll(() => product.stop());

describe('another org', () => {
  it('is nowhere to be seen or changed: what it has is what nobody has', async () => {
    const theirs = await twin.user('theirs@metacortex.fake', { externalId: 'secret-1' });
    const group = (await twin.post('/Groups', { displayName: 'Theirs', members: [{ value: theirs.id }] })).body;
    const before = [(await twin.get(`/Users/${theirs.id}`)).text, (await twin.get(`/Groups/${group.id}`)).text];
    const browser = await product.signIn('metacortex');
    const unknown = { users: 'usr_00000000000000000000000000000000', groups: 'grp_00000000000000000000000000000000' };
    const both = async (method: string, path: string, id: string, other: string, body?: unknown) => {
      const answers = [
        await client.send(method, `${path}/${id}`, body),
        await client.send(method, `${path}/${other}`, body),
      ];
      const [a, b] = answers.map(({ status, text }, index) => [status, text.replaceAll(index === 0 ? id : other, '')]);
      expect(a).toEqual(b);
      expect(a?.[0]).toBe(404);
    };
    const off = { schemas: [urns.patch], Operations: [{ op: 'replace', value: { active: false, displayName: 'x' } }] };
    for (const id of [theirs.id, product.orgs.metacortex.userId]) {
      await both('GET', '/Users', id, unknown.users);
      await both('PUT', '/Users', id, unknown.users, oktaUser('taken@metacortex.fake', { active: false }));
      await both('PATCH', '/Users', id, unknown.users, off);
      await both('DELETE', '/Users', id, unknown.users);
    }
    await both('GET', '/Groups', group.id, unknown.groups);
    await both('PUT', '/Groups', group.id, unknown.groups, { displayName: 'x' });
    await both('PATCH', '/Groups', group.id, unknown.groups, off);
    await both('DELETE', '/Groups', group.id, unknown.groups);
    for (const filter of [
      `id eq "${theirs.id}"`,
      'externalId eq "secret-1"',
      'userName co "metacortex"',
      `groups.value eq "${group.id}"`,
    ])
      expect((await client.search('/Users', filter)).body.totalResults).toBe(0);
    for (const filter of [`id eq "${group.id}"`, `members.value eq "${theirs.id}"`, 'displayName pr'])
      expect((await client.search('/Groups', filter)).body.totalResults).toBe(0);
    expect((await client.get('/Users?count=200')).text).not.toContain('metacortex');
    expect([(await twin.get(`/Users/${theirs.id}`)).text, (await twin.get(`/Groups/${group.id}`)).text]).toEqual(
      before,
    );
    expect((await browser.get('/api/users/me')).status).toBe(200);
  });
});

describe('hostile requests', () => {
  it('prototypes stay as they are', async () => {
    const { id } = await client.user('proto@whiterabbit.fake');
    const operations = [
      { op: 'add', path: '__proto__', value: { polluted: true } },
      { op: 'add', path: '__proto__.polluted', value: true },
      { op: 'add', path: 'constructor.prototype.polluted', value: true },
      { op: 'replace', path: 'name.__proto__', value: { polluted: true } },
      { op: 'replace', path: `${urns.enterprise}:__proto__`, value: { polluted: true } },
      { op: 'add', path: 'emails[__proto__ eq "x"].value', value: 'x@whiterabbit.fake' },
      { op: 'remove', path: 'toString' },
    ];
    for (const operation of operations) {
      const answer = await client.patch(`/Users/${id}`, [operation]);
      // An unknown path is left out, as an unknown member is; a filter that asks for what isn't
      // there is refused.
      expect([operation.path, answer.status]).toEqual([operation.path, operation.path.includes('[') ? 400 : 200]);
      expect(answer.text).not.toContain('polluted');
    }
    const nested = '{"polluted":true}';
    const bodies = [
      `{"op":"add","value":{"__proto__":${nested},"constructor":{"prototype":${nested}},"name":{"__proto__":${nested}}}}`,
      `{"op":"add","path":"name","value":{"__proto__":${nested},"givenName":"P"}}`,
      `{"op":"add","path":"emails","value":[{"__proto__":${nested},"value":"p@whiterabbit.fake"}]}`,
    ];
    for (const body of bodies) {
      const raw = `{"schemas":["${urns.patch}"],"Operations":[${body}]}`;
      const answer = await client.send('PATCH', `/Users/${id}`, raw);
      expect([answer.status, answer.text.includes('polluted')]).toEqual([200, false]);
    }
    const made = await client.post('/Users', `{"__proto__":${nested},"userName":"proto2@whiterabbit.fake"}`);
    expect([made.status, made.text.includes('polluted')]).toEqual([201, false]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('what cannot be stored is refused, wherever it stands', async () => {
    const { id } = await client.user('unstorable@whiterabbit.fake');
    for (const bad of ['a\u0000b', '\ud800']) {
      const answers = [
        await client.post('/Users', oktaUser(`x${bad}@whiterabbit.fake`)),
        await client.post('/Users', oktaUser('x@whiterabbit.fake', { displayName: bad })),
        await client.post('/Users', oktaUser('x@whiterabbit.fake', { externalId: bad })),
        await client.post('/Users', oktaUser('x@whiterabbit.fake', { addresses: [{ locality: bad }] })),
        await client.post('/Users', oktaUser('x@whiterabbit.fake', { [urns.enterprise]: { department: bad } })),
        await client.patch(`/Users/${id}`, [{ op: 'add', path: 'title', value: bad }]),
        await client.patch(`/Users/${id}`, [
          { op: 'add', path: `emails[type eq ${JSON.stringify(bad)}].value`, value: 'x' },
        ]),
        await client.post('/Groups', { displayName: bad }),
        await client.post('/Groups', { displayName: 'x', members: [{ value: bad }] }),
        await client.post('/Users/.search', { filter: `userName eq ${JSON.stringify(bad)}` }),
        await client.post('/Users/.search', { filter: bad }),
      ];
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400));
    }
    expect((await client.get('/Users/%00')).status).toBe(404);
    expect((await client.get('/Users/%E0%A4%A')).status).toBe(400);
    expect(
      (
        await client.send('PATCH', '/Groups/%00', {
          schemas: [urns.patch],
          Operations: [{ op: 'remove', path: 'members' }],
        })
      ).status,
    ).toBe(404);
  });

  it('values of the wrong type are a 400, in every attribute', async () => {
    const { id } = await client.user('types@whiterabbit.fake');
    const wrong = [{ a: 1 }, [['x']], [{ value: { a: 1 } }], true, [true], [[]]];
    const attributes = [
      'userName',
      'displayName',
      'externalId',
      'active',
      'name',
      'emails',
      'roles',
      'title',
      urns.enterprise,
    ];
    for (const attribute of attributes)
      for (const value of wrong) {
        const statuses = [
          (await client.post('/Users', oktaUser('wrong@whiterabbit.fake', { [attribute]: value }))).status,
          (await client.patch(`/Users/${id}`, [{ op: 'replace', value: { [attribute]: value } }])).status,
          (await client.patch(`/Users/${id}`, [{ op: 'add', path: `${attribute}`, value }])).status,
        ];
        // A few of them are right for one or another, such as true for `active`, or mean nothing,
        // such as {a: 1} for a name.
        expect([attribute, value, statuses.filter((status) => ![200, 201, 400].includes(status))]).toEqual([
          attribute,
          value,
          [],
        ]);
        if (statuses[0] === 201) {
          const made = await client.search('/Users', 'userName eq "wrong@whiterabbit.fake"');
          await client.remove(`/Users/${made.body.Resources[0].id}`);
        }
      }
    for (const operations of [
      null,
      {},
      [],
      [null],
      [1],
      [{}],
      [{ op: 'x' }],
      [{ op: 'add', path: 1, value: 1 }],
      [{ op: 'remove' }],
      [{ op: 'add', path: 'displayName' }],
      [{ op: 'add', value: 'x' }],
      [{ op: 'add', path: '', value: [] }],
    ]) {
      const body = { schemas: [urns.patch], Operations: operations };
      for (const path of [`/Users/${id}`, '/Groups/grp_1'])
        expect((await client.send('PATCH', path, body)).status).toBe(400);
    }
    expect(
      (
        await client.send('PATCH', `/Users/${id}`, {
          schemas: ['x'],
          Operations: [{ op: 'add', path: 'title', value: 'x' }],
        })
      ).status,
    ).toBe(400);
    for (const path of ['id', 'meta', 'meta.version', 'groups', 'groups[value eq "x"]'])
      expect((await client.patch(`/Users/${id}`, [{ op: 'replace', path, value: 'x' }])).body.scimType).toBe(
        'mutability',
      );
  });

  it('filters that are made to take for ever, deep or endless, are refused at once', async () => {
    const attempts = [
      `userName eq "${'\\a'.repeat(2_000)}`,
      `userName eq "${'\\\\'.repeat(3_000)}`,
      `${'('.repeat(1_000)}userName pr${')'.repeat(1_000)}`,
      `${'not ('.repeat(100)}userName pr${')'.repeat(100)}`,
      Array(500).fill('active eq true').join(' or '),
      `emails${'[type pr'.repeat(100)}`,
      ' '.repeat(10_000),
      'a'.repeat(9_000),
      `userName eq ${'1'.repeat(5_000)}`,
    ];
    for (const filter of attempts) {
      const answers = [
        await client.post('/Users/.search', { filter: `${filter}x` }),
        await client.post('/Groups/.search', { filter: `${filter}x` }),
        await client.patch(`/Users/${product.orgs.whiterabbit.userId}`, [{ op: 'remove', path: `emails[${filter}]` }]),
      ];
      expect(answers.map(({ status, body }) => [status, body.scimType])).toEqual(Array(3).fill([400, 'invalidFilter']));
    }
    expect((await client.post('/Users/.search', { filter: `userName co "${'%'.repeat(4_000)}"` })).status).toBe(200);
  });

  it('too much is refused: bodies, operations, values, lengths, 100,000 members; 30,000 unknown ones are left out', async () => {
    const { id } = await client.user('much@whiterabbit.fake');
    const group = (await client.post('/Groups', { displayName: 'Much' })).body.id;
    const members = Array.from({ length: 100_000 }, (_, index) => ({
      value: `usr_${String(index).padStart(32, '0')}`,
    }));
    const tooMuch = [
      [await client.post('/Groups', { displayName: 'x', members }), 413],
      [await client.patch(`/Groups/${group}`, [{ op: 'add', path: 'members', value: members.slice(0, 30_000) }]), 200],
      [await client.patch(`/Users/${id}`, Array(1_001).fill({ op: 'add', path: 'title', value: 'x' })), 413],
      [
        await client.patch(`/Users/${id}`, [
          { op: 'add', path: 'emails', value: Array(101).fill({ value: 'x@y.example' }) },
        ]),
        400,
      ],
      [await client.patch(`/Users/${id}`, [{ op: 'add', path: 'title', value: 'x'.repeat(9_000) }]), 400],
      [await client.post('/Users', oktaUser('x@whiterabbit.fake', { userName: 'x'.repeat(3_000) })), 400],
      [await client.post('/Users', oktaUser('x@whiterabbit.fake', { externalId: 'é'.repeat(3_000) })), 400],
      [await client.post('/Groups', { displayName: 'é'.repeat(3_000) }), 400],
      [
        await client.post(
          '/Users',
          oktaUser('x@whiterabbit.fake', { photos: Array(20).fill({ value: 'x'.repeat(8_000) }) }),
        ),
        400,
      ],
    ] as const;
    expect(tooMuch.map(([answer]) => answer.status)).toEqual(tooMuch.map(([, status]) => status));
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect((await client.post('/Users', `{"userName":"deep@whiterabbit.fake","emails":${deep}}`)).status).toBe(400);
    expect((await client.post('/Users', `{"userName":"deep@whiterabbit.fake","unknown":${deep}}`)).status).toBe(201);
    expect((await client.get('/Users?count=1')).status).toBe(200);
  });
});
