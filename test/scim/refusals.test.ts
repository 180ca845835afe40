import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepAuditEvents } from '../../src/audit/retention.ts';
import { clean } from '../../src/database/chores.ts';
import { feedOf, relayed, signInAs } from '../notifications/support.ts';
import type { Browser } from '../support/browser.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createClient, oktaUser, provision, urns } from './support.ts';

let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
let admin: Browser;
let twin: Browser;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
  admin = await signInAs(product, 'admin');
  owner = await plantAdministrator(product, 'owner');
  twin = await signInAs(product, 'owner', 'metacortex');
});
afterAll(() => product.stop());

const recorded = () =>
  product.context.prisma.auditEvent.findMany({ where: { action: 'provisioning.refused' }, orderBy: { at: 'asc' } });

type Shown = { target: { type: string; id: string | null; name: string | null; email: string | null } | null };
/** The latest events, newest first, as an administrator reads them. */
async function shown(query = ''): Promise<Shown['target'][]> {
  const { body } = await owner.send('GET', `/audit-events?action=provisioning.refused${query}`);
  return (body.items as Shown[]).map(({ target }) => target);
}

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
      detail: { method: 'PATCH', status: 400, scimType: 'invalidValue', attribute: 'emails.value' },
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
      },
    ]);
    const asked = { name: 'REFUSED@whiterabbit.fake', email: 'REFUSED@whiterabbit.fake' };
    expect((await shown())[0]).toEqual({ type: 'user', id: null, ...asked });
    await client.post('/Users', { ...wanted, title: 'x' });
    expect(await latest()).toMatchObject({
      targetId: id,
      detail: {
        status: 409,
        attribute: 'userName',
        explanation: `userName and emails.value: taken by the user ${id} of the organisation.`,
      },
    });
    expect((await shown())[0]).toMatchObject({ id, name: 'Test Person', email: 'refused@whiterabbit.fake' });
    await client.post('/Users', oktaUser('x', { userName: `\u0000\n\u202e${'y'.repeat(5_000)}` }));
    expect((await shown())[0]).toEqual({ type: 'user', id: null, name: 'y'.repeat(297), email: null });
    await client.send('PUT', '/Users/usr_unknown', oktaUser('unknown@whiterabbit.fake'));
    expect(await latest()).toMatchObject({ targetId: 'usr_unknown', detail: { status: 404 } });
    expect(JSON.stringify(await recorded())).not.toContain('not-to-be-kept');
  });

  it('keeps nothing in the event, which cannot change, of what was sent', async () => {
    const { id } = await client.user('sent@whiterabbit.fake');
    const taken = await client.user('secretly.taken@whiterabbit.fake', { userName: 'secretly.named' });
    const { body: group } = await client.post('/Groups', { displayName: 'Sent' });
    const before = (await recorded()).length;
    const secret = 'secretly@whiterabbit.fake';
    const path = (text: string) => client.patch(`/Users/${id}`, [{ op: 'replace', path: text, value: 'x' }]);
    const answers = [
      await client.post('/Users', oktaUser(secret, { title: 'x'.repeat(9_000) })),
      await client.post('/Users', oktaUser(taken.emails[0].value)),
      await client.patch(`/Users/${id}`, [{ op: 'replace', path: 'userName', value: 'secretly.named' }]),
      await path(`emails[secretly eq "${secret}"].value`),
      await path(`userName[value eq "${secret}"]`),
      await path(`${urns.enterprise}`),
      await client.put('/Users/secretly', oktaUser(secret)),
      await client.put(`/Users/${secret}`, oktaUser(secret)),
      await client.patch('/Groups/secretly', [{ op: 'replace', path: 'displayName', value: 'secretly' }]),
      await client.remove('/Users/secretly'),
      await client.post('/Groups', { displayName: 'secretly', members: [{ display: 'secretly' }] }),
      await client.post('/Users', '{"userName": "secretly'),
      await client.post('/Users', ['secretly']),
      await client.patch(`/Groups/${group.id}`, [{ op: 'add', path: 'members', value: [{ value: 'secretly' }] }]),
    ];
    expect(answers.map(({ status }) => status)).toEqual([
      ...[400, 409, 409, 400, 400, 400, 404, 404, 404, 404, 400, 400, 400, 200],
    ]);
    const events = (await recorded()).slice(before);
    expect(events).toHaveLength(answers.length);
    expect(JSON.stringify(events)).not.toMatch(/secretly/i);
    expect((await shown()).slice(0, answers.length).map((target) => target?.name ?? null)).toEqual(
      [
        ...[secret, 'Test Person', 'Test Person', 'Test Person', 'Test Person', 'Test Person', secret, secret],
        ...[null, null, 'secretly', null, null, null],
      ].reverse(),
    );
  });

  it('is found by whom it named, in this organisation alone, and forgotten with them', async () => {
    const [address, login] = ['brown@whiterabbit.fake', 'agent.brown'];
    const wanted = oktaUser(address, { userName: login, displayName: 'Agent Brown' });
    await client.post('/Users', { ...wanted, title: 'x'.repeat(9_000) });
    await client.post('/Users', oktaUser('Agent.BROWN', { emails: [], title: 'x'.repeat(9_000) }));
    await client.post('/Users', oktaUser('jones@whiterabbit.fake', { title: 'x'.repeat(9_000) }));
    const { id } = await client.user(address, { userName: login, displayName: 'Agent Brown' });
    expect((await client.post('/Users', wanted)).status).toBe(409);
    const bearer = { type: 'user', id, name: 'Agent Brown', email: address };
    const first = { type: 'user', id: null, name: login, email: address };
    const second = { type: 'user', id: null, name: 'Agent.BROWN', email: null };
    expect(await shown('&search=Brown')).toEqual([bearer, second, first]);
    expect(await shown(`&email=${address}`)).toEqual([bearer, first]);
    expect(await shown(`&person=${id}`)).toEqual([bearer]);
    const foreign = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    expect((await foreign.send('GET', '/audit-events?search=Brown')).body.items).toEqual([]);

    const theirs = await provision(product, 'metacortex');
    await theirs.post('/Users', { ...wanted, title: 'x'.repeat(9_000) });
    expect((await client.remove(`/Users/${id}`)).status).toBe(204);
    expect(await shown('&search=Brown')).toEqual([]);
    expect(await shown('&search=jones')).toHaveLength(1);
    const { body } = await foreign.send('GET', '/audit-events?search=Brown');
    expect(body.items).toMatchObject([{ target: first }]);
    const { pool } = product.context;
    const left = await Promise.all(
      ['audit_events', 'audit_names'].map(async (table) => {
        const { rows } = await pool.query(`SELECT * FROM ${table} WHERE org_id = $1`, [client.orgId]);
        return JSON.stringify(rows);
      }),
    );
    expect(left.join()).not.toMatch(/brown/i);
  });

  it('loses the name that it gave when the retention lets it go', async () => {
    const post = (userName: string) => client.post('/Users', oktaUser(userName, { title: 'x'.repeat(9_000) }));
    await post('old@whiterabbit.fake');
    const { id } = await latest();
    await post('young@whiterabbit.fake');
    const { pool } = product.context;
    await pool.query(
      `ALTER TABLE audit_events DISABLE TRIGGER USER;
       UPDATE audit_events SET at = at - interval '1 year' WHERE id = '${id}';
       UPDATE orgs SET audit_retention_days = 30 WHERE id = '${client.orgId}';
       ALTER TABLE audit_events ENABLE TRIGGER USER`,
    );
    while (!(await clean(pool, [sweepAuditEvents])));
    const { rows } = await pool.query(
      `SELECT name FROM audit_names WHERE subject_id = '' AND name IN ('old@whiterabbit.fake', 'young@whiterabbit.fake')`,
    );
    expect(rows).toEqual([{ name: 'young@whiterabbit.fake' }]);
  });

  it('is not what a stranger sends, nor a question for somebody who is not there, nor a lost race', async () => {
    const { id } = await client.user('race@whiterabbit.fake');
    const { id: gone } = await client.user('gone@whiterabbit.fake');
    expect((await client.remove(`/Users/${gone}`)).status).toBe(204);
    const before = (await recorded()).length;
    const stranger = createClient(product.url, { Authorization: 'Bearer ul_wrong' });
    const answers = [
      await stranger.post('/Users', {}),
      await (await provision(product, 'whiterabbit', ['revoke'])).post('/Users', {}),
      await client.get('/Users/usr_unknown'),
      await client.get('/Users?filter=nothing'),
      await client.post('/Users/.search', { filter: 'nothing' }),
      await client.remove(`/Users/${gone}`),
      await client.remove('/Groups/grp_unknown'),
      await client.patch(`/Users/${id}`, [{ op: 'replace', value: { title: 'x' } }], { 'If-Match': 'W/"old"' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 403, 404, 400, 400, 404, 404, 412]);
    expect((await recorded()).length).toBe(before);
  });

  it('is a removal of somebody who never was here: it ended nothing', async () => {
    const { userId } = product.orgs.metacortex;
    expect((await client.remove(`/Users/${userId}`)).status).toBe(404);
    const explanation = 'There is no user of this id.';
    expect(await latest()).toMatchObject({ targetId: userId, detail: { method: 'DELETE', status: 404, explanation } });
    expect((await client.remove('/Users/trinity@whiterabbit.fake')).status).toBe(404);
    expect(await latest()).toMatchObject({ targetType: 'user', targetId: null, detail: { explanation } });
    expect((await shown())[0]).toEqual({ type: 'user', id: null, name: null, email: null });
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
      text: 'The API key IdP was refused 2 times, wholly or in part, when it provisioned, the last time Crew: 1 member is nobody of the organisation.',
      detail: { attribute: 'members', about: 'Crew' },
    });
    expect(await latest()).toMatchObject({ targetType: 'group', targetId: group.id, detail: { status: 200 } });
    for (const [path, body, about, reason] of [
      [
        '/Users',
        oktaUser('new.hire@whiterabbit.fake', { title: 'x'.repeat(9_000) }),
        'new.hire@whiterabbit.fake',
        'title is longer than 8192 characters.',
      ],
      [
        '/Users',
        oktaUser('told@whiterabbit.fake'),
        'Zoe Told',
        `userName and emails.value: taken by the user ${id} of the organisation.`,
      ],
      [
        '/Groups',
        { displayName: 'Newcomers', members: [{ display: 'x' }] },
        'Newcomers',
        'A member has the id of a user as its value.',
      ],
    ] as const) {
      await client.post(path, body);
      await relayed(product);
      expect((await told())[0]?.text).toMatch(`the last time ${about}: ${reason}`);
    }
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
