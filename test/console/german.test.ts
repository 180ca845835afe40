import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { de } from '../../src/texts/de.ts';
import { en } from '../../src/texts/en.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { hardCodedWords, pseudo } from '../support/pseudo-language.ts';
import { openConsole } from './client.ts';
import { consolePaths, filledWith, plantOrgWithEverything } from './world.ts';

let product: Product;
let owner: ReturnType<typeof openConsole>;
let paths: string[];
let names: readonly string[];
beforeAll(async () => {
  product = await startProduct({ languages: [en, de, pseudo] });
  const ids = await plantOrgWithEverything(product, 'whiterabbit');
  const { cookie } = await plantAdministrator(product, 'owner');
  owner = openConsole(product.url, cookie);
  await product.signIn();
  expect((await product.revoke({ format: 'email', email: 'nobody@whiterabbit.fake' })).status).toBe(404);
  const scim = (await plantAdministrator(product, 'owner')).send;
  const key = String((await scim('POST', '/api-keys', { name: 'Okta', scopes: ['scim'] })).body.apiKey);
  const refused = await fetch(`${product.url}/scim/v2/Users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'] }),
  });
  expect(refused.status).toBe(400);
  paths = (await consolePaths(product)).map((path) => filledWith(path, ids));
  const { rows } = await product.context.pool.query<{ name: string }>(
    `SELECT name FROM users UNION SELECT email FROM users UNION SELECT name FROM connections UNION SELECT issuer FROM connections
     UNION SELECT display_name FROM groups UNION SELECT domain FROM domains UNION SELECT name FROM apps UNION SELECT name FROM api_keys UNION SELECT hint FROM api_keys UNION SELECT id FROM users
     UNION SELECT name FROM accounts UNION SELECT place FROM accounts WHERE place <> ''`,
  );
  names = rows.map(({ name }) => name);
});
afterAll(() => product.stop());

const withoutData = (page: string) =>
  page
    .replaceAll(/<wbr>|<time.*?<\/time>|<svg[\s\S]*?<\/svg>|<pre[\s\S]*?<\/pre>/g, '')
    // What is typed as JSON, and what it looks like.
    .replaceAll(/(?<=<textarea[^>]*>)\{[^<]*|(?<=placeholder=")\{[^"]*/g, '');
/** What callers were told, which stands below the reason. */
const told = [
  'No user of your organisation matches the subject identifier.',
  'userName is required (RFC 7643 §4.1.1).',
];
const marked = (page: string) =>
  [...page.matchAll(/<(\w+)[^>]* lang="en"[^>]*>([\s\S]*?)<\/\1>/g)].flatMap(([tag, , text]) =>
    tag.includes('name="language"') ? [] : [text as string],
  );

describe('the pages of an organisation with something of each kind', () => {
  it('have no word that is in no catalogue', async () => {
    const data = [
      ...names,
      'Universal Logout',
      'whiterabbit',
      'hooks.example',
      'payroll.example',
      'https://',
      '#2f3f9e',
      'RSA',
      'RS256',
      'sig',
      'test-browser',
      'nobody@',
      'POST',
      'PUT',
      'PATCH',
      ...told,
    ];
    const left: Record<string, string[]> = {};
    for (const path of paths) {
      const { text, status } = await owner.get(path, { 'accept-language': 'qps-ploc' });
      expect([path, status]).toEqual([path, 200]);
      const words = hardCodedWords(withoutData(text), data).filter((each) => !/^\w+day, \w+ \d+, \d+/.test(each));
      if (words.length > 0) left[path] = words;
    }
    expect(left).toEqual({});
  });

  it('say in German all that people read, and mark what is English', async () => {
    const english: Record<string, string[]> = {};
    for (const path of paths) {
      const found = marked((await owner.get(path, { 'accept-language': 'de' })).text);
      if (found.length > 0) english[path] = found;
    }
    expect(english).toEqual({ '/admin/revocations/refused': [told[0]], '/admin/settings/provisioning': [told[1]] });
  });
});

it('a refused call is told in German: in its list, the record and the feed', async () => {
  const why = 'Unter diesem Namen ist in der Organisation niemand zu finden';
  for (const path of ['/admin/revocations/refused', '/admin/record'])
    expect((await owner.get(path, { 'accept-language': 'de' })).text).toContain(why);
  const value = 'Ein Wert fehlt, ist zu lang oder hat nicht die richtige Form';
  for (;;) {
    const { text } = await owner.get('/admin/notifications', { 'accept-language': 'de' });
    if (text.includes(value)) break;
  }
  expect((await owner.get('/admin/record', { 'accept-language': 'en' })).text).toContain('userName is required');
});
