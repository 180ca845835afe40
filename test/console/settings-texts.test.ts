import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { de } from '../../src/texts/de.ts';
import { en } from '../../src/texts/en.ts';
import type { Languages } from '../../src/texts/texts.ts';
import { picture } from '../support/pictures.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { startProduct } from '../support/product.ts';
import { hardCodedWords, pseudo } from '../support/pseudo-language.ts';
import { createVisitor } from './sent-form.ts';

const settings = '/admin/settings';
const paths = [
  '',
  '/authentication',
  '/api-keys',
  '/api-keys/new',
  '/administrators',
  '/organisation',
  '/organisation/logo',
];

async function startIn(languages: Languages) {
  const product = await startProduct({ languages });
  const owner = await plantAdministrator(product, 'owner');
  const logo = (await picture('png')).toString('base64');
  await owner.send('PATCH', '/look', { colour: '#ffdd00', logo });
  return { product, owner, visitor: createVisitor(product.url, owner.cookie) };
}

describe('the words of the settings', () => {
  let world: Awaited<ReturnType<typeof startIn>>;
  beforeAll(async () => {
    world = await startIn([pseudo]);
  });
  afterAll(() => world.product.stop());

  /** A page has words of the catalogue alone; moments and what tells a key apart are data. */
  function expectWrapped({ status, page }: { status: number; page: string }) {
    const { owner, product } = world;
    const data = ['Universal Logout', 'Planted', 'whiterabbit', 'test', '#2f3f9e', owner.email, product.url];
    const shown = page.replaceAll(/<time .*?<\/time>|ul_[\w-]{4}\b/g, '');
    expect(hardCodedWords(shown, data)).toEqual([]);
    expect(status).toBe(200);
  }

  it.each(paths)('stand in the catalogue alone: %s', async (path) => {
    expectWrapped(await world.visitor.open(settings + path));
  });

  it('do so where a key was made, where saving ends something, and for a role', async () => {
    const { owner, visitor, product } = world;
    expectWrapped(await visitor.send(`${settings}/api-keys/new`, 'create', { name: 'test' }));
    await product.context.pool.query(`UPDATE sessions SET authenticated_at = now() - interval '20 minutes'`);
    const time = { adminReauthenticationSeconds: '10', 'adminReauthenticationSeconds-unit': 'minutes' };
    expectWrapped(await visitor.send(`${settings}/authentication`, 'administrators', time));
    expectWrapped(await visitor.open(`${settings}/administrators/${owner.id}`));
  });
});

it('the settings are in German for whose browser asks for it', async () => {
  const { product, owner } = await startIn([en, de]);
  const headers = { 'accept-language': 'de', cookie: owner.cookie };
  const page = await (await fetch(`${product.url}${settings}/authentication`, { headers })).text();
  for (const words of ['Abmelden überall einschalten', 'Von 5 Minuten bis 12 Stunden.', 'Sitzung beendet (CAEP)'])
    expect(page).toContain(words);
  await product.stop();
});
