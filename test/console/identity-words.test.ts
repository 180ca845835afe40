import { afterAll, beforeAll, expect, it } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { hardCodedWords, pseudo } from '../support/pseudo-language.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct({ languages: [pseudo] });
  owner = await plantAdministrator(product, 'owner');
});
afterAll(() => product?.stop());

/** Names and addresses; moments, which the test's language writes as English does; a key's members. */
function wordsOn(text: string): string[] {
  const plain = text.replaceAll(/<time[^>]*>[^<]*<\/time>/g, '').replaceAll(/https?:\/\/[^\s<"⟦⟧⟨⟩]+/g, '');
  const own = ['Universal Logout', 'whiterabbit.fake', 'whiterabbit', 'Trinity', 'trinity@whiterabbit.fake', 'Planted'];
  return hardCodedWords(plain, [...own, owner.email, 'localhost', 'RSA', 'RS256', ' sig ']);
}

it('no text of the identity provider’s pages stands outside of the catalogue', async () => {
  const { id, connectionId } = product.orgs.whiterabbit;
  const domain = await product.context.prisma.domain.findFirstOrThrow({ where: { orgId: id } });
  const [connections, domains] = ['/admin/settings/connections', '/admin/settings/domains'];
  const one = `${connections}/${connectionId}`;
  const own = ['', '?vendor=okta', '?vendor=entra', '/settings', '/client', '/switch', '/check', '/trial'];
  const paths = [
    ...[connections, `${connections}/new`, ...own.map((page) => one + page)],
    ...[domains, `${domains}/${domain.id}`, `${domains}/${domain.id}/remove`, '/admin/settings/provisioning'],
  ];
  for (const path of paths) {
    const page = await fetch(product.url + path, { headers: { cookie: owner.cookie } });
    const text = await page.text();
    expect({ path, status: page.status, words: wordsOn(text) }).toEqual({ path, status: 200, words: [] });
  }
});

it('nor does a trial’s report', async () => {
  const browser = createBrowser({ baseUrl: product.url });
  await browser.jar.setCookie(owner.cookie, product.url);
  const start = `/admin/settings/connections/${product.orgs.whiterabbit.connectionId}/trial/start`;
  const callback = await browser.submitLogin(await browser.toCallback(await browser.get(start)), trinity);
  const page = await browser.get(callback, { crossSite: true });
  expect({ status: page.status, words: wordsOn(page.text) }).toEqual({ status: 200, words: [] });
});
