import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contrast, readableColours } from '../../src/orgs/colour.ts';
import { createBrowser } from '../support/browser.ts';
import { picture } from '../support/pictures.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
/** An owner of the other org, whose look must never change. */
let twin: typeof owner;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  twin = await plantAdministrator(product, 'owner', { org: 'metacortex' });
});
afterAll(() => product.stop());
beforeEach(() => product.context.pool.query('DELETE FROM org_looks'));

const change = (json: unknown, who = owner) => who.send('PATCH', '/look', json);
const upload = (bytes: Buffer) => change({ logo: bytes.toString('base64') });
const get = (path: string, headers = {}) => fetch(product.url + path, { headers });
const recorded = async () =>
  (
    await product.context.prisma.auditEvent.findMany({
      where: { orgId: product.orgs.whiterabbit.id, action: 'org.changed' },
      orderBy: { at: 'asc' },
    })
  ).map(({ detail, actorId }) => ({ detail, actorId }));

describe('the name', () => {
  it('is changed by those above, on record; another org keeps its own', async () => {
    const before = (await recorded()).length;
    expect(await owner.send('PATCH', '', { name: 'White Rabbit & Co' })).toMatchObject({
      status: 200,
      body: { name: 'White Rabbit & Co', slug: 'whiterabbit' },
    });
    expect((await owner.send('GET', '')).body.name).toBe('White Rabbit & Co');
    expect((await twin.send('GET', '')).body.name).toBe('metacortex');
    expect((await recorded()).slice(before)).toEqual([{ detail: { changed: 'name' }, actorId: owner.id }]);
    expect((await owner.send('PATCH', '', { name: 'A\u202eB' })).status).toBe(400);
    expect((await owner.send('PATCH', '', { slug: 'other' })).status).toBe(400);
  });
});

describe('the logo', () => {
  it.each(['png', 'jpeg', 'webp'] as const)('is made anew of a %s, and is that org’s alone', async (format) => {
    const { status, body } = await upload(await picture(format, { width: 1000, height: 500 }));
    expect({ status, body }).toMatchObject({ status: 200, body: { colour: null, logo: { width: 320, height: 160 } } });
    const answer = await get('/orgs/whiterabbit/logo.png');
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(await sharp(Buffer.from(await answer.arrayBuffer())).metadata()).toMatchObject({
      format: 'png',
      width: 320,
    });
    // Without Cache-Control Node's fetch would ask past every cache.
    const kept = { 'if-none-match': answer.headers.get('etag'), 'cache-control': 'max-age=0' };
    const again = await get('/orgs/whiterabbit/logo.png', kept);
    expect(again.status).toBe(304);
    expect((await get('/orgs/metacortex/logo.png')).status).toBe(404);
    expect((await twin.send('GET', '/look')).body.logo).toBeNull();
  });

  it('keeps nothing of the file but its pixels', async () => {
    const secret = 'taken at home';
    const source = await sharp(await picture('jpeg'))
      .withExif({ IFD0: { ImageDescription: secret } })
      .jpeg()
      .toBuffer();
    expect(source.includes(secret)).toBe(true);
    expect((await upload(Buffer.concat([source, Buffer.from('<script>appended</script>')]))).status).toBe(200);
    const kept = Buffer.from(await (await get('/orgs/whiterabbit/logo.png')).arrayBuffer());
    for (const word of [secret, 'appended', 'Exif']) expect(kept.includes(word)).toBe(false);
  });

  it('is the first frame of an animated one', async () => {
    const frames = await Promise.all(['#ff0000', '#0000ff'].map((background) => picture('png', { background })));
    const animated = await sharp(frames, { join: { animated: true } })
      .webp({ loop: 0 })
      .toBuffer();
    expect((await sharp(animated).metadata()).pages).toBe(2);
    expect(await upload(animated)).toMatchObject({ status: 200, body: { logo: { width: 40, height: 20 } } });
    const kept = Buffer.from(await (await get('/orgs/whiterabbit/logo.png')).arrayBuffer());
    const { dominant } = await sharp(kept).stats();
    expect(dominant.r).toBeGreaterThan(200);
  });

  it.each([
    ['an SVG', async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['a GIF', () => picture('gif')],
    ['nothing', async () => Buffer.alloc(0)],
    ['half a PNG', async () => (await picture('png', { width: 900, height: 900 })).subarray(0, 60)],
    ['a bomb of 40,000 × 40,000', async () => bomb(40_000, 40_000)],
    ['a side of 5,000', async () => bomb(5_000, 10)],
    ['more than a megabyte', async () => Buffer.concat([await picture('png'), Buffer.alloc(1_048_576)])],
  ])('is refused of %s', async (_, make) => {
    const { status, body } = await upload(await make());
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
    expect((await owner.send('GET', '/look')).body.logo).toBeNull();
  });

  it('is read where it is shown, and neither by a page, the style sheet nor whoever has it', async () => {
    await upload(await picture('png'));
    await change({ colour: '#aa0000' });
    const png = await get('/orgs/whiterabbit/logo.png');
    const page = await (await get('/?org=whiterabbit')).text();
    const version = /logo\.png\?v=(\w+)" [^>]*width="40" height="20"/.exec(page)?.[1];
    expect(png.headers.get('etag')).toBe(`"${version}"`);
    // Whoever read the picture now would fail.
    const { pool } = product.context;
    await pool.query('ALTER TABLE org_looks RENAME COLUMN logo TO elsewhere');
    try {
      expect((await get('/?org=whiterabbit')).status).toBe(200);
      expect((await get('/orgs/whiterabbit/look.css')).status).toBe(200);
      const kept = { 'if-none-match': `"${version}"`, 'cache-control': 'max-age=0' };
      expect((await get('/orgs/whiterabbit/logo.png', kept)).status).toBe(304);
      expect((await owner.send('GET', '/look')).body.logo).toMatchObject({ width: 40, height: 20 });
      expect((await get('/orgs/whiterabbit/logo.png')).status).toBe(500);
    } finally {
      await pool.query('ALTER TABLE org_looks RENAME COLUMN elsewhere TO logo');
    }
    expect((await get('/orgs/whiterabbit/logo.png')).status).toBe(200);
  });

  it('is read by a network a little at a time', async () => {
    await upload(await picture('png'));
    const begin = performance.now();
    const read = async () => {
      const answer = await get('/orgs/whiterabbit/logo.png');
      await answer.arrayBuffer();
      return answer.status;
    };
    const statuses = await Promise.all(Array.from({ length: 200 }, read));
    expect(new Set(statuses)).toEqual(new Set([200]));
    // Five milliseconds lie between two.
    expect(performance.now() - begin).toBeGreaterThan(980);
  });

  it('is taken away by null, each change on record', async () => {
    const before = (await recorded()).length;
    await upload(await picture('png'));
    await upload(await picture('png'));
    expect((await change({ logo: null })).body.logo).toBeNull();
    expect((await recorded()).slice(before).map(({ detail }) => detail)).toEqual([
      { changed: 'logo' },
      { changed: 'logo' },
    ]);
    expect((await get('/orgs/whiterabbit/logo.png')).status).toBe(404);
  });
});

describe('the colour', () => {
  it('is a style sheet of that org alone, by slug and by id', async () => {
    expect((await change({ colour: '#FFDD00' })).body).toMatchObject({ colour: '#ffdd00' });
    const { id } = product.orgs.whiterabbit;
    for (const ref of ['whiterabbit', 'WhiteRabbit', id]) {
      const answer = await get(`/orgs/${ref}/look.css`);
      expect(answer.headers.get('content-type')).toContain('text/css');
      const { light, dark } = readableColours('#ffdd00');
      const text = await answer.text();
      expect(text).toContain(`--accent: ${light}`);
      expect(text).toContain(`--accent: ${dark}`);
    }
    expect(await (await get('/orgs/metacortex/look.css')).text()).toBe('');
    expect((await get('/orgs/nowhere/look.css')).status).toBe(404);
    expect((await get('/orgs/%00/look.css')).status).toBe(404);
    expect((await change({ colour: 'red; } body { display: none' })).status).toBe(400);
  });

  it('stays readable by day and by night, whatever it is', () => {
    for (const colour of ['#ffff00', '#000000', '#ffffff', '#808080', '#ff0000', '#0000ff', '#2f3f9e', '#00ff88']) {
      const { light, dark } = readableColours(colour);
      for (const ground of ['#eef0f5', '#ffffff']) expect(contrast(light, ground)).toBeGreaterThanOrEqual(4.5);
      for (const ground of ['#0f1220', '#171b2d']) expect(contrast(dark, ground)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(light, '#ffffff')).toBeGreaterThanOrEqual(4.5);
      expect(contrast(dark, '#12162a')).toBeGreaterThanOrEqual(4.5);
    }
    expect(readableColours('#2f3f9e').light).toBe('#2f3f9e');
  });
});

describe('the look', () => {
  it('is on the sign-in page once the visit names the org, and on no other', async () => {
    await change({ colour: '#aa0000' });
    const named = await (await get('/?org=whiterabbit')).text();
    expect(named).toMatch(/through [^<]+\.<\/p>/);
    expect(named).not.toContain('through your organisation');
    expect(named).toContain('<link rel="stylesheet" href="/orgs/whiterabbit/look.css">');
    await upload(await picture('png'));
    expect(await (await get('/?org=whiterabbit')).text()).toContain('<img src="/orgs/whiterabbit/logo.png?v=');
    for (const path of ['/', '/?org=nowhere', '/?org=%00', '/?org=metacortex'])
      expect(await (await get(path)).text()).not.toContain('/orgs/whiterabbit/');
  });

  it('stays on the sign-in page after a wrong address', async () => {
    await change({ colour: '#aa0000' });
    const browser = createBrowser({ baseUrl: product.url });
    const send = async (page: string) =>
      browser.submitForm(await browser.get(page), { username: 'nobody@nowhere.example' }, 'username');
    const wrong = await send('/?org=WhiteRabbit');
    expect(wrong.status).toBe(404);
    expect(wrong.text).toContain('/orgs/whiterabbit/look.css');
    expect((await browser.submitForm(wrong, { username: 'x' }, 'username')).text).toContain(
      '/orgs/whiterabbit/look.css',
    );
    for (const page of ['/', '/?org=nowhere']) expect((await send(page)).text).not.toContain('/orgs/');
  });

  it('is on the page of a refused sign-in, once the organisation is known', async () => {
    await change({ colour: '#aa0000' });
    const refused = await get('/openid/start/whiterabbit?connection=none');
    expect(refused.status).toBe(404);
    expect(await refused.text()).toContain('/orgs/whiterabbit/look.css');
    expect(await (await get('/openid/start/nowhere')).text()).not.toContain('/orgs/');
  });

  it('is on the page that says why, for the browser whose own session was ended', async () => {
    await change({ colour: '#aa0000' });
    const person = await plantAdministrator(product, 'member');
    expect((await product.revoke({ format: 'email', email: person.email })).status).toBe(204);
    const own = await (await get('/signed-out', { cookie: person.cookie })).text();
    expect(own).toContain('/orgs/whiterabbit/look.css');
    expect(await (await get('/', { cookie: person.cookie })).text()).toContain('/orgs/whiterabbit/look.css');
    expect(await (await get('/signed-out?reason=revoked')).text()).not.toContain('/orgs/');
  });
});

/** A PNG whose header promises more pixels than anybody wants to decode. */
function bomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.alloc(1_000_000));
  const magic = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([magic, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
