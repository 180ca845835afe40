import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countWaiting, waitForLock, whileLocked } from '../support/locks.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type Answer, provision } from './support.ts';

let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
let twin: Awaited<ReturnType<typeof provision>>;
beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
  twin = await provision(product, 'metacortex');
});
afterAll(() => product.stop());

const outcome = ({ status, body }: Answer) => [status, body.scimType];
const joined = (count: number, comparison: string) => Array(count).fill(comparison).join(' or ');

describe('one org’s lists', () => {
  it('wait for each other, two at a time, and are refused when too many wait; nobody else hears of it', async () => {
    const asked: Promise<Answer>[] = [];
    const list = '/Groups?excludedAttributes=members';
    const ours = () => client.get(list);
    await whileLocked(
      product,
      (blocker) => blocker.query('LOCK TABLE groups IN ACCESS EXCLUSIVE MODE'),
      async () => {
        // A list is its page and its count, and broken off after two seconds, which a starved machine may
        // need to begin three: what has to be seen waiting is asked again, and the crowd comes after it.
        for (let tries = 1; ; tries += 1) {
          const three = [ours(), ours(), twin.get(list)];
          asked.push(...three);
          const seen = await waitForLock(product, 6).then(
            () => true,
            () => false,
          );
          if (seen) break;
          expect(tries).toBeLessThan(5);
          await Promise.all(three);
        }
        const refused: Answer[] = [];
        // Twenty wait for a turn; where it takes long until all have come, some of these have had theirs.
        const crowd = Array.from({ length: 40 }, ours);
        asked.push(...crowd);
        const revoked = await product.revoke(undefined, { apiKey: product.orgs.metacortex.apiKey });
        expect(revoked.status).toBe(204);
        let mostWaiting = 0;
        for (const asker of crowd) void asker.then((answer) => answer.status === 429 && refused.push(answer));
        while (refused.length < 8) {
          mostWaiting = Math.max(mostWaiting, await countWaiting(product));
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        expect(refused[0]?.body.scimType).toBeUndefined();
        expect(Number(refused[0]?.headers.get('Retry-After'))).toBeGreaterThan(0);
        expect(mostWaiting).toBeLessThanOrEqual(6);
      },
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    // A list is broken off after two seconds, which a slow machine may need above.
    expect(statuses.filter((status) => ![200, 429, 503].includes(status))).toEqual([]);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect((await client.get('/Groups')).status).toBe(200);
  });

  it('and groups with their members share the turns', async () => {
    const { body } = await client.post('/Groups', { displayName: 'Crew' });
    const asked: Promise<Answer>[] = [];
    await whileLocked(
      product,
      (blocker) => blocker.query('LOCK TABLE groups IN ACCESS EXCLUSIVE MODE'),
      async () => {
        const group = () => client.get(`/Groups/${body.id}`);
        asked.push(group(), group());
        await waitForLock(product, 2);
        // Without members a group takes no turn: it waits for the lock alone.
        asked.push(client.get(`/Groups/${body.id}?excludedAttributes=members`));
        await waitForLock(product, 3);
        const crowd = Array.from({ length: 28 }, group);
        asked.push(...crowd);
        let refused = 0;
        for (const each of crowd) void each.then(() => (refused += 1));
        while (refused < 8) await new Promise((resolve) => setTimeout(resolve, 5));
      },
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    // On a slow machine a turn's wait is over for some before it comes.
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(8);
  });

  it('are broken off after seconds: the filter’s fault where there is one', async () => {
    await whileLocked(
      product,
      (blocker) => blocker.query('LOCK TABLE groups IN ACCESS EXCLUSIVE MODE'),
      async () => {
        const filtered = client.search('/Groups', 'displayName co "x"');
        const plain = client.get('/Groups');
        expect(outcome(await filtered)).toEqual([400, 'tooMany']);
        expect((await plain).status).toBe(503);
      },
    );
    expect((await client.search('/Groups', 'displayName co "x"')).status).toBe(200);
  });

  it('compare what has no index ten times at most, what has one as often as a filter is long', async () => {
    const answers = [
      await client.search('/Users', joined(11, 'emails.value co "x"')),
      await client.search('/Users', joined(11, 'emails[type eq "work"].value co "x"')),
      await client.search('/Users', joined(11, 'title pr')),
      await client.search('/Users', `not (${joined(11, 'userName co "x"')})`),
      await client.search('/Groups', joined(11, 'displayName co "x"')),
      await client.search('/Users', joined(10, 'emails.value co "x"')),
      await client.search('/Users', joined(100, 'userName eq "x"')),
      await client.search('/Users', joined(100, 'id eq "x"')),
      await client.search('/Users', joined(100, 'externalId eq "x"')),
      await client.search('/Groups', joined(100, 'displayName eq "x"')),
    ];
    expect(answers.map(outcome)).toEqual([
      ...Array(5).fill([400, 'invalidFilter']),
      ...Array(5).fill([200, undefined]),
    ]);
  });

  it('name a hundred attributes at most, however often', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `title${index}`);
    for (const key of ['attributes', 'excludedAttributes']) {
      const answers = [
        await client.post('/Users/.search', { [key]: many(101) }),
        await client.post('/Groups/.search', { [key]: many(101).join(',') }),
        await client.get(`/Users?${key}=${many(101).join(',')}`),
        await client.post('/Users/.search', { [key]: many(100) }),
        await client.post('/Users/.search', { [key]: 'title,'.repeat(40_000) }),
      ];
      expect(answers.map(outcome)).toEqual([
        ...Array(3).fill([400, 'invalidValue']),
        ...Array(2).fill([200, undefined]),
      ]);
    }
    expect((await client.post('/Users/.search', { attributes: Array(250_000).fill('title') })).status).toBe(413);
  });
});

describe('one request to change a person', () => {
  it('is refused where it would take long: many values, many changes, long filters, a large body', async () => {
    const { id } = await client.user('busy@whiterabbit.fake');
    const photos = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ value: `https://p.fake/${index}` }));
    const add = (count: number) => ({ op: 'add', path: 'photos', value: photos(count) });
    const spellings = Array.from({ length: 201 }, (_, index) =>
      [...'photosphotos'.slice(0, 6)].map((letter, at) => ((index >> at) & 1 ? letter.toUpperCase() : letter)).join(''),
    );
    const distinct = [...new Set(spellings)];
    const answers = [
      await client.patch(`/Users/${id}`, Array(11).fill(add(100))),
      await client.patch(`/Users/${id}`, Array(201).fill({ op: 'replace', path: 'title', value: 'x' })),
      await client.patch(
        `/Users/${id}`,
        Array(4).fill({ op: 'add', value: Object.fromEntries(distinct.map((name) => [name, photos(1)])) }),
      ),
      await client.patch(`/Users/${id}`, [{ op: 'remove', path: `photos[${joined(11, 'value eq "x"')}]` }]),
      await client.put(`/Users/${id}`, { userName: 'busy@whiterabbit.fake', title: 'x'.repeat(300_000) }),
      await client.patch(`/Users/${id}`, Array(10).fill(add(100))),
      await client.patch(`/Users/${id}`, [{ op: 'remove', path: `photos[${joined(10, 'value ew "/7"')}]` }]),
    ];
    expect(answers.map(outcome)).toEqual([
      [413, 'tooMany'],
      [413, 'tooMany'],
      [413, 'tooMany'],
      [400, 'invalidFilter'],
      [413, undefined],
      [200, undefined],
      [200, undefined],
    ]);
    expect((await client.get(`/Users/${id}`)).body.photos).toHaveLength(99);
  });
});

describe('one org’s changes of groups', () => {
  it('wait for each other, two at a time, and keep the connections free for others', async () => {
    const made: Promise<Answer>[] = [];
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`groups ${client.orgId}`]),
      async () => {
        for (let number = 0; number < 30; number += 1) made.push(client.post('/Groups', { displayName: `G${number}` }));
        await waitForLock(product, 2);
        const start = performance.now();
        expect((await twin.post('/Groups', { displayName: 'Theirs' })).status).toBe(201);
        expect((await twin.get('/Users?count=1')).status).toBe(200);
        // Whoever waits for the lock waits five seconds.
        expect(performance.now() - start).toBeLessThan(4_900);
        expect(product.context.pool.waitingCount).toBe(0);
      },
    );
    expect(new Set((await Promise.all(made)).map(({ status }) => status))).toEqual(new Set([201]));
  });
});

describe('removal', () => {
  it('cannot be forestalled by taking the address that the removed would get', async () => {
    const { id } = await client.user('victim@whiterabbit.fake');
    const taken = await client.post('/Users', { userName: `deleted.${id}@deleted.invalid` });
    expect(taken.status).toBe(400);
    const renamed = await client.user('renamed@whiterabbit.fake');
    const address = [{ value: `deleted.${id}@DELETED.invalid`, primary: true }];
    expect(
      (await client.patch(`/Users/${renamed.id}`, [{ op: 'replace', path: 'emails', value: address }])).status,
    ).toBe(400);
    await product.context.prisma.user.updateMany({
      where: { id: renamed.id },
      data: { email: `deleted.${id}@deleted.invalid`, emailKey: `deleted.${id}@deleted.invalid` },
    });
    expect((await client.remove(`/Users/${id}`)).status).toBe(204);
  });
});
