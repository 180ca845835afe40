import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { plantGroup, plantMembers, reveal } from './client.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
});
afterAll(() => product?.stop());

async function send(
  csv: string | Uint8Array<ArrayBuffer>,
  { query = '', cookie = owner.cookie, type = 'text/csv' } = {},
) {
  const response = await fetch(`${product.url}/api/orgs/current/accounts/import${query}`, {
    method: 'POST',
    headers: { cookie, 'content-type': type },
    body: csv,
  });
  const body = (await response.json()) as { code?: string; errors?: { detail: string }[] };
  return { status: response.status, body };
}
const count = async (org: 'whiterabbit' | 'metacortex' = 'whiterabbit') =>
  (
    await product.context.pool.query('SELECT count(*)::int AS n FROM accounts WHERE org_id = $1', [
      product.orgs[org].id,
    ])
  ).rows[0].n;
const linesOf = ({ body }: { body: { errors?: { detail: string }[] } }) =>
  (body.errors ?? []).map(({ detail }) => detail);

describe('a file of accounts', () => {
  it('adds them with their passwords and rights, each on record', async () => {
    const [neo, tank] = await plantMembers(product, 2);
    await plantGroup(product, 'Crew, all', [tank?.id as string]);
    const csv = [
      '\u{feff}name,user_name,password,place,notes,use,manage',
      `Printer,admin,"pass, with ""quotes""",Deck 3,"Two\r\nlines","Crew, all; ${neo?.email.toUpperCase()} ",`,
      '',
      `Radio,radio,,,,"Crew, all","Crew, all"`,
    ].join('\r\n');
    expect(await send(csv, { query: '?dryRun=true' })).toEqual({
      status: 200,
      body: { accounts: 2, rights: 3, dryRun: true },
    });
    expect(await count()).toBe(0);
    expect(await send(csv)).toEqual({ status: 200, body: { accounts: 2, rights: 3, dryRun: false } });
    const { body } = await owner.send('GET', '/accounts');
    expect(body.items).toMatchObject([
      { name: 'Printer', userName: 'admin', place: 'Deck 3', notes: 'Two\r\nlines', connector: 'manual', version: 1 },
      { name: 'Radio', version: null },
    ]);
    const [printer, radio] = body.items as { id: string }[];
    expect((await reveal(product.url, neo?.cookie as string, printer?.id as string)).body.password).toBe(
      'pass, with "quotes"',
    );
    const rights = await owner.send('GET', `/accounts/${radio?.id}/rights`);
    expect(rights.body.items).toMatchObject([{ right: 'manage', group: { displayName: 'Crew, all', members: 1 } }]);
    const { rows } = await product.context.pool.query(
      `SELECT action, count(*)::int AS n FROM audit_events WHERE target_type = 'account' GROUP BY action ORDER BY action`,
    );
    expect(rows).toEqual([
      { action: 'account.added', n: 2 },
      { action: 'account.revealed', n: 1 },
      { action: 'account.right_given', n: 3 },
    ]);
  });

  it('takes none whose characters cannot be read: its passwords would be others', async () => {
    const before = await count();
    const latin = new Uint8Array(Buffer.from('name,user_name,password\nLift,lift,x\nDoor,door,Schlüssel\n', 'latin1'));
    const refused = await send(latin);
    expect(refused.status).toBe(400);
    expect(linesOf(refused)).toEqual([expect.stringMatching(/^Line 3: .* UTF-8/)]);
    expect(await count()).toBe(before);
    const unknown = await send('name,user_name,connector\nLift,lift,mysql\n');
    expect(linesOf(unknown)).toEqual([
      expect.stringMatching(/^Line 2: connector: must be one of postgresql, .*manual\.$/),
    ]);
  });

  it('adds none where a line is wrong; names each with what to do, and nothing that stands in it', async () => {
    const before = await count();
    const [gone] = await plantMembers(product, 1);
    await product.context.pool.query('UPDATE users SET active = false WHERE id = $1', [gone?.id]);
    for (const id of ['grp_1', 'grp_2'])
      await product.context.pool.query('INSERT INTO groups (org_id, id, display_name) VALUES ($1, $2, $3)', [
        product.orgs.whiterabbit.id,
        id,
        'Twice',
      ]);
    const form = await send(
      [
        'name,user_name,password,connector',
        'Good,good,secret-1,',
        ',x,secret-2,',
        'A,b,secret-3,fax',
        'C,d,secret-4',
        'E,f,g,postgresql',
      ].join('\n'),
    );
    expect([form.status, form.body.code]).toEqual([400, 'invalid_request']);
    expect(linesOf(form)).toEqual([
      'Line 3: name: missing.',
      expect.stringMatching(/^Line 4: connector: /),
      'Line 5: it has 3 fields, and the first line 4. Put a field with a comma in quotation marks.',
      expect.stringMatching(/^Line 6: this connector needs settings/),
    ]);
    const names = await send(
      `name,user_name,use,manage\nA,a,secret-5;Twice,${gone?.email}\nB,b,,secret-6@whiterabbit.fake\n`,
    );
    expect(linesOf(names)).toEqual([
      expect.stringMatching(/^Line 2: use: name 1 is no address/),
      expect.stringMatching(/^Line 2: use: name 2 is the name of several groups/),
      expect.stringMatching(/^Line 2: manage: name 1 is somebody who is switched off/),
      expect.stringMatching(/^Line 3: manage: name 1 is no address/),
    ]);
    const quote = await send('name,user_name,password\nA,b,"secret-7\nC,d,e');
    expect(linesOf(quote)).toEqual([expect.stringMatching(/^Line 2: a quotation mark/)]);
    for (const heading of ['name,user_name,secret-8', 'name,name,user_name', 'secret-9', '', ',,'])
      expect((await send(`${heading}\nA,b,c`)).status).toBe(400);
    const all = JSON.stringify([form, names, quote]);
    expect(all).not.toMatch(/secret-/);
    expect(await count()).toBe(before);
  });

  it('has so many lines, and so many bytes, and no more', async () => {
    const before = await count();
    const many = (lines: number) => `name,user_name\n${'A,b\n'.repeat(lines)}`;
    expect((await send(many(1_001))).status).toBe(400);
    expect((await send(many(0))).status).toBe(400);
    expect((await send(`name,user_name\nA,${'b'.repeat(1_100_000)}`)).status).toBe(413);
    expect((await send('{}', { type: 'application/json' })).status).toBe(400);
    expect(await count()).toBe(before);
    expect(await send(many(1_000))).toMatchObject({ status: 200, body: { accounts: 1_000 } });
    await product.context.pool.query(
      `INSERT INTO accounts (org_id, id, name, user_name, connector, updated_at)
       SELECT $1, 'acc_' || i, 'x', 'x', 'manual', now() FROM generate_series(1, $2::int) i`,
      [product.orgs.whiterabbit.id, 4_999 - (await count())],
    );
    expect(await send('name,user_name\nA,b\nC,d\n')).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await count()).toBe(4_999);
    const twin = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    expect((await send('name,user_name\nA,b\n', { cookie: twin.cookie })).status).toBe(200);
    expect(await count('metacortex')).toBe(1);
  });

  it('knows nobody and no group of another organisation', async () => {
    const twin = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const [neo] = await plantMembers(product, 1);
    await plantGroup(product, 'Only here', [neo?.id as string]);
    const foreign = await send(`name,user_name,use\nA,a,Only here;${neo?.email}\n`, { cookie: twin.cookie });
    expect(linesOf(foreign)).toHaveLength(2);
  });
});
