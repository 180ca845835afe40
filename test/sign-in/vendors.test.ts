import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
import { type AuthorizeParams, type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts';
import { callerJwt, now, postRevocation } from '../support/idp-jwt.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addHostileOrg, heading } from './support.ts';

/** An identity provider as it is known: what it says, and what has to be set here for it. */
type Vendor = Readonly<{
  name: string;
  issuerPath: string;
  /** Members of its metadata that differ; undefined leaves one out. */
  metadata?: Record<string, unknown>;
  /** Laid over the claims of an ID token; undefined leaves one out. `sid` of its session. */
  claims: (idp: HostileIdp, sid: string) => Record<string, unknown>;
  userInfo?: Record<string, unknown>;
  settings?: (idp: HostileIdp) => Record<string, unknown>;
  tellsAuthTime: boolean;
  isProven?: boolean;
  /** What it sends to end access, each in its own shape: the status of our answer. */
  calls: Readonly<Record<string, (bed: Bed, sid: string) => Promise<number>>>;
}>;

type Bed = Readonly<{
  url: string;
  idp: HostileIdp;
  slug: string;
  orgId: string;
  connectionId: string;
  apiKey: string;
}>;

const address = (slug: string) => `mallory@${slug}.fake`;
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
const noIss = { authorization_response_iss_parameter_supported: undefined };

const postLogout = async ({ url, slug }: Bed, token: string) =>
  (
    await fetch(`${url}/openid/backchannel-logout/${slug}`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    })
  ).status;
const pushEvent = async ({ url, connectionId }: Bed, token: string) =>
  (
    await fetch(`${url}/ssf/events/${connectionId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/secevent+jwt' },
      body: token,
    })
  ).status;
const frontChannel = async ({ url, slug }: Bed, parameters: Record<string, string>) =>
  (await fetch(`${url}/openid/frontchannel-logout/${slug}?${new URLSearchParams(parameters)}`)).status;

const riscEvent = (bed: Bed, uri: string, details: object = {}) => {
  const iss = `${bed.idp.issuer}/`;
  const subject = { subject_type: 'iss-sub', iss, sub: 'mallory' };
  const claims = { iss, aud: bed.idp.clientId, iat: now(), jti: randomUUID() };
  return bed.idp.keys.sign({ ...claims, events: { [uri]: { subject, ...details } } });
};

const vendors: readonly Vendor[] = [
  {
    name: 'keycloak',
    issuerPath: '/realms/zion',
    claims: ({ clientId }, sid) => {
      const own = { typ: 'ID', azp: clientId, sid, acr: '1', at_hash: 'x', preferred_username: 'mallory' };
      return { ...own, jti: randomUUID(), email_verified: true };
    },
    tellsAuthTime: true,
    calls: {
      // Before 22.0.8 without `exp`; with `revoke_offline_access` where offline sessions end too.
      'a logout token': (bed, sid) => {
        const { issuer: iss, clientId: aud, keys } = bed.idp;
        const events = { [logoutEvent]: {}, revoke_offline_access: true };
        const claims = { iat: now(), jti: randomUUID(), iss, aud, sub: 'mallory', typ: 'Logout', sid, events };
        return postLogout(bed, keys.sign(claims));
      },
      'a front-channel logout': (bed, sid) => frontChannel(bed, { iss: bed.idp.issuer, sid }),
    },
  },
  {
    name: 'okta',
    issuerPath: '/oauth2/default',
    metadata: noIss,
    claims: () => {
      const own = { ver: 1, amr: ['pwd', 'mfa'], idp: '00oexample', preferred_username: 'mallory@okta.example' };
      return { ...own, jti: `ID.${randomUUID()}`, at_hash: 'x', email_verified: true };
    },
    tellsAuthTime: true,
    calls: {
      'Universal Logout by address': (bed) => universalLogout(bed, { format: 'email', email: address(bed.slug) }),
      'Universal Logout by subject': (bed) =>
        universalLogout(bed, { format: 'iss_sub', iss: bed.idp.issuer, sub: 'mallory' }),
      // Okta's transmitter puts the subject into the event, and tells milliseconds.
      'a security event': (bed) => {
        const { issuer: iss, clientId: aud, keys } = bed.idp;
        const subject = { user: { format: 'iss_sub', iss, sub: 'mallory' }, tenant: { format: 'opaque', id: 't' } };
        const details = { subject, event_timestamp: Date.now(), initiating_entity: 'admin' };
        const events = { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': details };
        const claims = { iss, aud, iat: now(), jti: randomUUID(), events };
        return pushEvent(bed, keys.sign(claims, { header: { typ: 'secevent+jwt' } }));
      },
    },
  },
  {
    name: 'auth0',
    issuerPath: '/',
    metadata: { ...noIss, token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'] },
    claims: (_idp, sid) => {
      const own = { nickname: 'mallory', picture: 'https://s.example/a.png', updated_at: '2026-11-29T18:00:00.000Z' };
      return { ...own, sid, email_verified: true };
    },
    tellsAuthTime: true,
    calls: {
      'a logout token': (bed, sid) => {
        const { issuer: iss, clientId: aud, keys } = bed.idp;
        const iat = now();
        const claims = { iss, sub: 'mallory', aud, iat, exp: iat + 120, jti: randomUUID(), sid };
        return postLogout(
          bed,
          keys.sign({ ...claims, events: { [logoutEvent]: {} } }, { header: { typ: 'logout+jwt' } }),
        );
      },
    },
  },
  {
    name: 'entra',
    issuerPath: '/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
    metadata: { ...noIss, token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'] },
    // Dated back by five minutes; no address, and no auth_time until the optional claim is chosen.
    claims: (_idp, sid) => {
      const iat = now() - 300;
      const own = { ver: '2.0', oid: randomUUID(), tid: '72f988bf-86f1-41af-91ab-2d7cd011db47', rh: '0.x', uti: 'x' };
      const absent = { email: undefined, email_verified: undefined, auth_time: undefined };
      return { ...own, ...absent, sid, iat, nbf: iat, exp: iat + 3900, preferred_username: address('entra') };
    },
    userInfo: { sub: 'mallory', name: 'Mallory' },
    settings: () => ({ emailClaim: 'preferred_username', reauthentication: 'best_effort' }),
    tellsAuthTime: false,
    calls: {
      // It leaves out `iss`, which the standard wants beside `sid`.
      'a front-channel logout': (bed, sid) => frontChannel(bed, { sid }),
    },
  },
  {
    name: 'entra-with-optional-claims',
    issuerPath: '/common-tenant/v2.0',
    metadata: { ...noIss, token_endpoint_auth_methods_supported: ['client_secret_post'] },
    claims: (_idp, sid) => {
      const iat = now() - 300;
      const own = { ver: '2.0', oid: randomUUID(), sid, iat, nbf: iat, exp: iat + 3900 };
      return { ...own, email_verified: undefined, xms_edov: true, upn: 'mallory@other.example' };
    },
    tellsAuthTime: true,
    calls: {
      'a front-channel logout': (bed, sid) => frontChannel(bed, { sid }),
    },
  },
  {
    name: 'google',
    issuerPath: '',
    metadata: noIss,
    claims: ({ clientId }) => ({ azp: clientId, hd: 'google.fake', at_hash: 'x', auth_time: undefined }),
    // Its security events spell the issuer with a slash.
    settings: ({ issuer }) => ({ acceptedIssuers: [`${issuer}/`], reauthentication: 'best_effort' }),
    tellsAuthTime: false,
    // Of a further issuer only the operator's word is proof.
    isProven: false,
    calls: {
      'a hijacked account': (bed) =>
        pushEvent(
          bed,
          riscEvent(bed, 'https://schemas.openid.net/secevent/risc/event-type/sessions-revoked', {
            reason: 'hijacking',
          }),
        ),
      'tokens that the person took back': (bed) =>
        pushEvent(bed, riscEvent(bed, 'https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked')),
    },
  },
  {
    // It tells `auth_time` only where the claim is asked for as essential, and asks for no password.
    name: 'google-with-session-age',
    issuerPath: '',
    metadata: noIss,
    claims: (idp) => {
      const asked = idp.requests.findLast(({ endpoint }) => endpoint === 'authorize')?.url.searchParams.get('claims');
      const told = asked && JSON.parse(asked).id_token.auth_time.essential === true;
      return { azp: idp.clientId, hd: 'google.fake', ...(told ? {} : { auth_time: undefined }) };
    },
    settings: () => ({ requestAuthTime: true }),
    tellsAuthTime: true,
    calls: {},
  },
  {
    name: 'pingone',
    issuerPath: '/7a5b5b8a-0f6d-4a53-9c37-1d7c2c0ff6e4/as',
    metadata: noIss,
    claims: (_idp, sid) => {
      const own = { acr: 'Single_Factor', amr: ['pwd'], env: 'e', org: 'o', 'p1.region': 'EU', sid };
      return { ...own, at_hash: 'x', email_verified: undefined, preferred_username: 'mallory' };
    },
    tellsAuthTime: true,
    calls: {},
  },
  {
    name: 'onelogin',
    issuerPath: '/oidc/2',
    metadata: noIss,
    claims: () => {
      const own = { preferred_username: 'mallory', groups: ['a'], params: {}, at_hash: 'x', rt_hash: 'x' };
      return { ...own, email_verified: undefined, auth_time: undefined };
    },
    settings: () => ({ reauthentication: 'best_effort' }),
    tellsAuthTime: false,
    calls: {},
  },
  {
    name: 'cognito',
    issuerPath: '/eu-west-1_AbCdEfGhI',
    metadata: { ...noIss, end_session_endpoint: undefined, code_challenge_methods_supported: undefined },
    // The address may stand in user info alone, where a boolean is a text.
    claims: () => {
      const own = { 'cognito:username': 'mallory', 'cognito:groups': ['a'], token_use: 'id', origin_jti: randomUUID() };
      return { ...own, event_id: randomUUID(), at_hash: 'x', email: undefined, email_verified: undefined };
    },
    userInfo: { sub: 'mallory', username: 'mallory', email: address('cognito'), email_verified: 'true' },
    tellsAuthTime: true,
    calls: {},
  },
];

async function universalLogout({ url, idp }: Bed, subject: object): Promise<number> {
  const endpoint = `${url}/global-token-revocation`;
  return (await postRevocation(endpoint, callerJwt(idp, endpoint), subject)).status;
}

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

describe.each(vendors)('the shape of $name', (vendor) => {
  let bed: Bed;
  beforeAll(async () => {
    const slug = vendor.name;
    const idp = await startHostileIdp({
      issuerPath: vendor.issuerPath,
      person: { sub: 'mallory', email: address(slug), email_verified: true, name: 'Mallory' },
    });
    idp.set('discovery', answers.json({ ...idp.metadata(), ...vendor.metadata }));
    if (vendor.userInfo) idp.set('userinfo', answers.json(vendor.userInfo));
    const sendsIss = !('authorization_response_iss_parameter_supported' in (vendor.metadata ?? {}));
    idp.setAuthorizeParams((_query, honest): AuthorizeParams => (sendsIss ? honest : { ...honest, iss: undefined }));
    const org = await addHostileOrg(product, idp, slug);
    const { prisma } = product.context;
    await prisma.connection.updateMany({ where: { orgId: org.id }, data: vendor.settings?.(idp) ?? {} });
    const { id: connectionId } = await prisma.connection.findFirstOrThrow({ where: { orgId: org.id } });
    const { apiKey } = await product.context.apiKeys.create(org.id, { name: 'test' }, byOperator);
    bed = { url: product.url, idp, slug, orgId: org.id, connectionId, apiKey };
  });
  afterAll(() => bed?.idp.stop());

  async function signIn(claims: Record<string, unknown> = {}, browser = createBrowser({ baseUrl: product.url })) {
    const sid = randomUUID();
    const step = await browser.beginSignIn({ appUrl: product.url, org: bed.slug });
    bed.idp.setIdToken({ claims: { ...vendor.claims(bed.idp, sid), ...claims } });
    const page = step.callbackUrl ? await browser.finish(step.callbackUrl) : step.page;
    const me = await browser.get('/api/users/me');
    return { browser, page, sid, status: me.status, me: me.json<{ user?: { email: string } }>() };
  }
  const isSignedIn = async (browser: Browser) => (await browser.get('/api/users/me')).status === 200;

  it('signs people in, and shows whether it tells auth_time', async () => {
    const { status, page, me } = await signIn();
    expect([status, heading(page)]).toEqual([200, expect.anything()]);
    expect(JSON.stringify(me)).toContain(address(bed.slug));
    const connection = await product.context.prisma.connection.findFirstOrThrow({ where: { orgId: bed.orgId } });
    expect([connection.tellsAuthTime, connection.provenAt !== null]).toEqual([
      vendor.tellsAuthTime,
      vendor.isProven ?? true,
    ]);
  });

  it.each(Object.entries(vendor.calls))('ends access: %s', async (_name, call) => {
    const { browser, sid, status } = await signIn();
    expect(status).toBe(200);
    expect([200, 202, 204]).toContain(await call(bed, sid));
    expect(await isSignedIn(browser)).toBe(false);
    expect((await signIn()).status).toBe(200);
  });

  it('lets nobody back in by a session that is left there, and whoever signs in afresh', async () => {
    const { browser } = await signIn();
    expect((await product.revoke({ format: 'email', email: address(bed.slug) }, bed)).status).toBe(204);
    expect(await isSignedIn(browser)).toBe(false);
    const before = bed.idp.requests.length;
    const silent = await signIn(vendor.tellsAuthTime ? { auth_time: now() - 3600 } : {});
    const asked = bed.idp.requests.slice(before).filter(({ endpoint }) => endpoint === 'authorize');
    expect(asked.at(-1)?.url.searchParams.get('prompt')).toBe('login');
    // Who says nothing is believed once it was asked for a password.
    if (vendor.tellsAuthTime) expect([silent.status, heading(silent.page)]).toEqual([401, 'Please sign in afresh']);
    expect((await signIn()).status).toBe(200);
  });
});
