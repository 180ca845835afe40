import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/audit/canonical-json.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';

type Event = { id: string; orgId: string; at: string; action: string; detail: Record<string, unknown> };
type Administrator = Awaited<ReturnType<typeof plantAdministrator>>;

let product: Product;
let owner: Administrator;
let foreign: Administrator;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  foreign = await plantAdministrator(product, 'owner', { org: 'metacortex' });
});
afterAll(() => product.stop());

const orgId = () => product.orgs.whiterabbit.id;
const list = async (query = '', who = owner) => {
  const { status, body } = await who.send('GET', `/audit-events${query}`);
  return { status, code: body.code, items: body.items as Event[], next: body.next as string | null };
};
const idsOf = ({ items }: { items: Event[] }) => items.map(({ id }) => id);

/** Events of a past year, by hand: one a minute, in the order of the list. */
async function plant(
  year: number,
  rows: { id: string; action?: string; minute?: number; actor?: string; target?: string; detail?: object }[],
  org = orgId(),
) {
  for (const [index, { id, action = 'test.happened', minute = index, actor, target, detail = {} }] of rows.entries())
    await product.context.pool.query(
      `INSERT INTO audit_events (org_id, id, at, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
       VALUES ($1, $2, make_timestamptz($3, 1, 1, 0, 0, 0, 'UTC') + make_interval(mins => $4), $5, 'user', $6, $7, $8,
               '192.0.2.1', 'a-request', $9)`,
      [org, id, year, minute, action, actor ?? null, target ? 'user' : null, target ?? null, detail],
    );
}
const during = (year: number) => `from=${year}-01-01T00:00:00Z&to=${year + 1}-01-01T00:00:00Z`;

async function download(query: string, who = owner, method = 'GET') {
  const response = await fetch(`${product.url}/api/orgs/current/audit-events/export?${query}`, {
    method,
    headers: { cookie: who.cookie },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('the list of audit events', () => {
  it('has what happened with actor, target, address and request id, the youngest first', async () => {
    const { pool } = product.context;
    const browser = await product.signIn();
    await pool.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [product.orgs.whiterabbit.userId]);
    const answer = await browser.get('/api/orgs/current/audit-events?action=sign_in.succeeded&limit=1');
    const { items } = answer.json<{ items: Event[] }>();
    expect(items).toEqual([
      {
        id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
        orgId: orgId(),
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        action: 'sign_in.succeeded',
        actor: { type: 'user', id: product.orgs.whiterabbit.userId, name: 'Trinity', email: trinity.email },
        target: { type: 'session', id: expect.stringMatching(/^ses_/), name: null, email: null },
        reason: null,
        ip: expect.stringMatching(/127\.0\.0\.1|::1/),
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        detail: { connection: product.orgs.whiterabbit.connectionId },
      },
    ]);
  });

  it('is filtered by time, actor, target and action, or by what an action begins with', async () => {
    await plant(2001, [
      { id: 'evt_a', action: 'sign_in.succeeded', actor: 'usr_1', target: 'ses_1' },
      { id: 'evt_b', action: 'sign_in.refused', target: 'usr_1' },
      { id: 'evt_c', action: 'sign_inverted.done', actor: 'usr_2', target: 'usr_1' },
    ]);
    const of = async (query: string) => idsOf(await list(`?${during(2001)}&${query}`));
    expect(await of('')).toEqual(['evt_c', 'evt_b', 'evt_a']);
    expect(await of('order=asc')).toEqual(['evt_a', 'evt_b', 'evt_c']);
    expect(await of('action=sign_in.')).toEqual(['evt_b', 'evt_a']);
    expect(await of('action=sign_in.refused')).toEqual(['evt_b']);
    expect(await of('actor=usr_1')).toEqual(['evt_a']);
    expect(await of('target=usr_1')).toEqual(['evt_c', 'evt_b']);
    // "from" is in it, "to" is not.
    const edges = '?from=2001-01-01T00:00:00Z&to=2001-01-01T01:01:00%2B01:00';
    expect(idsOf(await list(edges))).toEqual(['evt_a']);
  });

  it('goes page by page in both directions, also through events of one and the same moment', async () => {
    const rows = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ id: `evt_same_${name}`, minute: name === 'e' ? 1 : 0 }));
    await plant(2002, rows);
    for (const order of ['asc', 'desc']) {
      const seen: string[] = [];
      let cursor = '';
      for (let pages = 0; pages < 3; pages += 1) {
        const page = await list(`?${during(2002)}&limit=2&order=${order}${cursor}`);
        seen.push(...idsOf(page));
        cursor = `&cursor=${page.next}`;
        expect(page.next === null).toBe(pages === 2);
      }
      const all = rows.map(({ id }) => id);
      expect(seen).toEqual(order === 'asc' ? all : all.toReversed());
    }
  });

  it('goes page by page through several actions that begin alike', async () => {
    const actions = ['webhook.b', 'webhook.a', 'other.a', 'webhook.b', 'webhook.c', 'webhook.a', 'webhook.c'];
    // Two of the same moment, of which the action that comes first has the higher id.
    const rows = actions.map((action, n) => ({ id: `evt_pages_${9 - n}`, action, minute: n === 5 ? 4 : n }));
    await plant(2010, rows);
    await plant(2010, [{ id: 'evt_pages_theirs', action: 'webhook.a' }], product.orgs.metacortex.id);
    const expected = ['evt_pages_9', 'evt_pages_8', 'evt_pages_6', 'evt_pages_4', 'evt_pages_5', 'evt_pages_3'];
    for (const [order, all] of [
      ['asc', expected],
      ['desc', expected.toReversed()],
    ] as const) {
      const seen: string[][] = [];
      for (let cursor = '', more = true; more; ) {
        const page = await list(`?${during(2010)}&action=webhook.&limit=2&order=${order}${cursor}`);
        seen.push(idsOf(page));
        cursor = `&cursor=${page.next}`;
        more = page.next !== null;
      }
      expect(seen).toEqual([all.slice(0, 2), all.slice(2, 4), all.slice(4)]);
    }
    const exported = (await download(`${during(2010)}&action=webhook.`)).text.trimEnd().split('\n');
    expect(exported.map((line) => JSON.parse(line).id)).toEqual(expected);
  });

  it.each([
    'from=yesterday',
    'to=2001-01-01',
    'actor=%00',
    'target=a%27b',
    "action=sign_in'",
    'action=%25',
    'action=sign_in',
    'action=none_such.',
    'action=sign_in.done',
    'order=sideways',
    'limit=201',
    'cursor=nonsense',
    `cursor=${Buffer.from('["no time","evt_a"]').toString('base64url')}`,
  ])('says what is wrong with ?%s', async (query) => {
    expect(await list(`?${query}`)).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  it('has the sign-ins of a connection, also refused ones, in the order of time and page by page', async () => {
    const at = (connection: string) => ({ connection });
    await plant(2017, [
      { id: 'evt_in_1', action: 'sign_in.succeeded', detail: at('con_a') },
      { id: 'evt_in_2', action: 'sign_in.refused', detail: at('con_a') },
      { id: 'evt_in_3', action: 'sign_in.succeeded', detail: at('con_b') },
      { id: 'evt_in_4', action: 'role.changed', detail: at('con_a') },
      { id: 'evt_in_5', action: 'sign_in.succeeded', detail: at('con_a') },
    ]);
    const theirs = [{ id: 'evt_in_6', action: 'sign_in.succeeded', detail: at('con_a') }];
    await plant(2017, theirs, product.orgs.metacortex.id);
    const query = `?${during(2017)}&signInsBy=con_a`;
    expect(idsOf(await list(query))).toEqual(['evt_in_5', 'evt_in_2', 'evt_in_1']);
    expect(idsOf(await list(`${query}&action=sign_in.refused`))).toEqual(['evt_in_2']);
    expect(idsOf(await list(`${query}&order=asc`))).toEqual(['evt_in_1', 'evt_in_2', 'evt_in_5']);
    const first = await list(`${query}&limit=2`);
    expect(idsOf(first)).toEqual(['evt_in_5', 'evt_in_2']);
    expect(idsOf(await list(`${query}&limit=2&cursor=${first.next}`))).toEqual(['evt_in_1']);
    expect(idsOf(await list(query, foreign))).toEqual(['evt_in_6']);
  });

  it('has what provisioning did, whichever of its keys, in the order of time and page by page', async () => {
    const keyOf = async (who: Administrator, ...scopes: string[]) =>
      String((await who.send('POST', '/api-keys', { name: scopes.join(), scopes })).body.id);
    const [first, both, script] = [
      await keyOf(owner, 'scim'),
      await keyOf(owner, 'scim', 'revoke'),
      await keyOf(owner, 'revoke'),
    ];
    expect((await owner.send('DELETE', `/api-keys/${first}`)).status).toBe(204);
    await plant(2018, [
      { id: 'evt_key_1', action: 'user.added', actor: first, target: 'usr_1' },
      { id: 'evt_key_2', action: 'group.changed', actor: both },
      { id: 'evt_key_3', action: 'access.revoked', actor: script, target: 'usr_1' },
      { id: 'evt_key_4', action: 'user.added', actor: 'usr_1' },
      { id: 'evt_key_5', action: 'user.deactivated', actor: first, target: 'usr_1' },
      { id: 'evt_key_6', action: 'user.added' },
    ]);
    const stranger = { id: 'evt_key_7', action: 'user.added', actor: first };
    await plant(2018, [stranger], product.orgs.metacortex.id);
    const query = `?${during(2018)}&by=provisioning`;
    expect(idsOf(await list(query))).toEqual(['evt_key_5', 'evt_key_2', 'evt_key_1']);
    expect(idsOf(await list(`${query}&order=asc`))).toEqual(['evt_key_1', 'evt_key_2', 'evt_key_5']);
    expect(idsOf(await list(`${query}&action=user.`))).toEqual(['evt_key_5', 'evt_key_1']);
    expect(idsOf(await list(`${query}&action=user.added`))).toEqual(['evt_key_1']);
    expect(idsOf(await list(`${query}&actor=${both}`))).toEqual(['evt_key_2']);
    expect(idsOf(await list(`${query}&person=usr_1`))).toEqual(['evt_key_5', 'evt_key_1']);
    const page = await list(`${query}&limit=2`);
    expect(idsOf(page)).toEqual(['evt_key_5', 'evt_key_2']);
    expect(idsOf(await list(`${query}&limit=2&cursor=${page.next}`))).toEqual(['evt_key_1']);
    const exported = (await download(`${during(2018)}&by=provisioning`)).text.trimEnd().split('\n');
    expect(exported.map((line) => JSON.parse(line).id)).toEqual(['evt_key_1', 'evt_key_2', 'evt_key_5']);
    expect(idsOf(await list(query, foreign))).toEqual([]);
  });

  it("shows one event, and another org's neither in a list nor by its id", async () => {
    await plant(2003, [{ id: 'evt_ours', target: 'usr_x' }]);
    await plant(2003, [{ id: 'evt_theirs', target: 'usr_x' }], product.orgs.metacortex.id);
    const here = await owner.send('GET', '/audit-events/evt_ours');
    expect([here.status, here.body.id]).toEqual([200, 'evt_ours']);
    expect(await owner.send('GET', '/audit-events/evt_theirs')).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
    expect(idsOf(await list(`?${during(2003)}&target=usr_x`))).toEqual(['evt_ours']);
    expect(idsOf(await list(`?${during(2003)}&target=usr_x`, foreign))).toEqual(['evt_theirs']);
  });
});

describe('the export', () => {
  it('has each event on a line of its own in its canonical form, the oldest first', async () => {
    const detail = { z: 'é e\u0301 🗝 "\\', a: 1.5, ö: null, b: true, big: 1e21, line: 'one\ntwo' };
    await plant(2004, [{ id: 'evt_2' }, { id: 'evt_1', detail, actor: 'usr_1', target: 'usr_2' }]);
    const { status, headers, text } = await download(`format=ndjson&${during(2004)}`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/x-ndjson/);
    expect(headers.get('content-disposition')).toBe('attachment; filename=audit-events.ndjson');
    expect(headers.get('cache-control')).toBe('no-store');
    const lines = text.split('\n');
    expect(lines.map((line) => line && JSON.parse(line).id)).toEqual(['evt_2', 'evt_1', '']);
    expect(lines[1]).toBe(
      `{"action":"test.happened","actor":{"email":null,"id":"usr_1","name":null,"type":"user"},"at":"2004-01-01T00:01:00.000Z",` +
        `"detail":{"a":1.5,"b":true,"big":1e+21,"line":"one\\ntwo","z":"é e\u0301 🗝 \\"\\\\","ö":null},` +
        `"id":"evt_1","ip":"192.0.2.1","orgId":"${orgId()}","reason":null,"requestId":"a-request",` +
        `"target":{"email":null,"id":"usr_2","name":null,"type":"user"}}`,
    );
    const { body } = await owner.send('GET', '/audit-events/evt_1');
    expect(canonicalJson(body as Parameters<typeof canonicalJson>[0])).toBe(lines[1]);
  });

  it('is a table as well, in which no cell is a formula', async () => {
    const hostile = ['=HYPERLINK("https://x.example")', '+1', '-1', '@SUM(A1)'];
    await plant(
      2005,
      hostile.map((actor, index) => ({ id: `evt_csv_${index}`, actor, detail: { quote: '"', comma: ',' } })),
    );
    const { headers, text } = await download(`format=csv&${during(2005)}`);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const lines = text.split('\r\n');
    expect(lines[0]).toBe(
      'id,org_id,at,action,actor_type,actor_id,target_type,target_id,ip,request_id,detail,' +
        'actor_name,actor_email,target_name,target_email,reason',
    );
    expect(lines[1]).toBe(
      `evt_csv_0,${orgId()},2005-01-01T00:00:00.000Z,test.happened,user,"'=HYPERLINK(""https://x.example"")",,,192.0.2.1,` +
        `a-request,"{""comma"":"","",""quote"":""\\""""}",,,,,`,
    );
    expect(lines.slice(2, 5).map((line) => line.split(',')[5])).toEqual(["'+1", "'-1", "'@SUM(A1)"]);
    expect(lines.slice(5)).toEqual(['']);
  });

  it('holds every event of several thousand once, in order', async () => {
    const count = 2_500;
    await product.context.pool.query(
      `INSERT INTO audit_events (org_id, id, at, action, actor_type)
       SELECT $1, 'evt_many_' || lpad(n::text, 5, '0'), '2006-01-01Z'::timestamptz + make_interval(secs => n / 900), 'test.many', 'system'
       FROM generate_series(1, $2::int) AS n`,
      [orgId(), count],
    );
    const { text } = await download(during(2006));
    const ids = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id as string);
    expect(ids).toEqual(Array.from({ length: count }, (_, n) => `evt_many_${String(n + 1).padStart(5, '0')}`));
  });

  it('is itself on record before its first byte, and ends where it began', async () => {
    const { text } = await download('action=record.&format=csv');
    const { items } = await list('?action=record.exported&limit=1');
    expect(items[0]).toMatchObject({
      actor: { type: 'user', id: owner.id, name: 'Planted', email: owner.email },
      target: { type: 'org', id: orgId(), name: null, email: null },
      detail: { format: 'csv', action: 'record.', to: expect.any(String) },
      requestId: expect.any(String),
    });
    expect(text).not.toContain(items[0]?.id);
    const again = await download('action=record.');
    expect(again.text).toContain(items[0]?.id);
    const before = (await list('?action=record.exported')).items.length;
    expect(await download('action=record.', owner, 'HEAD')).toMatchObject({ status: 200, text: '' });
    expect((await list('?action=record.exported')).items).toHaveLength(before);
  });

  it("has nothing of another org's, and is not for a plain admin", async () => {
    await plant(2007, [{ id: 'evt_here' }]);
    await plant(2007, [{ id: 'evt_there' }], product.orgs.metacortex.id);
    expect((await download(during(2007))).text).toMatch(/^[^\n]*evt_here[^\n]*\n$/);
    expect((await download(during(2007), foreign)).text).toMatch(/^[^\n]*evt_there[^\n]*\n$/);
    const admin = await plantAdministrator(product, 'admin');
    expect(await admin.send('GET', '/audit-events/export')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await list('?limit=1', admin)).status).toBe(200);
    expect(await owner.send('GET', '/audit-events/export?format=xml')).toMatchObject({ status: 400 });
  });

  it('is for whoever has authenticated lately', async () => {
    const stale = await plantAdministrator(product, 'owner');
    const { pool } = product.context;
    await pool.query(`UPDATE sessions SET authenticated_at = now() - interval '1 day' WHERE user_id = $1`, [stale.id]);
    expect((await list('?limit=1', stale)).status).toBe(200);
    for (const format of ['ndjson', 'csv'])
      expect(await stale.send('GET', `/audit-events/export?format=${format}`)).toMatchObject({
        status: 401,
        body: { code: 'reauthentication_required' },
      });
    expect((await download('', stale, 'HEAD')).status).toBe(401);
    expect((await list(`?actor=${stale.id}&action=record.exported`)).items).toEqual([]);
  });

  it('breaks off when whoever asked for it is signed out, and does not run ahead of its reader', async () => {
    await product.context.pool.query(
      `INSERT INTO audit_events (org_id, id, at, action, actor_type, detail)
       SELECT $1, 'evt_long_' || n, '2008-01-01Z'::timestamptz + make_interval(secs => n), 'test.long', 'system',
              jsonb_build_object('filling', repeat('x', 1000))
       FROM generate_series(1, 40000) AS n`,
      [orgId()],
    );
    const reader = await plantAdministrator(product, 'owner');
    const response = await fetch(`${product.url}/api/orgs/current/audit-events/export?${during(2008)}`, {
      headers: { cookie: reader.cookie },
    });
    expect(response.status).toBe(200);
    expect((await product.revoke({ format: 'opaque', id: reader.id })).status).toBe(204);
    // 50 MB that nobody has read yet: more than what sockets hold.
    await expect(response.text()).rejects.toThrow();
  });
});
