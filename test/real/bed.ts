import { byOperator } from '../../src/by.ts';
import { beginWith } from '../../src/connections/connections.ts';
import { discover } from '../../src/connections/discovery.ts';
import { createOrgs } from '../../src/orgs/orgs.ts';
import { type Browser, type BrowserResponse, createBrowser, type SignInStep } from '../support/browser.ts';
import { startProduct } from '../support/product.ts';

/** An identity provider that others wrote, with one person who can sign in. */
export type RealIdp = {
  issuer: string;
  clientId: string;
  clientSecret: string;
  email: string;
  /** Signs in at the page that the IdP shows, and follows it to the product's callback. */
  authenticate(browser: Browser, page: BrowserResponse): Promise<SignInStep>;
  /** What its page offers to somebody who is signed in there, if it shows them one. */
  proceed?(browser: Browser, page: BrowserResponse): Promise<SignInStep>;
  rotateKeys(): Promise<void>;
  stop(): Promise<void>;
};

/** What an IdP is told of the product. */
export type ProductUrls = {
  redirectUri: string;
  signedOutUri: string;
  backchannelLogoutUri: string;
  frontchannelLogoutUri: string;
};

type Reauthentication = 'verified' | 'best_effort';

export type RealBed<T extends RealIdp> = Awaited<ReturnType<typeof startRealBed<T>>>;

/** The product with an org, `acme`, that signs in at an IdP of others. */
export async function startRealBed<T extends RealIdp>(
  startIdp: (urls: ProductUrls) => Promise<T>,
  setting: { reauthentication: Reauthentication },
) {
  const product = await startProduct({ settleSeconds: 3 });
  const { url, context } = product;
  const at = (what: string) => `${url}/openid/${what}/acme`;
  const idp = await startIdp({
    redirectUri: at('callback'),
    signedOutUri: `${url}/signed-out`,
    backchannelLogoutUri: at('backchannel-logout'),
    frontchannelLogoutUri: at('frontchannel-logout'),
  }).catch(async (error) => {
    await product.stop();
    throw error;
  });
  const { prisma, keyring, guardedFetch, apiKeys } = context;
  const discovered = await discover(guardedFetch, idp.issuer);
  const { clientId, clientSecret } = idp;
  const org = await createOrgs({ prisma }).createOrg(
    { name: 'Acme', slug: 'acme', domains: [{ domain: idp.email.split('@')[1] ?? '', verified: true }] },
    byOperator,
    beginWith(keyring, { ...discovered, ...setting, clientId, clientSecret }, byOperator),
  );
  const { apiKey } = await apiKeys.create(org.id, { name: 'test' }, byOperator);

  /** From the product to the IdP: to its form, or, where it asks for no password, to the callback. */
  async function begin(browser: Browser): Promise<SignInStep> {
    const step = await browser.beginSignIn({ appUrl: url, org: 'acme' });
    return step.callbackUrl || !idp.proceed ? step : idp.proceed(browser, step.page);
  }

  return {
    url,
    idp,
    begin,
    /** A whole sign-in, in which the person signs in wherever the IdP asks. @throws Error */
    async signIn(browser: Browser = createBrowser({ baseUrl: url })): Promise<Browser> {
      let step = await begin(browser);
      for (let round = 1; round <= 2 && new URL(step.page.url).origin === new URL(idp.issuer).origin; round += 1) {
        if (!step.callbackUrl) step = await idp.authenticate(browser, step.page);
        step = { page: await browser.finish(step.callbackUrl ?? '') };
      }
      const me = await browser.get('/api/users/me');
      if (me.status === 200 && me.json().email === idp.email) return browser;
      const { page } = step;
      throw new Error(`no sign-in: ${page.url} ${page.status} ${/<h1>(.*)<.h1>/.exec(page.text)?.[1] ?? page.text}`);
    },
    me: async (browser: Browser) => (await browser.get('/api/users/me')).status,
    revoke: () => product.revoke({ format: 'email', email: idp.email }, { apiKey }),
    change: (data: { reauthentication?: Reauthentication; signOutAtIdp?: boolean }) =>
      prisma.connection.updateMany({ where: { orgId: org.id }, data }),
    async stop() {
      await idp.stop();
      await product.stop();
    },
  };
}
