import { createHash, randomBytes } from 'node:crypto';
import { stylesheet } from './stylesheet.ts';

export type HtmlPage = { html: string; headers: Record<string, string> };

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (value: string) => value.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');

type SignIn = {
  org: string;
  /** Where the form posts to. */
  action: string;
  people: { email: string; name: string; password: string }[];
  email: string;
  password: string;
  message?: string;
};

/** The sign-in form, with the list of who can sign in: choosing one fills the form. */
export function signInPage({ org, action, people, email, password, message }: SignIn): HtmlPage {
  const person = (one: SignIn['people'][number]) => `
      <li><a href="${escapeHtml(`${action}?as=${encodeURIComponent(one.email)}`)}">
        <span class="avatar" aria-hidden="true">${escapeHtml(one.name.slice(0, 1).toUpperCase())}</span>
        <span class="who"><strong>${escapeHtml(one.name)}</strong><span>${escapeHtml(one.email)}</span></span>
        <code title="Password">${escapeHtml(one.password)}</code>
      </a></li>`;
  const focus = (field: 'email' | 'password') => ((email ? 'password' : 'email') === field ? ' autofocus' : '');
  return page(
    org,
    `Sign in to ${org}`,
    `
    <h1>Sign in to ${escapeHtml(org)}</h1>
    ${message ? `<p class="alert" role="alert">${escapeHtml(message)}</p>` : ''}
    <form method="post" action="${escapeHtml(action)}" id="sign-in">
      <label for="email">E-mail</label>
      <input id="email" name="email" type="email" autocomplete="username" required value="${escapeHtml(email)}"${focus('email')}>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required value="${escapeHtml(password)}"${focus('password')}>
      <button type="submit">Sign in</button>
    </form>
    <section aria-labelledby="people">
      <h2 id="people">Who can sign in here</h2>
      <ul>${people.map(person).join('')}
      </ul>
    </section>`,
  );
}

/** Asks before signing out (the library's form holds what proves that this browser asked). */
export function signOutPage(org: string, form: string): HtmlPage {
  return page(
    org,
    `Sign out of ${org}`,
    `
    <h1>Sign out of ${escapeHtml(org)}?</h1>
    <p>If you stay signed in here, your next sign-in to an app needs no password.</p>
    ${form}
    <div class="choice">
      <button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>
      <button type="submit" form="op.logoutForm" class="quiet">Stay signed in</button>
    </div>`,
  );
}

export function signedOutPage(org: string): HtmlPage {
  return page(org, 'Signed out', `<h1>Signed out</h1><p>You are signed out of ${escapeHtml(org)}.</p>`);
}

export function errorPage(org: string, code: string, description?: string): HtmlPage {
  return page(
    org,
    'This sign-in did not work',
    `
    <h1>This sign-in did not work</h1>
    <p>${escapeHtml(description ?? 'Something went wrong.')}</p>
    <p>Go back to the app and sign in from there. <code>${escapeHtml(code)}</code></p>`,
  );
}

/** Lists the organisations that this provider plays. */
export function indexPage(orgs: { name: string; issuer: string }[]): HtmlPage {
  const org = ({ name, issuer }: (typeof orgs)[number]) => `
      <li><a href="${escapeHtml(`${issuer}/.well-known/openid-configuration`)}">
        <span class="avatar" aria-hidden="true">${escapeHtml(name.slice(0, 1).toUpperCase())}</span>
        <span class="who"><strong>${escapeHtml(name)}</strong><span>${escapeHtml(issuer)}</span></span></a></li>`;
  return page(
    'all organisations',
    'Demo identity provider',
    `<h1>Demo identity provider</h1><p>It stands in for the identity provider of each of these organisations.</p>
    <ul>${orgs.map(org).join('')}</ul>`,
  );
}

function page(org: string, title: string, body: string): HtmlPage {
  const nonce = randomBytes(16).toString('base64');
  // A colour of its own for each organisation, so that nobody mistakes one for the other.
  const hue = createHash('sha256').update(org).digest().readUInt16BE(0) % 360;
  return {
    html: `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <link rel="icon" href="data:,">
  <title>${escapeHtml(title)} · demo identity provider</title>
  <style nonce="${nonce}">:root { --hue: ${hue} }${stylesheet}</style>
</head>
<body>
  <main>
    <header><span class="badge">Demo identity provider</span><span class="org">${escapeHtml(org)}</span></header>
    ${body}
    <footer>For trying things out. The accounts are made up; never enter a real password here.</footer>
  </main>
</body>
</html>
`,
    headers: {
      'Cache-Control': 'no-store',
      // Browsers apply form-action to every redirect that follows the form, and those lead through the app to wherever
      // the app sends the person: it can't be narrowed to this origin.
      'Content-Security-Policy': `default-src 'none'; style-src 'nonce-${nonce}'; img-src data:; form-action http: https:; base-uri 'none'; frame-ancestors 'none'`,
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    },
  };
}
