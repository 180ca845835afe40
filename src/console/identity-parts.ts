import { may } from '../api/permissions.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderTabs } from './parts.ts';
import type { View, Visit } from './screen.ts';

const parts = [
  ['connections', '/admin/settings/connections'],
  ['domains', '/admin/settings/domains'],
  ['provisioning', '/admin/settings/provisioning'],
] as const;
type IdentityPart = (typeof parts)[number][0];

/** The three parts of the identity provider's settings. */
export function renderIdentityParts(texts: Texts, current: IdentityPart): Html {
  const words = texts.console.identity;
  return renderTabs(
    words.parts,
    parts.map(([part, href]) => ({ label: words[part], href, isCurrent: part === current })),
  );
}

/** The ways back from a page below one of the parts. */
export function trailTo(
  texts: Texts,
  part?: IdentityPart,
  further: NonNullable<View['trail']> = [],
): NonNullable<View['trail']> {
  const own = parts
    .filter(([name]) => name === part)
    .map(([name, href]) => ({ label: texts.console.identity[name], href }));
  return [{ label: texts.console.areas.settings, href: '/admin/settings' }, ...own, ...further];
}

export const mayChange = ({ principal }: Visit): boolean => may(principal.role, 'identity.change');

/** Says to those who may only look that others change it. */
export const renderReadOnly = (visit: Visit): Value =>
  !mayChange(visit) && html`<p class="hint">${visit.texts.console.identity.readOnly}</p>`;

export const vendors = ['okta', 'entra', 'keycloak', 'auth0', 'google', 'other'] as const;
export type Vendor = (typeof vendors)[number];
/** Those that provision by SCIM, and any other. */
export const scimVendors = ['okta', 'entra', 'other'] as const satisfies readonly Vendor[];

/** The vendor that the page's query chooses, else the one whose issuers look like this. */
export function vendorOf({ query }: Visit, issuer = ''): Vendor {
  const chosen = vendors.find((vendor) => vendor === query.vendor);
  if (chosen) return chosen;
  const host = URL.canParse(issuer) ? new URL(issuer).hostname : '';
  if (/\.okta(preview|-emea|-gov)?\.com$/.test(host)) return 'okta';
  if (host === 'login.microsoftonline.com' || host === 'sts.windows.net') return 'entra';
  if (host.endsWith('.auth0.com')) return 'auth0';
  if (host === 'accounts.google.com') return 'google';
  return /\/realms\/[^/]+$/.test(issuer) ? 'keycloak' : 'other';
}

/** Chooses the vendor whose words the page uses; each is an address of the page. */
export function renderVendors(texts: Texts, current: Vendor, shown: readonly Vendor[] = vendors): Html {
  const words = texts.console.identity;
  return html`<nav class="tabs vendors" aria-label="${words.vendor}"><ul>${shown.map(
    (vendor) =>
      html`<li><a href="?vendor=${vendor}#enter"${vendor === current && html` aria-current="true"`}>${words.vendors[vendor]}</a></li>`,
  )}</ul></nav>`;
}

export const renderSteps = (steps: readonly string[]): Html =>
  html`<ol class="to-do">${steps.map((step) => html`<li>${step}</li>`)}</ol>`;
