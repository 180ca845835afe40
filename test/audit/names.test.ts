import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantUsers } from '../support/planted-sessions.ts';
import { trinity } from '../support/product.ts';
import { type Event, type RecordBed, startRecordBed } from './support.ts';

let product: RecordBed['product'];
let owner: RecordBed['owner'];
let foreign: RecordBed['foreign'];
let scim: RecordBed['scim'];
beforeAll(async () => {
  ({ product, owner, foreign, scim } = await startRecordBed());
});
afterAll(() => product?.stop());

const db = () => product.context.pool;
const orgId = () => product.orgs.whiterabbit.id;
const list = async (query: string, who = owner) => {
  const { status, body } = await who.send('GET', `/audit-events?${query}`);
  return { status, items: body.items as Event[], next: body.next as string | null };
};
const items = async (query: string, who = owner) => (await list(query, who)).items;
const shown = ({ action, actor, target }: Event) => [action, actor.name, actor.email, target?.name, target?.email];
const change = (id: string, body: object) => owner.send('PATCH', `/users/${id}`, body);
const namesOf = async (id: string, org = orgId()) => {
  const { rows } = await db().query(
    'SELECT * FROM audit_names WHERE org_id = $1 AND subject_id = $2 ORDER BY made_at',
    [org, id],
  );
  return rows;
};

describe('an event shows who it was about', () => {
  it('as actor and target were called then, and by no name of today', async () => {
    const { id } = await scim.user('zoe.miller@whiterabbit.fake', { displayName: 'Zoe Miller' });
    await change(id, { name: 'Zoe Smith' });
    await scim.patch(`/Users/${id}`, [
      { op: 'replace', value: { emails: [{ value: 'zoe.smith@whiterabbit.fake', primary: true }] } },
    ]);
    const [added, renamed] = await items(`target=${id}&order=asc`);
    expect(shown(added as Event)).toEqual(['user.added', 'IdP', null, 'Zoe Miller', 'zoe.miller@whiterabbit.fake']);
    expect(shown(renamed as Event)).toEqual([
      'user.changed',
      'Planted',
      owner.email,
      'Zoe Smith',
      'zoe.miller@whiterabbit.fake',
    ]);
    expect((await items(`target=${id}`)).map(({ target }) => target?.email).at(0)).toBe('zoe.smith@whiterabbit.fake');
  });

  it('with the reason of the revocation, in the list, for one event, and in both exports', async () => {
    const [person] = await plantUsers(product, 1);
    const body = { reason: { administrators: 'Laptop stolen, ticket 4711' } };
    const { body: asked } = await owner.send('POST', `/users/${person?.id}/revocations`, body);
    expect(
      (await owner.send('POST', `/users/${person?.id}/revocations`, { ...body, confirmation: asked.confirmation }))
        .status,
    ).toBe(200);
    const [event] = await items(`target=${person?.id}`);
    expect(event).toMatchObject({
      action: 'access.revoked',
      actor: { id: owner.id, name: 'Planted', email: owner.email },
      target: { id: person?.id, name: 'Planted', email: person?.email },
      reason: 'Laptop stolen, ticket 4711',
    });
    expect((await owner.send('GET', `/audit-events/${event?.id}`)).body).toEqual(event);
    const download = async (format: string) => {
      const url = `${product.url}/api/orgs/current/audit-events/export?format=${format}&target=${person?.id}`;
      return (await fetch(url, { headers: { cookie: owner.cookie } })).text();
    };
    expect(JSON.parse(await download('ndjson'))).toEqual(event);
    expect(await download('ndjson')).toBe(await download('ndjson'));
    const [heading, row] = (await download('csv')).split('\r\n');
    expect(heading).toMatch(/,detail,actor_name,actor_email,target_name,target_email,reason$/);
    expect(row).toMatch(`,Planted,${owner.email},Planted,${person?.email},"Laptop stolen, ticket 4711"`);
  });

  it('also an API key and a connection by name', async () => {
    await product.signIn();
    await product.revoke();
    const [revoked] = await items(`action=access.revoked&target=${product.orgs.whiterabbit.userId}`);
    expect(revoked?.actor).toMatchObject({ type: 'api_key', name: 'test', email: null });
    const [linked] = await items(`action=identity.linked`);
    expect(linked?.actor).toMatchObject({ type: 'connection', name: 'localhost', email: null });
  });

  it('in a table in which no name is a formula', async () => {
    const { id } = await scim.user('formula@whiterabbit.fake', { displayName: '=HYPERLINK("https://x.example")' });
    const url = `${product.url}/api/orgs/current/audit-events/export?format=csv&person=${id}`;
    const text = await (await fetch(url, { headers: { cookie: owner.cookie } })).text();
    expect(text).toContain(`,"'=HYPERLINK(""https://x.example"")",formula@whiterabbit.fake,`);
  });

  it('by one row of names as long as they stay the same, and by another where they change', async () => {
    const [person] = await plantUsers(product, 1);
    const id = person?.id as string;
    for (const active of [false, true, false]) await change(id, { active });
    expect(await namesOf(id)).toMatchObject([{ name: 'Planted' }]);
    await change(id, { name: 'Renamed' });
    await change(id, { name: 'Planted' });
    expect((await namesOf(id)).map(({ name }) => name)).toEqual(['Planted', 'Renamed', 'Planted']);
  });

  it('by the first names that are known where the event is older than these', async () => {
    const [person] = await plantUsers(product, 1);
    await change(person?.id as string, { active: false });
    await change(person?.id as string, { name: 'Known later' });
    const { rows } = await db()
      .query(
        `ALTER TABLE audit_events DISABLE TRIGGER audit_events_names;
       INSERT INTO audit_events (org_id, id, at, action, actor_type, actor_id)
         SELECT org_id, 'evt_before_names', now() - interval '1 year', 'sign_in.succeeded', 'user', id FROM users WHERE id = '${person?.id}';
       ALTER TABLE audit_events ENABLE TRIGGER audit_events_names;
       SELECT actor_ref FROM audit_events WHERE id = 'evt_before_names'`,
      )
      .then((results) => (results as unknown as { rows: object[] }[])[3] ?? { rows: [] });
    expect(rows).toEqual([{ actor_ref: null }]);
    const { body } = await owner.send('GET', '/audit-events/evt_before_names');
    expect(body.actor).toMatchObject({ name: 'Planted' });
    expect((await items(`search=${person?.email}`)).map(({ id }) => id)).toContain('evt_before_names');
  });
});

describe('the record is searched', () => {
  it('by a part of a name, an address or a reason, as they were, in any letter case', async () => {
    const { id } = await scim.user('morpheus@whiterabbit.fake', { displayName: 'Morpheus Fishburne' });
    await change(id, { name: 'Captain Zion' });
    await change(id, { active: false });
    const actions = async (query: string, who = owner) => (await items(query, who)).map(({ action }) => action);
    expect(await actions('search=FISHBURNE')).toEqual(['user.added']);
    expect(await actions('search=captain')).toEqual(['user.deactivated', 'user.changed']);
    expect(await actions('search=MORPHEUS@&order=asc')).toEqual(['user.added', 'user.changed', 'user.deactivated']);
    expect(await actions('email=Morpheus@WhiteRabbit.fake&action=user.')).toEqual(await actions('search=morpheus@'));
    expect(await actions('email=morpheus@whiterabbit.fake&search=captain')).toEqual(await actions('search=captain'));
    expect(await actions('search=captain&action=user.changed')).toEqual(['user.changed']);
    expect(await actions('search=%25')).toEqual([]);
    expect(await actions('search=captain', foreign)).toEqual([]);
    expect(await actions('email=morpheus@whiterabbit.fake', foreign)).toEqual([]);
    await db().query(`UPDATE revocations SET reason = 'Ticket ABC-9' WHERE org_id = $1 AND user_id = $2`, [
      orgId(),
      id,
    ]);
    expect(await actions('search=abc-9')).toEqual(['user.deactivated']);
    expect(await actions('search=abc-9', foreign)).toEqual([]);
  });

  it('page by page, also where very many names hold the text', async () => {
    const people = await plantUsers(product, 230);
    await db().query(
      `INSERT INTO audit_events (org_id, id, at, action, actor_type, actor_id, target_type, target_id)
       SELECT $1, 'evt_crowd_' || n, '2011-01-01Z'::timestamptz + make_interval(secs => n / 7), 'user.changed', 'user', id, 'user', id
       FROM unnest($2::text[]) WITH ORDINALITY AS p (id, n)`,
      [orgId(), people.map(({ id }) => id)],
    );
    const during = 'from=2011-01-01T00:00:00Z&to=2012-01-01T00:00:00Z';
    for (const [query, count] of [
      [`search=planted&${during}`, 230],
      [`search=${people[3]?.email}&${during}`, 1],
      [`search=planted&action=user.&${during}`, 230],
    ] as const) {
      const seen: string[] = [];
      for (let cursor = '', more = true; more; ) {
        const page = await list(`${query}&limit=100${cursor}`);
        seen.push(...page.items.map(({ id }) => id));
        cursor = `&cursor=${page.next}`;
        more = page.next !== null;
      }
      expect(new Set(seen).size).toBe(count);
      expect(seen).toHaveLength(count);
    }
  });

  it('by a person: all that they did and that was done to them, in this org', async () => {
    const browser = await product.signIn();
    await browser.post('/api/signout');
    const { userId } = product.orgs.whiterabbit;
    const timeline = await items(`person=${userId}&limit=200`);
    const { rows } = await db().query(
      'SELECT id FROM audit_events WHERE org_id = $1 AND (actor_id = $2 OR target_id = $2) ORDER BY at DESC, id DESC',
      [orgId(), userId],
    );
    expect(timeline.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expect(timeline.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['session.ended', 'sign_in.succeeded', 'user.added']),
    );
    expect(await items(`person=${userId}`, foreign)).toEqual([]);
    // The backend ended an app's grant: the person is neither actor nor target.
    await db().query(
      `INSERT INTO audit_events (org_id, id, action, actor_type, target_type, target_id, detail)
       SELECT unnest($1::text[]), 'evt_grant_ended', 'grant.ended', 'system', 'grant', 'grn_1', jsonb_build_object('user', $2::text)`,
      [[orgId(), product.orgs.metacortex.id], userId],
    );
    expect((await items(`person=${userId}&limit=1`))[0]?.id).toBe('evt_grant_ended');
    // Somebody else is called by their address; everyone was signed out, before and after they came.
    await db().query(
      `INSERT INTO audit_events (org_id, id, at, action, actor_type, target_type, target_id, detail)
       SELECT o.id, e.id, clock_timestamp() + e.after, e.action, 'system', 'org', o.id, jsonb_build_object('bearer', $2::text)
       FROM unnest($1::text[]) o (id), (VALUES
         ('evt_contested', interval '0', 'user.address_contested'),
         ('evt_everyone', interval '0', 'access.revoked_for_everyone'),
         ('evt_everyone_before', interval '-1 year', 'access.revoked_for_everyone')) e (id, after, action)`,
      [[orgId(), product.orgs.metacortex.id], userId],
    );
    const passive = (await items(`person=${userId}&limit=200`)).filter(({ id }) => id.startsWith('evt_'));
    expect(
      passive
        .map(({ id }) => id)
        .filter((id) => !/^evt_[0-9a-f]{8}/.test(id))
        .sort(),
    ).toEqual(['evt_contested', 'evt_everyone', 'evt_grant_ended']);
    // There they are nobody whose access could have ended.
    const theirs = (await items(`person=${userId}`, foreign)).map(({ id }) => id);
    expect(theirs).toEqual(['evt_contested', 'evt_grant_ended']);
    const both = await items(`person=${userId}&action=session.ended&search=${trinity.email}`);
    expect(both.length).toBeGreaterThan(0);
  });

  it.each(['email=nobody', 'search=', 'search=%00', 'person=a%27b', `search=${'x'.repeat(201)}`])(
    'says what is wrong with ?%s',
    async (query) => {
      expect(await list(query)).toMatchObject({ status: 400 });
    },
  );

  it('and an export says on record that an address was asked for, not which', async () => {
    const url = `${product.url}/api/orgs/current/audit-events/export?email=secret@whiterabbit.fake&search=hidden`;
    expect((await fetch(url, { headers: { cookie: owner.cookie } })).status).toBe(200);
    const [exported] = await items('action=record.exported');
    expect(exported).toMatchObject({ detail: { email: true, search: true } });
  });
});

describe('names on record', () => {
  it('are what the hash in the event says, which nobody guesses without the salt', async () => {
    const { id } = await scim.user('hashed@whiterabbit.fake', { displayName: 'Hashed' });
    const [row] = await namesOf(id);
    const hashed = createHash('sha256')
      .update(row.salt)
      .update([id, row.name, row.email, row.user_name ?? ''].join('\0'))
      .digest();
    expect(row.ref).toEqual(hashed);
    const { rows } = await db().query('SELECT target_ref FROM audit_events WHERE target_id = $1', [id]);
    expect(rows).toEqual([{ target_ref: hashed }]);
    expect(row.salt).toHaveLength(16);
  });

  it('can be erased, but neither changed nor put in the place of others', async () => {
    const [person] = await plantUsers(product, 1);
    const id = person?.id as string;
    await change(id, { name: 'Never changed' });
    const refused = { code: '23001', message: 'names on record are never changed' };
    for (const text of [
      `UPDATE audit_names SET name = 'Another' WHERE subject_id = '${id}'`,
      'TRUNCATE audit_names',
      `INSERT INTO audit_names SELECT * FROM audit_names WHERE subject_id = '${id}' ON CONFLICT (org_id, ref) DO UPDATE SET name = 'Another'`,
    ])
      await expect(db().query(text)).rejects.toMatchObject(refused);
    await expect(
      db().query(`UPDATE audit_events SET target_ref = NULL WHERE target_id = $1`, [id]),
    ).rejects.toMatchObject({ code: '23001' });
    const [{ ref, salt }] = (await namesOf(id)) as [{ ref: Buffer; salt: Buffer }];
    expect((await db().query('DELETE FROM audit_names WHERE subject_id = $1', [id])).rowCount).toBe(1);
    const forged = db().query(
      `INSERT INTO audit_names (org_id, ref, salt, subject_id, name) VALUES ($1, $2, $3, $4, 'Another')`,
      [orgId(), ref, salt, id],
    );
    await expect(forged).rejects.toMatchObject({ code: '23514', constraint: 'audit_names_ref' });
  });

  it('are referred to also where an older node writes the event', async () => {
    const [person] = await plantUsers(product, 1);
    const { rows } = await db().query(
      `INSERT INTO audit_events (org_id, id, action, actor_type, actor_id)
       VALUES ($1, 'evt_older_node', 'sign_in.succeeded', 'user', $2) RETURNING actor_ref`,
      [orgId(), person?.id],
    );
    const [row] = await namesOf(person?.id as string);
    expect(rows[0].actor_ref).toEqual(row.ref);
  });
});
