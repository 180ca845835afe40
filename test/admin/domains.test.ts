import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bySystem } from '../../src/by.ts';
import { createDomains } from '../../src/orgs/domains.ts';
import type { Browser } from '../support/browser.ts';
import { type Spoken, startDns } from '../support/dns.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { type Product, startProduct } from '../support/product.ts';

const path = '/api/orgs/current/domains';
let dns: Awaited<ReturnType<typeof startDns>>;
let product: Product;
let owner: Browser;
let twin: Browser;
beforeAll(async () => {
  dns = await startDns();
  product = await startProduct({ env: { DNS_SERVERS: dns.address } });
  await product.context.prisma.user.updateMany({ data: { role: 'owner' } });
  owner = await product.signIn();
  twin = await product.signIn('metacortex');
});
afterAll(async () => {
  await product.stop();
  await dns.stop();
});

type Domain = {
  id: string;
  domain: string;
  verifiedAt: string | null;
  connectionId: string | null;
  connectionIds: string[];
  record: { type: string; name: string; value: string };
};
type Problem = { type: string; detail: string; found?: string[]; expected?: string };

async function ask<T = Domain & Problem>(browser: Browser, method: string, where = '', json?: unknown) {
  const response = await browser.open(method, `${path}${where}`, json === undefined ? {} : { json });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : null) as T };
}
const codeOf = ({ status, body }: { status: number; body: Problem }) => [status, body.type?.split('/').at(-1)];
const add = async (browser: Browser, domain: string) => {
  const { status, body } = await ask(browser, 'POST', '', { domain });
  expect(status).toBe(201);
  return body;
};
/** A connection of whiterabbit that nobody signs in through. */
async function plantConnection(name: string, active = true): Promise<string> {
  const url = `https://${name}.example`;
  const { id } = await product.context.prisma.connection.create({
    data: {
      orgId: product.orgs.whiterabbit.id,
      id: `con_${name}`,
      name,
      issuer: url,
      authorizationEndpoint: `${url}/a`,
      tokenEndpoint: `${url}/t`,
      jwksUri: `${url}/k`,
      clientId: name,
      clientSecret: 'sealed',
      active,
    },
  });
  return id;
}
const choose = (id: string, connectionIds: unknown) => ask(owner, 'PATCH', `/${id}`, { connectionIds });
const verify = (browser: Browser, id: string) => ask(browser, 'POST', `/${id}/verification`);
const events = async (orgId: string, id: string) => {
  const all = await product.context.prisma.auditEvent.findMany({
    where: { orgId, targetId: id },
    orderBy: { at: 'asc' },
  });
  return all.map(({ action, detail, ip, requestId }) => ({ action, detail, from: ip !== null && requestId !== null }));
};
const orgOf = async (username: string) =>
  (await owner.post('/api/openid/check', { json: { username } })).json<{ org_id: string | null }>().org_id;

describe('a domain', () => {
  it('is added unverified, and counts once its DNS holds the record', async () => {
    const added = await add(owner, 'Zion.Example');
    expect(added).toMatchObject({
      ...{ domain: 'zion.example', verifiedAt: null, connectionId: product.orgs.whiterabbit.connectionId },
      record: {
        type: 'TXT',
        name: '_universal-logout.zion.example',
        value: expect.stringMatching(/^universal-logout-verification=[0-9a-f-]{36}$/),
      },
    });
    expect(await orgOf('neo@zion.example')).toBeNull();
    dns.say(added.record.name, ['v=spf1 -all', added.record.value]);
    const verified = await verify(owner, added.id);
    expect([verified.status, verified.body.verifiedAt]).toEqual([200, expect.any(String)]);
    expect(await orgOf('neo@zion.example')).toBe('whiterabbit');
    // Asked again it is as it was, and the DNS isn't asked.
    const before = dns.asked.length;
    expect((await verify(owner, added.id)).body).toEqual(verified.body);
    expect(dns.asked.length).toBe(before);
    expect(await events(product.orgs.whiterabbit.id, added.id)).toEqual([
      {
        action: 'domain.added',
        detail: expect.objectContaining({ domain: 'zion.example', verified: false }),
        from: true,
      },
      { action: 'domain.verified', detail: { domain: 'zion.example', by: 'dns' }, from: true },
    ]);
  });

  it('keeps its record while it is here; each org has another', async () => {
    const [ours, theirs] = [await add(owner, 'stable.example'), await add(twin, 'stable.example')];
    expect((await add(owner, 'stable.example')).record).toEqual(ours.record);
    expect((await ask(owner, 'GET', `/${ours.id}`)).body.record).toEqual(ours.record);
    expect(theirs.record.name).toBe(ours.record.name);
    expect(theirs.record.value).not.toBe(ours.record.value);
    // The other org's record proves nothing for us.
    dns.say(ours.record.name, [theirs.record.value]);
    expect(codeOf(await verify(owner, ours.id))).toEqual([409, 'conflict']);
    expect(codeOf(await verify(twin, theirs.id))[0]).toBe(200);
  });

  it.each<[string, (value: string) => Spoken, number, string[] | undefined]>([
    ['no such name', () => 'NXDOMAIN', 409, []],
    ['no such record', () => [], 409, []],
    ['another text', () => ['something else'], 409, ['something else']],
    ['a part of it', (value) => [value.slice(0, -1)], 409, [expect.any(String)]],
    ['more than it', (value) => [`${value}0`], 409, [expect.any(String)]],
    ['a failure', () => 'SERVFAIL', 503, undefined],
    ['nothing at all', () => 'silence', 503, undefined],
  ])(
    'is not verified by %s',
    async (name, spoken, status, found) => {
      const added = await add(owner, `${name.replaceAll(' ', '-')}.example`);
      dns.say(added.record.name, spoken(added.record.value));
      const refused = await verify(owner, added.id);
      expect([refused.status, refused.body.found]).toEqual([status, found]);
      if (status === 503) expect(refused.headers.get('retry-after')).toBe('30');
      else expect(refused.body.expected).toBe(added.record.value);
      expect((await ask(owner, 'GET', `/${added.id}`)).body.verifiedAt).toBeNull();
    },
    20_000,
  );

  it('that is verified for another org stays theirs, also of many at the same moment', async () => {
    const [ours, theirs] = [await add(owner, 'contested.example'), await add(twin, 'contested.example')];
    dns.say(ours.record.name, [ours.record.value, theirs.record.value]);
    const answers = await Promise.all([verify(owner, ours.id), verify(twin, theirs.id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const rows = await product.context.prisma.domain.findMany({ where: { domain: 'contested.example' } });
    expect(rows.filter(({ verifiedAt }) => verifiedAt !== null)).toHaveLength(1);
    // Of the operator's too.
    const taken = await add(twin, 'whiterabbit.fake');
    dns.say(taken.record.name, [taken.record.value]);
    expect(codeOf(await verify(twin, taken.id))).toEqual([409, 'conflict']);
  });

  it('is led to the connection that is chosen, of the own org alone', async () => {
    const added = await add(owner, 'chosen.example');
    const connectionId = await plantConnection('second');
    const chosen = await ask(owner, 'PATCH', `/${added.id}`, { connectionId });
    expect([chosen.status, chosen.body.connectionId]).toEqual([200, connectionId]);
    for (const other of [product.orgs.metacortex.connectionId, 'con_nobody'])
      expect(codeOf(await ask(owner, 'PATCH', `/${added.id}`, { connectionId: other }))).toEqual([404, 'not_found']);
    const { orgs } = product;
    const foreign = { domain: 'x.example', connectionId: orgs.metacortex.connectionId };
    expect(codeOf(await ask(owner, 'POST', '', foreign))).toEqual([404, 'not_found']);
    expect((await ask(owner, 'GET', `/${added.id}`)).body.connectionId).toBe(connectionId);
  });

  it('has as many authoritative connections as are chosen, the first of which is `connectionId`', async () => {
    const own = product.orgs.whiterabbit.connectionId;
    const [next, last] = [await plantConnection('next'), await plantConnection('last')];
    const { id, ...added } = await add(owner, 'several.example');
    expect([added.connectionId, added.connectionIds]).toEqual([own, [own]]);
    const authorities = async ({ body }: { body: Domain }) => [body.connectionId, [...body.connectionIds].sort()];
    for (const [asked, sorted] of [
      [
        [own, next],
        [own, next],
      ],
      [
        [next, own, next],
        [next, own],
      ],
      [
        [last, own],
        [last, own],
      ],
      [[], []],
      [[next], [next]],
    ] as const) {
      const expected = [asked[0] ?? null, [...sorted].sort()];
      expect(await authorities(await choose(id, asked))).toEqual(expected);
      expect(await authorities(await ask(owner, 'GET', `/${id}`))).toEqual(expected);
    }
    await choose(id, [own, last]);
    // The member of before has one only.
    expect((await ask(owner, 'PATCH', `/${id}`, { connectionId: last })).body.connectionIds).toEqual([last]);
    const written = (await events(product.orgs.whiterabbit.id, id)).filter(({ action }) => action === 'domain.changed');
    expect(written.map(({ detail }) => (detail as { connections: string }).connections)).toEqual([
      `${own} ${next}`,
      `${next} ${own}`,
      `${last} ${own}`,
      '',
      next,
      `${own} ${last}`,
      last,
    ]);
    const { body } = await ask(owner, 'POST', '', { domain: 'two.example', connectionIds: [next, last] });
    expect(body.connectionIds).toEqual([next, last]);
  });

  it('is asked for its connections in one way, and for those of the own org alone', async () => {
    const { id } = await add(owner, 'wrong.example');
    const own = product.orgs.whiterabbit.connectionId;
    const before = (await ask(owner, 'GET', `/${id}`)).body;
    for (const other of [product.orgs.metacortex.connectionId, 'con_nobody']) {
      expect(codeOf(await choose(id, [own, other]))).toEqual([404, 'not_found']);
      const foreign = { domain: 'foreign-too.example', connectionIds: [own, other] };
      expect(codeOf(await ask(owner, 'POST', '', foreign))).toEqual([404, 'not_found']);
    }
    for (const json of [
      {},
      { connectionId: own, connectionIds: [own] },
      { connectionIds: own },
      { connectionIds: ['a b'] },
      { connectionIds: null },
    ])
      expect(codeOf(await ask(owner, 'PATCH', `/${id}`, json))).toEqual([400, 'invalid_request']);
    expect((await ask(owner, 'GET', `/${id}`)).body).toEqual(before);
  });

  it('keeps a connection that is switched off, and takes no other such', async () => {
    const { id } = await add(owner, 'kept.example');
    const [kept, other] = [await plantConnection('kept'), await plantConnection('never', false)];
    await choose(id, [kept]);
    await product.context.prisma.connection.updateMany({ where: { id: kept }, data: { active: false } });
    const own = product.orgs.whiterabbit.connectionId;
    expect((await choose(id, [own, kept])).body.connectionIds).toEqual([own, kept]);
    expect(codeOf(await choose(id, [own, other]))).toEqual([409, 'conflict']);
  });

  it('stays without a connection when it is added again', async () => {
    const { id } = await add(owner, 'open.example');
    await choose(id, []);
    expect((await add(owner, 'open.example')).connectionIds).toEqual([]);
  });

  it('is led by one of two choices that are made at once, never by a mixture', async () => {
    const own = product.orgs.whiterabbit.connectionId;
    const { id } = await add(owner, 'at-once.example');
    const [left, right] = [await plantConnection('left'), await plantConnection('right')];
    let both: Promise<{ status: number }[]> = Promise.resolve([]);
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM domains WHERE id = $1 FOR UPDATE', [id]),
      async () => {
        both = Promise.all([choose(id, [left, own]), choose(id, [right, own])]);
        await waitForLock(product, 2);
      },
    );
    expect((await both).map(({ status }) => status)).toEqual([200, 200]);
    const { connectionId, connectionIds } = (await ask(owner, 'GET', `/${id}`)).body;
    expect([
      [left, own],
      [right, own],
    ]).toContainEqual(connectionIds);
    expect(connectionId).toBe(connectionIds[0]);
    const last = (await events(product.orgs.whiterabbit.id, id)).at(-1);
    expect(last?.detail).toMatchObject({ connection: connectionId, connections: connectionIds.join(' ') });
  });

  it('stays verified when it is added again at the moment that verifies it', async () => {
    const added = await add(owner, 'moment.example');
    let again: Promise<{ body: Domain }> | undefined;
    await whileLocked(
      product,
      (blocker) => blocker.query('UPDATE domains SET verified_at = now() WHERE id = $1', [added.id]),
      async () => {
        again = ask(owner, 'POST', '', { domain: 'moment.example' });
        await waitForLock(product);
      },
    );
    expect((await again)?.body.verifiedAt).toEqual(expect.any(String));
    expect((await ask(owner, 'GET', `/${added.id}`)).body.verifiedAt).toEqual(expect.any(String));
  });

  it('is one, recorded once, however often it is added at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => add(owner, 'often.example')));
    const [id] = new Set(all.map((each) => each.id));
    expect(new Set(all.map((each) => each.record.value)).size).toBe(1);
    await add(owner, 'often.example');
    expect((await events(product.orgs.whiterabbit.id, id as string)).map(({ action }) => action)).toEqual([
      'domain.added',
    ]);
  });

  it('is not verified by the record of a challenge that it no longer has', async () => {
    const { id, domain } = await add(owner, 'challenge.example');
    const other = { id, domain, challenge: '00000000-0000-4000-8000-000000000000' };
    const { noteVerified } = createDomains(product.context);
    await expect(noteVerified(product.orgs.whiterabbit.id, other, bySystem(null))).rejects.toMatchObject({
      code: 'conflict',
    });
    expect((await ask(owner, 'GET', `/${id}`)).body.verifiedAt).toBeNull();
  });

  it('is not led to a connection that is switched off', async () => {
    const added = await add(owner, 'off.example');
    const connectionId = await plantConnection('off', false);
    for (const refused of [
      await ask(owner, 'PATCH', `/${added.id}`, { connectionId }),
      await ask(owner, 'POST', '', { domain: 'off.example', connectionId }),
      await ask(owner, 'POST', '', { domain: 'off-too.example', connectionId }),
    ]) {
      expect(codeOf(refused)).toEqual([409, 'conflict']);
      expect(refused.body.detail).toMatch(/switched off/);
    }
    expect((await ask(owner, 'GET', `/${added.id}`)).body.connectionId).toBe(added.connectionId);
  });

  it('that is removed leads nobody anywhere, and is free for another org', async () => {
    const added = await add(owner, 'left.example');
    dns.say(added.record.name, [added.record.value]);
    await verify(owner, added.id);
    expect((await ask(owner, 'DELETE', `/${added.id}`)).status).toBe(204);
    expect(await orgOf('neo@left.example')).toBeNull();
    expect(codeOf(await ask(owner, 'DELETE', `/${added.id}`))).toEqual([404, 'not_found']);
    expect((await events(product.orgs.whiterabbit.id, added.id)).at(-1)).toMatchObject({ action: 'domain.removed' });
    const theirs = await add(twin, 'left.example');
    dns.say(theirs.record.name, [theirs.record.value]);
    expect((await verify(twin, theirs.id)).status).toBe(200);
  });

  it('of another org is one that does not exist', async () => {
    const added = await add(owner, 'foreign.example');
    dns.say(added.record.name, [added.record.value]);
    const before = dns.asked.length;
    for (const id of [added.id, 'dom_nobody']) {
      for (const [method, where, json] of [
        ['GET', `/${id}`, undefined],
        ['PATCH', `/${id}`, { connectionId: product.orgs.metacortex.connectionId }],
        ['DELETE', `/${id}`, undefined],
        ['POST', `/${id}/verification`, undefined],
      ] as const) {
        const { status, body } = await ask(twin, method, where, json);
        expect([status, body.detail]).toEqual([404, 'The organisation has no domain of this id.']);
      }
    }
    expect(dns.asked.length).toBe(before);
    expect((await ask(owner, 'GET', `/${added.id}`)).status).toBe(200);
  });

  it.each(['localhost', '127.0.0.1', 'ex ample.com', 'a..example', `${'a'.repeat(64)}.example`, ''])(
    'is not "%s"',
    async (name) => {
      expect(codeOf(await ask(owner, 'POST', '', { domain: name }))).toEqual([400, 'invalid_request']);
    },
  );

  it('is listed page by page', async () => {
    type Page = { items: Domain[]; next: string | null };
    const names: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body }: { body: Page } = await ask<Page>(owner, 'GET', `?limit=2${cursor && `&cursor=${cursor}`}`);
      names.push(...body.items.map(({ domain }) => domain));
      cursor = body.next;
    }
    expect(names).toEqual([...new Set(names)].sort());
    expect(names).toContain('whiterabbit.fake');
    expect(names).not.toContain('metacortex.fake');
  });

  it('is looked at by every administrator, and changed by those above', async () => {
    const where = { id: product.orgs.whiterabbit.userId };
    await product.context.prisma.user.updateMany({ where, data: { role: 'admin' } });
    const [read, changed] = [await ask(owner, 'GET'), await ask(owner, 'POST', '', { domain: 'admin.example' })];
    await product.context.prisma.user.updateMany({ where, data: { role: 'owner' } });
    expect([read.status, ...codeOf(changed)]).toEqual([200, 403, 'forbidden']);
  });
});
