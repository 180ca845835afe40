import { CookieJar } from 'tough-cookie';
import { findForm, type HtmlForm } from './html-form.ts';

export type BrowserResponse = {
  status: number;
  headers: Headers;
  text: string;
  url: string;
  json<T = Record<string, unknown>>(): T;
};

export type RequestOptions = {
  json?: unknown;
  form?: Record<string, string>;
  /** A body as it is; `headers` say what it is. */
  raw?: string | null;
  /** `undefined` leaves out a header that would be sent by itself. */
  headers?: Record<string, string | undefined>;
  /**
   * Sent as by another site's page: foreign Origin and Sec-Fetch-Site, SameSite cookies held back.
   */
  crossSite?: boolean;
  signal?: AbortSignal | null;
};

export type Credentials = { email: string; password: string };

/**
 * Where a sign-in stands: at a page (the IdP's form, or a page of the app's), or about to enter the
 * app's callback.
 */
export type SignInStep = { page: BrowserResponse; callbackUrl?: string };

export type Browser = ReturnType<typeof createBrowser>;

const redirects = new Set([301, 302, 303, 307, 308]);
const isCallback = (url: URL) => url.pathname.startsWith('/openid/callback/');

/**
 * A browser without scripts: one cookie jar by RFC 6265 (so cookies are shared between ports of one
 * host, as in real browsers), redirects only when told, and the fetch metadata that a browser
 * sends.
 */
export function createBrowser({
  baseUrl,
  userAgent = 'test-browser/1.0',
}: {
  baseUrl?: string;
  userAgent?: string;
} = {}) {
  const jar = new CookieJar(undefined, { prefixSecurity: 'strict' });

  /** The request as a browser would send it; the body is left to the caller (streams). */
  async function open(method: string, url: string, options: RequestOptions = {}): Promise<Response> {
    const target = new URL(url, baseUrl);
    const safe = method === 'GET' || method === 'HEAD';
    const sameSiteContext = options.crossSite ? (safe ? 'lax' : 'none') : 'strict';
    const cookies = await jar.getCookieString(target.href, { sameSiteContext });
    const headers: Record<string, string | undefined> = {
      'user-agent': userAgent,
      accept: options.json === undefined ? '*/*' : 'application/json',
      cookie: cookies || undefined,
      'sec-fetch-site': options.crossSite ? 'cross-site' : 'same-origin',
      origin: safe ? undefined : options.crossSite ? 'https://elsewhere.example' : target.origin,
      'content-type':
        options.json !== undefined ? 'application/json' : options.form && 'application/x-www-form-urlencoded',
      ...options.headers,
    };
    const response = await fetch(target, {
      method,
      redirect: 'manual',
      headers: Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
      body:
        options.json !== undefined
          ? JSON.stringify(options.json)
          : options.form
            ? new URLSearchParams(options.form).toString()
            : (options.raw ?? null),
      signal: options.signal ?? null,
    });
    for (const cookie of response.headers.getSetCookie()) {
      // As browsers do: a cookie that may not be set here is dropped, and nothing is said.
      await jar.setCookie(cookie, target.href, { ignoreError: true, sameSiteContext });
    }
    return response;
  }

  async function send(method: string, url: string, options?: RequestOptions): Promise<BrowserResponse> {
    const response = await open(method, url, options);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      url: new URL(url, baseUrl).href,
      json: () => JSON.parse(text),
    };
  }

  /**
   * Follows redirects; stops before a URL for which `until` is true and returns it. @throws Error
   * after 20 redirects.
   */
  async function walk(
    start: BrowserResponse,
    until: (url: URL) => boolean,
    startedElsewhere = false,
  ): Promise<{ page: BrowserResponse; next?: URL }> {
    let page = start;
    // Between localhost ports a browser would send SameSite=Strict cookies; between an IdP and an
    // app in production it wouldn't. What once led to another origin counts as another site's, so
    // that tests don't pass on localhost's favour.
    let crossSite = startedElsewhere;
    for (let step = 0; step < 20; step += 1) {
      const location = redirects.has(page.status) ? page.headers.get('location') : null;
      if (location === null) return { page };
      const next = new URL(location, page.url);
      if (until(next)) return { page, next };
      crossSite ||= next.origin !== new URL(page.url).origin;
      page = await send('GET', next.href, { crossSite });
    }
    throw new Error(`more than 20 redirects, the last to ${page.headers.get('location')}`);
  }

  const follow = async (response: BrowserResponse): Promise<BrowserResponse> =>
    (await walk(response, () => false)).page;

  /**
   * Submits the page's form (the first, or the one with a field of that name) with the fields that
   * were filled in.
   */
  async function submitForm(page: BrowserResponse, fields: Record<string, string> = {}, having?: string) {
    const form: HtmlForm = findForm(page.text, having);
    const action = new URL(form.action, page.url);
    const values = { ...form.fields, ...fields };
    if (form.method === 'POST') return send('POST', action.href, { form: values });
    action.search = new URLSearchParams(values).toString();
    return send('GET', action.href);
  }

  /** Follows redirects up to the app's callback. */
  async function toCallback(response: BrowserResponse): Promise<SignInStep> {
    const { page, next } = await walk(response, isCallback);
    return next ? { page, callbackUrl: next.href } : { page };
  }

  /**
   * Starts a sign-in at the app and goes to the IdP: to its form, or, when it knows this browser,
   * to the app's callback.
   */
  async function beginSignIn(options: {
    appUrl: string;
    org: string;
    returnTo?: string;
    query?: Record<string, string>;
  }) {
    const url = new URL(`/openid/start/${encodeURIComponent(options.org)}`, options.appUrl);
    if (options.returnTo !== undefined) url.searchParams.set('returnTo', options.returnTo);
    for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value);
    return toCallback(await send('GET', url.href));
  }

  /**
   * Fills in the IdP's form; returns the callback URL without requesting it. @throws Error if the
   * IdP doesn't let in.
   */
  async function submitLogin(step: SignInStep, { email, password }: Credentials): Promise<string> {
    if (step.callbackUrl) throw new Error('the IdP asked for no password: it already led back to the app');
    const { page, callbackUrl } = await toCallback(await submitForm(step.page, { email, password }, 'password'));
    if (!callbackUrl) throw new Error(`the IdP did not lead back to the app: ${page.status} ${page.url}\n${page.text}`);
    return callbackUrl;
  }

  /** Enters the app's callback and follows it to the end, which may be the IdP's form again. */
  async function finish(callbackUrl: string): Promise<BrowserResponse> {
    const response = await send('GET', callbackUrl, { crossSite: true });
    return (await walk(response, () => false, true)).page;
  }

  /**
   * The whole sign-in, as a person does it; the password is typed at most once. Where that isn't
   * enough, the response is the IdP's second form.
   */
  async function signIn(options: Parameters<typeof beginSignIn>[0] & Credentials): Promise<BrowserResponse> {
    let step = await beginSignIn(options);
    if (step.callbackUrl) step = { page: await finish(step.callbackUrl) };
    if (!hasLoginForm(step.page)) return step.page;
    return finish(await submitLogin(step, options));
  }

  return {
    get: (url: string, options?: RequestOptions) => send('GET', url, options),
    post: (url: string, options?: RequestOptions) => send('POST', url, options),
    put: (url: string, options?: RequestOptions) => send('PUT', url, options),
    patch: (url: string, options?: RequestOptions) => send('PATCH', url, options),
    delete: (url: string, options?: RequestOptions) => send('DELETE', url, options),
    open,
    follow,
    toCallback,
    submitForm,
    beginSignIn,
    submitLogin,
    finish,
    signIn,
    jar,
    /** What the Cookie header for this URL would be. */
    cookiesFor: (url: string) => jar.getCookieString(new URL(url, baseUrl).href),
  };
}

/** Whether the page asks for a password. */
export function hasLoginForm(page: BrowserResponse): boolean {
  return /<input[^>]+name="password"/.test(page.text);
}
