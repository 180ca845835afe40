import { type Html, html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderSteps, renderVendors, type Vendor } from './identity-parts.ts';
import { renderCopyable, renderTable } from './parts.ts';

type Enterable = Texts['console']['connection']['values'];
type Name = keyof Enterable;

const scopes = 'openid profile email';

type Source = Readonly<{ issuer: string; links: Readonly<Partial<Record<string, string>>> }>;

/** Everything that can be entered at an identity provider, by name. */
function valuesOf({ issuer, links }: Source): readonly (readonly [Name, string])[] {
  const own = links.ownRevocationEndpoint ?? links.revocationEndpoint;
  const all: readonly (readonly [Name, string | undefined])[] = [
    ['callbackUrl', links.callbackUrl],
    ['signedOutUrl', links.signedOutUrl],
    ['scopes', scopes],
    ['signInUrl', links.signInUrl],
    ['ownRevocationEndpoint', own],
    ['revocationAudience', own],
    ['revocationIssuer', issuer || undefined],
    ['backchannelLogoutUrl', links.backchannelLogoutUrl],
    ['frontchannelLogoutUrl', links.frontchannelLogoutUrl],
    ['securityEventsUrl', links.securityEventsUrl],
  ];
  return all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

/** What to enter at the identity provider, in its vendor's words, with where each value goes. */
export function renderWhatToEnter(texts: Texts, vendor: Vendor, source: Source): Html {
  const words = texts.console.connection;
  const theirs = texts.console.idpVendors[vendor];
  return html`<section aria-labelledby="enter"><h2 id="enter">${words.enter}</h2>
${renderVendors(texts, vendor)}
<h3>${words.steps}</h3>
${renderSteps(theirs.steps)}
${renderValues(texts, vendor, source)}
${vendor !== 'other' && html`<details><summary>${words.all}</summary>${renderValues(texts, 'other', source)}</details>`}
<h3>${words.limits}</h3>
<p>${theirs.limits}</p></section>`;
}

/** The values that this vendor has a place for, with that place; all of them for another one. */
export function renderValues(texts: Texts, vendor: Vendor, source: Source): Html {
  const words = texts.console.connection;
  const where: Readonly<Partial<Record<Name, string>>> = texts.console.idpVendors[vendor].where;
  const isKnown = vendor !== 'other';
  const values = valuesOf(source).filter(([name]) => !isKnown || where[name] !== undefined);
  return renderTable({
    caption: words.enter,
    columns: [words.what, words.value, ...(isKnown ? [words.where] : [])],
    rows: values.map(([name, value]) => [
      words.values[name],
      renderCopyable(texts, value, words.values[name]),
      ...(isKnown ? [where[name]] : []),
    ]),
  });
}
