import { randomBytes } from 'node:crypto';
import { type Html, html, toText } from '../../html.ts';
import { type HtmlPage, hueOf } from '../pages.ts';
import type { DemoTenant } from '../tenant.ts';
import { trusted } from '../trusted.ts';
import { script } from './script.ts';
import { stylesheet } from './stylesheet.ts';

export type Section = 'people' | 'calls' | 'settings';

type ConsolePage = {
  title: string;
  section: Section | null;
  /** The path to this page, from its section down; the last entry is this page. */
  trail: { label: string; href?: string }[];
  body: Html;
};

export const adminPath = (tenant: DemoTenant) => `/${tenant.path}/admin`;

export const personPath = (tenant: DemoTenant, subject: string) =>
  `${adminPath(tenant)}/people/${encodeURIComponent(subject)}`;

export const clock = (at: Date) =>
  html`<time datetime="${at.toISOString()}">${at.toLocaleTimeString('en-GB', { hour12: false })}</time>`;

/** A person's first letter, in a round. */
export const avatar = (name: string, size: 'small' | 'large' = 'small') =>
  html`<span class="avatar ${size}" aria-hidden="true">${[...name.trim()][0]?.toUpperCase() ?? '?'}</span>`;

/** The console's frame around a page, in the tenant's colour. */
export function adminPage(tenant: DemoTenant, { title, section, trail, body }: ConsolePage): HtmlPage {
  const nonce = randomBytes(16).toString('base64');
  const admin = adminPath(tenant);
  const link = (to: Section, href: string, label: string) =>
    html`<li><a href="${href}"${section === to && trusted(' aria-current="true"')}>${label}</a></li>`;
  const steps = trail.map(({ label, href }) =>
    href ? html`<li><a href="${href}">${label}</a></li>` : html`<li aria-current="page">${label}</li>`,
  );
  return {
    html: toText(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <link rel="icon" href="data:,">
  <title>${title} · ${tenant.name} admin</title>
  <style nonce="${nonce}">:root { --hue: ${hueOf(tenant.name)} }${trusted(stylesheet)}</style>
</head>
<body>
  <a class="skip" href="#content">Skip to content</a>
  <header class="rail">
    <a class="brand" href="${admin}">
      <span class="mark" aria-hidden="true">${[...tenant.name.trim()][0]?.toUpperCase() ?? '?'}</span>
      <span class="names"><strong>${tenant.name}</strong><span>Admin console</span></span>
    </a>
    <nav aria-label="Console">
      <p id="directory">Directory</p>
      <ul aria-labelledby="directory">${link('people', admin, 'People')}</ul>
      <p id="tenant">Organisation</p>
      <ul aria-labelledby="tenant">${link('calls', `${admin}/calls`, 'Calls')}${link('settings', `${admin}/settings`, 'Settings')}</ul>
    </nav>
    <p class="note">Demo identity provider. It stands in for the console of your own, and asks nobody to sign in.</p>
  </header>
  <main id="content" tabindex="-1">
    <nav class="trail" aria-label="Where you are"><ol>${steps}</ol></nav>
    ${body}
  </main>
  <script nonce="${nonce}">${trusted(script)}</script>
</body>
</html>
`),
    headers: {
      'Cache-Control': 'no-store',
      'Content-Security-Policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    },
  };
}

/** A page that says what went wrong and leads back. */
export function problemPage(tenant: DemoTenant, heading: string, detail: string): HtmlPage {
  const back = html`<p><a class="button quiet" href="${adminPath(tenant)}">Back to People</a></p>`;
  const body = html`<div class="title"><h1>${heading}</h1></div><section class="card"><p>${detail}</p>${back}</section>`;
  return adminPage(tenant, { title: heading, section: null, trail: [{ label: 'Problem' }], body });
}
