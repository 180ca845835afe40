import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { fieldsOf, openConsole, textOf } from './client.ts';

type Console = ReturnType<typeof openConsole>;

let product: Product;
let owner: Console;
let admin: Console;
beforeAll(async () => {
  product = await startProduct();
  owner = openConsole(product.url, (await plantAdministrator(product, 'owner')).cookie);
  admin = openConsole(product.url, (await plantAdministrator(product, 'admin')).cookie);
});
afterAll(() => product.stop());

const german = { 'accept-language': 'de' };
const page = { accept: 'text/html' };
const problemIn = (text: string) => /<p id="problem"[^>]*>([\s\S]*?)<\/p>/.exec(text)?.[1];

/** Sends the form `act` of a page with these fields in place of its own. */
async function send(by: Console, path: string, act: string, typed: Record<string, string>, headers = {}) {
  const { text } = await by.get(path, headers);
  return by.post(path, { ...fieldsOf(text, act), ...typed, do: act }, headers);
}

describe('a refusal', () => {
  it('of a role says which may', async () => {
    const english = await admin.get('/admin/webhooks');
    expect(english.status).toBe(403);
    expect(problemIn(english.text)).toBe('Your role does not allow this. Owners and super admins may do this.');
    const { text } = await admin.get('/admin/everyone', german);
    expect(problemIn(text)).toBe('Ihre Rolle erlaubt das nicht. Das dürfen Inhaber.');
  });

  it('of an operation is in the reader’s language', async () => {
    const { text, status } = await owner.get('/admin/people/usr_none', german);
    expect([status, problemIn(text)]).toEqual([404, 'Das gibt es hier nicht oder nicht mehr.']);
    const domain = (headers: object) =>
      send(owner, '/admin/settings/domains', 'add', { domain: 'nowhere' }, headers).then((page) =>
        problemIn(page.text),
      );
    expect(await domain({})).toBe('&quot;nowhere&quot; is not a domain such as example.com.');
    expect(await domain(german)).toBe('„nowhere“ ist keine Domain wie example.com.');
    const webhook = { url: 'ftp://hooks.example/', kinds: 'revocation' };
    const insecure = await send(owner, '/admin/webhooks', 'add', webhook, german);
    expect(problemIn(insecure.text)).toBe(
      'An diese Adresse kann nichts gesendet werden: hooks.example muss mit https aufgerufen werden, ohne einen Benutzer in der URL.',
    );
  });

  it('of an identity provider’s metadata stands at the issuer, in the reader’s language', async () => {
    const issuer = 'https://nobody.invalid/tenant';
    const typed = { issuer, clientId: 'a', clientSecret: 'b' };
    const { text, status } = await send(owner, '/admin/settings/connections/new', 'add', typed, german);
    expect(status).toBe(400);
    expect(text).toMatch(/<input id="field-issuer"[^>]* aria-invalid="true"/);
    expect(problemIn(text)).toBe(
      `Die Metadaten des Ausstellers unter ${issuer}/.well-known/openid-configuration lassen sich nicht lesen (network: die Verbindung kam nicht zustande). Ist der Identitätsanbieter erreichbar, und darf dieser Rechner ihn aufrufen?`,
    );
  });

  it('of fields names them, in words for people', async () => {
    const typed = { name: 'x'.repeat(2_000), scopes: 'revoke' };
    const path = '/admin/settings/api-keys/new';
    const { text: form } = await owner.get(path);
    const act = /name="do" value="([^"]+)"/.exec(form.split('<main')[1] ?? '')?.[1] ?? '';
    const { text, status } = await send(owner, path, act, typed);
    expect([status, problemIn(text)]).toEqual([400, 'Something is not right yet. Name: more than 200 characters.']);
    expect(problemIn((await send(owner, path, act, typed, german)).text)).toBe(
      'Etwas stimmt noch nicht. Name: mehr als 200 Zeichen.',
    );
  });

  it('of a page itself is as the page says it', async () => {
    const { text, status } = await send(owner, '/admin/settings/organisation', 'colour', { colour: 'red' }, german);
    expect(status).toBe(400);
    expect(problemIn(text)).not.toContain('lang="en"');
    expect(text).toMatch(/<input id="field-colour"[^>]* aria-invalid="true"/);
    expect(text.match(/id="problem"/g)).toHaveLength(1);
  });

  it('of a mistyped name stands at its field', async () => {
    const { text, status } = await send(owner, '/admin/everyone', 'sign-out', { org: 'Zion' });
    expect(status).toBe(400);
    expect(text).toMatch(/<input id="field-org"[^>]* aria-invalid="true"/);
    expect(text.match(/id="problem"/g)).toHaveLength(1);
  });
});

it('whoever lost the session in the middle is led back to the form', async () => {
  const lost = await plantAdministrator(product, 'owner');
  const by = openConsole(product.url, lost.cookie);
  const { text: form } = await by.get('/admin/webhooks');
  const fields = { ...fieldsOf(form, 'add'), url: 'https://hooks.example/', do: 'add' };
  expect((await product.revoke({ format: 'email', email: lost.email })).status).toBe(204);
  const { text, status } = await by.post('/admin/webhooks', fields, german);
  expect(status).toBe(401);
  expect(text).toContain('<a class="button" href="">Wieder anmelden</a>');
  expect(text).toContain('<dt>Adresse (URL)</dt><dd class="typed">https://hooks.example/</dd>');
});

it('an address that no page has keeps the menu, for administrators alone', async () => {
  const nothing = await admin.get('/admin/nothing', page);
  expect([nothing.status, nothing.text.includes('id="menu"')]).toEqual([404, true]);
  expect(textOf(nothing.text)).toContain('There is no page at this address.');
  const member = openConsole(product.url, (await plantAdministrator(product, 'member')).cookie);
  for (const by of [member, openConsole(product.url, '')]) {
    const { status, text } = await by.get('/admin/nothing', page);
    expect([status, text.includes('id="menu"')]).toEqual([404, false]);
  }
  expect((await admin.get('/admin/nothing', { accept: 'application/json' })).text).toContain('"code":"not_found"');
});

it('the settings lead nobody to a page that is closed to them', async () => {
  const hrefs = async (by: Console) =>
    [...(await by.get('/admin/settings')).text.matchAll(/<li><a href="([^"]+)">[^<]*<\/a><p>/g)].map(
      ([, href]) => href,
    );
  expect(await hrefs(owner)).toContain('/admin/webhooks');
  const shown = await hrefs(admin);
  expect(shown).not.toContain('/admin/webhooks');
  for (const href of shown) expect([href, (await admin.get(href ?? '')).status]).toEqual([href, 200]);
});
