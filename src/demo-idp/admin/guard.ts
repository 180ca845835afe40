import type { Request } from 'express';

const safeMethods = new Set(['GET', 'HEAD']);

/**
 * The console asks nobody to sign in. So it answers this machine only, under a loopback name (a
 * stranger's name that points here has another Host: DNS rebinding), and acts only for its own
 * pages, not for a form that another site posts here. Returns why it refuses a request, or null.
 */
export function createGuard(url: string): (request: Pick<Request, 'method' | 'headers'>) => string | null {
  const { protocol, port } = new URL(url);
  const hosts = ['localhost', '127.0.0.1', '[::1]'].map((name) => (port ? `${name}:${port}` : name));
  return ({ method, headers }) => {
    const host = headers.host?.toLowerCase() ?? '';
    if (!hosts.includes(host)) return 'This console answers only under localhost, 127.0.0.1 or [::1].';
    if (safeMethods.has(method)) return null;
    const { origin, 'sec-fetch-site': site } = headers;
    const own =
      (origin === undefined || origin === `${protocol}//${host}`) && (site === undefined || site === 'same-origin');
    return own ? null : 'This request came from a page of another origin and was not carried out.';
  };
}
