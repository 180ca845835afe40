import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { de } from '../../src/texts/de.ts';
import { en } from '../../src/texts/en.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { hardCodedWords, pseudo } from '../support/pseudo-language.ts';
import { openConsole, textOf } from './client.ts';

let product: Product;
let visitor: ReturnType<typeof openConsole>;
let empty: typeof visitor;
let ownerEmail: string;
beforeAll(async () => {
  product = await startProduct({ languages: [en, de, pseudo] });
  const owner = await plantAdministrator(product, 'owner');
  ownerEmail = owner.email;
  await product.context.pool.query(`UPDATE users SET name = 'Morpheus' WHERE id = $1`, [owner.id]);
  visitor = openConsole(product.url, owner.cookie);
  empty = openConsole(product.url, (await plantAdministrator(product, 'admin', { org: 'metacortex' })).cookie);
  await product.signIn();
  expect((await product.revoke()).status).toBe(204);
  expect((await product.revoke({ format: 'email', email: 'nobody@whiterabbit.fake' })).status).toBe(404);
});
afterAll(() => product?.stop());

const pages = [
  '/admin',
  '/admin/record',
  '/admin/record?search=nothing',
  '/admin/record?person=trinity&actor=nobody',
  '/admin/record?person=nobody@nowhere.example',
  '/admin/record/export?action=sign_in.&search=oracle',
  '/admin/revocations',
  '/admin/revocations?to=2001-01-01',
  '/admin/revocations/refused',
  '/admin/revocations/refused?to=2001-01-01',
];

describe('no word of a page stands outside of the catalogue', () => {
  const main = (page: string) =>
    (/<main[\s\S]*<\/main>/.exec(page)?.[0] ?? '').replaceAll(
      /<wbr>|<time.*?<\/time>|<svg[\s\S]*?<\/svg>|<pre[\s\S]*?<\/pre>/g,
      '',
    );
  const data = () => [
    ...'White Rabbit|Metacortex|Morpheus|Trinity|whiterabbit.fake|metacortex.fake|localhost|whiterabbit'.split('|'),
    ...[trinity.email, ownerEmail, 'nobody@whiterabbit.fake', 'nobody@nowhere.example', 'metacortex', 'test'],
    ...['oracle', 'nothing', 'nobody', 'No user of your organisation matches the subject identifier'],
  ];
  const weekdays = /\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \w+ \d+, \d+/g;

  it.each(pages)('at %s', async (path) => {
    for (const who of [visitor, empty]) {
      const { status, text } = await who.get(path, { 'accept-language': 'qps-ploc' });
      expect([200, 403]).toContain(status);
      if (status === 403) continue;
      expect(text).toContain('<html lang="qps-ploc">');
      expect(hardCodedWords(main(text).replaceAll(weekdays, ''), data())).toEqual([]);
    }
  });
});

it.each([
  ['/admin', 'Person suchen'],
  ['/admin', 'Der API-Schlüssel test hat Trinity überall abgemeldet: 1 Browser'],
  ['/admin/record', 'Älteste zuerst'],
  ['/admin/record?action=role.', 'Zu dieser Suche steht nichts im Protokoll.'],
  ['/admin/record/export', 'Protokoll exportieren'],
  ['/admin/revocations', 'API-Schlüssel test Aufruf des Endpunkts'],
  ['/admin/revocations/refused', 'Suchen Sie die Person.'],
])('%s says in German: %s', async (path, words) => {
  const { text } = await visitor.get(path, { 'accept-language': 'de' });
  expect(text).toContain('<html lang="de">');
  expect(textOf(text)).toContain(words);
});
