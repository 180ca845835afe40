import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { feedOf, relayed, signInAs } from '../notifications/support.ts';
import type { Browser } from '../support/browser.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createClient, oktaUser, provision, urns } from './support.ts';

let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
let admin: Browser;
let twin: Browser;
beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
  admin = await signInAs(product, 'admin');
  twin = await signInAs(product, 'owner', 'metacortex');
});
afterAll(() => product.stop());

const recorded = () =>
  product.context.prisma.auditEvent.findMany({ where: { action: 'provisioning.refused' }, orderBy: { at: 'asc' } });

async function latest() {
  const [event] = (await recorded()).slice(-1);
  return { ...event, detail: event?.detail as Record<string, unknown> };
}

describe('a refused call of provisioning', () => {
  it('is on record with the attribute, the person and what was wrong, and without what was sent', async () => {
    const { id } = await client.user('refused@whiterabbit.fake');
    await client.patch(`/Users/${id}`, [{ op: 'replace', path: 'emails[type eq "work"].value', value: { a: 1 } }]);
    expect(await latest()).toMatchObject({
      orgId: client.orgId,
      actorType: 'api_key',
      actorId: client.keyId,
      targetType: 'user',
      targetId: id,
      detail: { method: 'PATCH', status: 400, scimType: 'invalidValue', attribute: 'emails.value', name: null },
    });
    const wanted = oktaUser('REFUSED@whiterabbit.fake', { password: 'not-to-be-kept', title: 'x'.repeat(9_000) });
    await client.post('/Users', wanted);
    const { targetId, detail } = await latest();
    expect([targetId, detail]).toEqual([
      null,
      {
        method: 'POST',
        status: 400,
        scimType: 'invalidValue',
        attribute: 'title',
        explanation: 'title is longer than 8192 characters.',
        name: 'REFUSED@whiterabbit.fake',
      },
    ]);
    await client.post('/Users', { ...wanted, title: 'x' });
    expect((await latest()).detail).toMatchObject({
      status: 409,
      attribute: 'userName',
      explanation: expect.stringContaining(`taken by the user ${id}`),
    });
    await client.post('/Users', oktaUser('x', { userName: `\u0000\n\u202e${'y'.repeat(5_000)}` }));
    expect((await latest()).detail.name).toBe('y'.repeat(297));
    await client.get('/Users?filter=nothing');
    expect((await latest()).detail).toMatchObject({ method: 'GET', scimType: 'invalidFilter' });
    await client.send('PUT', '/Users/usr_unknown', oktaUser('unknown@whiterabbit.fake'));
    expect(await latest()).toMatchObject({ targetId: 'usr_unknown', detail: { status: 404 } });
    expect(JSON.stringify(await recorded())).not.toContain('not-to-be-kept');
  });

  it('is not what a stranger sends, nor a question for somebody who is not there, nor a lost race', async () => {
    const { id } = await client.user('race@whiterabbit.fake');
    const before = (await recorded()).length;
    const stranger = createClient(product.url, { Authorization: 'Bearer ul_wrong' });
    const answers = [
      await stranger.post('/Users', {}),
      await (await provision(product, 'whiterabbit', ['revoke'])).post('/Users', {}),
      await client.get('/Users/usr_unknown'),
      await client.remove('/Users/usr_unknown'),
      await client.patch(`/Users/${id}`, [{ op: 'replace', value: { title: 'x' } }], { 'If-Match': 'W/"old"' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 403, 404, 404, 412]);
    expect((await recorded()).length).toBe(before);
  });

  it('is told to the administrators of the organisation, those of a minute together, and to no others', async () => {
    await relayed(product);
    await product.context.pool.query('DELETE FROM notifications');
    const { id } = await client.user('told@whiterabbit.fake', { displayName: 'Zoe Told' });
    await client.patch(`/Users/${id}`, [{ op: 'replace', path: 'roles', value: [{ value: 'owner' }] }]);
    await relayed(product);
    const told = async () => (await feedOf(admin)).items.filter(({ kind }) => kind === 'refused_provisioning');
    const why = 'The role "owner" is given by an owner in the product, never by provisioning.';
    expect((await told()).map(({ count, text }) => [count, text])).toEqual([
      [1, `The API key IdP was refused when it provisioned Zoe Told: ${why}`],
    ]);
    const { body: group } = await client.post('/Groups', {
      displayName: 'Crew',
      members: [{ value: id }, { value: 'gone' }],
    });
    await relayed(product);
    const [both, ...others] = await told();
    expect(others).toEqual([]);
    expect(both).toMatchObject({
      count: 2,
      action: 'provisioning.refused',
      target: { type: 'api_key', id: client.keyId, name: 'IdP' },
      text: 'The API key IdP was refused 2 times, wholly or in part, when it provisioned, the last time Crew: 1 member is nobody of the organisation: "gone"',
      detail: { attribute: 'members', about: 'Crew' },
    });
    expect(await latest()).toMatchObject({ targetType: 'group', targetId: group.id, detail: { status: 200 } });
    expect((await feedOf(twin)).items.map(({ kind }) => kind)).not.toContain('refused_provisioning');
  });

  it('does not keep a person from being switched off, and both are told', async () => {
    const { id } = await client.user('off.and.wrong@whiterabbit.fake');
    const refused = await client.patch(`/Users/${id}`, [
      { op: 'replace', path: 'active', value: false },
      { op: 'replace', path: 'title', value: 'x'.repeat(9_000) },
    ]);
    expect([refused.status, refused.body.schemas]).toEqual([400, [urns.error]]);
    expect((await latest()).detail).toMatchObject({
      attribute: 'title',
      explanation: expect.stringContaining('the user is switched off'),
    });
  });
});
