import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { type Answer, oktaUser, provision } from './support.ts';

let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
});
afterAll(() => product.stop());

describe('at once', () => {
  it('two changes of one person lose nothing, and the second of two with the same If-Match is refused', async () => {
    const { id, meta } = await client.user('both@whiterabbit.fake');
    let answers: Answer[] = [];
    const race = async (send: () => Promise<Answer>[]) => {
      let under: Promise<Answer[]> = Promise.resolve([]);
      await whileLocked(
        product,
        (blocker) => blocker.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]),
        async () => {
          under = Promise.all(send());
          await waitForLock(product, 2);
        },
      );
      answers = await under;
    };
    await race(() => [
      client.patch(`/Users/${id}`, [{ op: 'replace', path: 'title', value: 'Operator' }]),
      client.patch(`/Users/${id}`, [{ op: 'replace', path: 'nickName', value: 'Both' }]),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const { body } = await client.get(`/Users/${id}`);
    expect([body.title, body.nickName]).toEqual(['Operator', 'Both']);
    expect(body.meta.version).not.toBe(meta.version);
    await race(() => [
      client.patch(`/Users/${id}`, [{ op: 'replace', path: 'title', value: 'A' }], { 'If-Match': body.meta.version }),
      client.patch(`/Users/${id}`, [{ op: 'replace', path: 'title', value: 'B' }], { 'If-Match': body.meta.version }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it('two changes of one group with the same If-Match: the second is refused', async () => {
    const group = (await client.post('/Groups', { displayName: 'Raced' })).body;
    let under: Promise<Answer[]> = Promise.resolve([]);
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM groups WHERE id = $1 FOR UPDATE', [group.id]),
      async () => {
        under = Promise.all(
          ['A', 'B'].map((value) =>
            client.patch(`/Groups/${group.id}`, [{ op: 'replace', path: 'displayName', value }], {
              'If-Match': group.meta.version,
            }),
          ),
        );
        await waitForLock(product, 2);
      },
    );
    expect((await under).map(({ status }) => status).sort()).toEqual([204, 412]);
  });

  it('a person added to a group while they are removed is in no group', async () => {
    const { id } = await client.user('leaving@whiterabbit.fake');
    const group = (await client.post('/Groups', { displayName: 'Late' })).body;
    let under: Promise<Answer[]> = Promise.resolve([]);
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]),
      async () => {
        const removed = client.remove(`/Users/${id}`);
        await waitForLock(product, 1);
        const added = client.patch(`/Groups/${group.id}`, [{ op: 'add', path: 'members', value: [{ value: id }] }]);
        await waitForLock(product, 2);
        under = Promise.all([removed, added]);
      },
    );
    expect((await under).map(({ status }) => status)).toEqual([204, 200]);
    expect(await product.context.prisma.groupMember.count({ where: { userId: id } })).toBe(0);
  });

  it('one person posted many times is one', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => client.post('/Users', oktaUser('many@whiterabbit.fake'))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
    expect((await client.search('/Users', 'userName eq "many@whiterabbit.fake"')).body.totalResults).toBe(1);
  });

  it('removed twice is removed once', async () => {
    const { id } = await client.user('twice@whiterabbit.fake');
    const answers = await Promise.all([
      client.remove(`/Users/${id}`),
      client.remove(`/Users/${id}`),
      client.remove(`/Users/${id}`),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404]);
    expect(await product.context.prisma.auditEvent.count({ where: { targetId: id, action: 'user.removed' } })).toBe(1);
  });

  it('sign-ins during a deactivation leave no session behind', async () => {
    const id = product.orgs.whiterabbit.userId;
    const url = `/Users/${id}`;
    for (let round = 0; round < 3; round += 1) {
      const signingIn = Array.from({ length: 5 }, () => product.signIn('whiterabbit', trinity).catch(() => null));
      const off = await client.patch(url, [{ op: 'replace', value: { active: false } }]);
      expect(off.status).toBe(200);
      const browsers = (await Promise.all(signingIn)).filter((browser) => browser !== null);
      for (const browser of browsers) expect((await browser.get('/api/users/me')).status).toBe(401);
      await client.patch(url, [{ op: 'replace', value: { active: true } }]);
      for (const browser of browsers) expect((await browser.get('/api/users/me')).status).toBe(401);
      const live = await product.context.pool.query('SELECT FROM live_sessions WHERE user_id = $1', [id]);
      expect(live.rowCount).toBe(0);
    }
  });

  it('a sign-in that waits for the row while the person is switched off is refused', async () => {
    const id = product.orgs.whiterabbit.userId;
    let browser: Promise<unknown> = Promise.resolve();
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]),
      async () => {
        const off = client.patch(`/Users/${id}`, [{ op: 'replace', value: { active: false } }]);
        await waitForLock(product, 1);
        browser = Promise.allSettled([product.signIn(), off]);
        await waitForLock(product, 2);
      },
    );
    const [signedIn, off] = (await browser) as [PromiseSettledResult<unknown>, PromiseFulfilledResult<Answer>];
    expect([signedIn.status, off.value.status]).toEqual(['rejected', 200]);
    const live = await product.context.pool.query('SELECT FROM live_sessions WHERE user_id = $1', [id]);
    expect(live.rowCount).toBe(0);
    await client.patch(`/Users/${id}`, [{ op: 'replace', value: { active: true } }]);
  });
});

describe('a first sign-in during the removal of the person', () => {
  it('leaves the subject free for whoever is provisioned in their place', async () => {
    const neo = { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' };
    await product.context.prisma.org.update({ where: { id: client.orgId }, data: { createUsers: false } });
    const { id } = await client.user(neo.email);
    let under: Promise<PromiseSettledResult<unknown>[]> = Promise.resolve([]);
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]),
      async () => {
        const removed = client.remove(`/Users/${id}`);
        await waitForLock(product, 1);
        under = Promise.allSettled([removed, product.signIn('whiterabbit', neo)]);
        await waitForLock(product, 2);
      },
    );
    const [removed, signedIn] = await under;
    expect([removed?.status, signedIn?.status]).toEqual(['fulfilled', 'rejected']);
    expect((await client.get(`/Users/${id}`)).status).toBe(404);
    const again = await client.user(neo.email);
    const browser = await product.signIn('whiterabbit', neo);
    expect((await browser.get('/api/users/me')).json().id).toBe(again.id);
  });
});

describe('without the database', () => {
  it('503 in SCIM’s form, never a 404', async () => {
    const other = await startProduct();
    const there = await provision(other);
    await other.context.pool.query('SELECT 1');
    await other.context.pool.end();
    for (const answer of [
      await there.get(`/Users/${other.orgs.whiterabbit.userId}`),
      await there.post('/Users', oktaUser('x@whiterabbit.fake')),
    ]) {
      expect([answer.status, answer.body.status]).toEqual([503, '503']);
      expect(answer.headers.get('Retry-After')).toBe('5');
    }
    await other.stop().catch(() => {});
  });
});
