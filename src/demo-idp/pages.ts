import { hash, randomBytes } from 'node:crypto';
import type { Response } from 'express';
import { type Html, html, toText } from '../html.ts';
import { stylesheet } from './stylesheet.ts';
import { trusted } from './trusted.ts';

export type HtmlPage = { html: string; headers: Record<string, string> };

/** Each organisation has a hue of its own, in degrees, so that nobody mistakes the tenant. */
export const hueOf = (org: string) => hash('sha256', org, 'buffer').readUInt16BE(0) % 360;

export function sendPage(response: Response, status: number, page: HtmlPage): void {
  response.status(status).set(page.headers).type('html').send(page.html);
}

type SignIn = {
  org: string;
  /** The tenant's path. */
  path: string;
  /** The form posts to this path. */
  action: string;
  people: { email: string; name: string; password: string }[];
  email: string;
  password: string;
  message?: string;
};

/** The sign-in form with the list of its people: a choice there fills the form. */
export function signInPage({ org, path, action, people, email, password, message }: SignIn): HtmlPage {
  const entry = (person: SignIn['people'][number]) => html`
      <li><a href="${`${action}?as=${encodeURIComponent(person.email)}`}">
        <span class="avatar" aria-hidden="true">${person.name.slice(0, 1).toUpperCase()}</span>
        <span class="who"><strong>${person.name}</strong><span>${person.email}</span></span>
        <code title="Password">${person.password}</code>
      </a></li>`;
  const focus = (field: 'email' | 'password') =>
    (email ? 'password' : 'email') === field ? trusted(' autofocus') : null;
  return page(
    org,
    `Sign in to ${org}`,
    html`
    <h1>Sign in to ${org}</h1>
    ${message ? html`<p class="alert" role="alert">${message}</p>` : ''}
    <form method="post" action="${action}" id="sign-in">
      <label for="email">E-mail</label>
      <input id="email" name="email" type="email" autocomplete="username" required value="${email}"${focus('email')}>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required value="${password}"${focus('password')}>
      <button type="submit">Sign in</button>
    </form>
    <section aria-labelledby="people">
      <h2 id="people">Who can sign in here</h2>
      <ul>${people.map(entry)}
      </ul>
    </section>`,
    html`<a href="/${path}/admin">Admin console</a>`,
  );
}

/** Asks before a sign-out (the library's form holds the proof that this browser asked). */
export function signOutPage(org: string, form: string): HtmlPage {
  return page(
    org,
    `Sign out of ${org}`,
    html`
    <h1>Sign out of ${org}?</h1>
    <p>If you stay signed in here, your next sign-in to an app needs no password.</p>
    ${trusted(form)}
    <div class="choice">
      <button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>
      <button type="submit" form="op.logoutForm" class="quiet">Stay signed in</button>
    </div>`,
  );
}

export function signedOutPage(org: string): HtmlPage {
  return page(org, 'Signed out', html`<h1>Signed out</h1><p>You are signed out of ${org}.</p>`);
}

export function errorPage(org: string, code: string, description?: string): HtmlPage {
  return page(
    org,
    'This sign-in did not work',
    html`
    <h1>This sign-in did not work</h1>
    <p>${description ?? 'Something went wrong.'}</p>
    <p>Go back to the app and sign in from there. <code>${code}</code></p>`,
  );
}

/** Lists the organisations of this provider, each with its admin console. */
export function indexPage(orgs: { path: string; name: string; issuer: string }[]): HtmlPage {
  const org = ({ path, name, issuer }: (typeof orgs)[number]) => html`
      <li><a href="/${path}/admin">
        <span class="avatar" aria-hidden="true">${name.slice(0, 1).toUpperCase()}</span>
        <span class="who"><strong>${name}</strong><span>${issuer}</span></span>
        <span class="go">Admin console</span></a></li>`;
  return page(
    'all organisations',
    'Demo identity provider',
    html`<h1>Demo identity provider</h1><p>It stands in for the identity provider of each of these organisations.</p>
    <ul>${orgs.map(org)}</ul>`,
  );
}

function page(org: string, title: string, body: Html, links?: Html): HtmlPage {
  const nonce = randomBytes(16).toString('base64');
  return {
    html: toText(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <link rel="icon" href="data:,">
  <title>${title} · demo identity provider</title>
  <style nonce="${nonce}">:root { --hue: ${hueOf(org)} }${trusted(stylesheet)}</style>
</head>
<body>
  <main>
    <header><span class="badge">Demo identity provider</span><span class="org">${org}</span></header>
    ${body}
    <footer>For trying things out. The accounts are made up; never enter a real password here. ${links}</footer>
  </main>
</body>
</html>
`),
    headers: {
      'Cache-Control': 'no-store',
      // Browsers apply form-action to every redirect that follows the form, and those lead through
      // the app to any place it names: it can't be narrowed to this origin.
      'Content-Security-Policy': `default-src 'none'; style-src 'nonce-${nonce}'; img-src data:; form-action http: https:; base-uri 'none'; frame-ancestors 'none'`,
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    },
  };
}
