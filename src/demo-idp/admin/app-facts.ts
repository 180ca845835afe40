import { type Html, html } from '../html.ts';
import type { DemoTenant } from '../tenant.ts';
import { adminPath } from './layout.ts';

/** Where the assigned app is called, and how people are named to it. */
export function appFacts(tenant: DemoTenant): Html {
  const app = tenant.app();
  if (!app) return html`<p class="soft">None. Only sessions here can be ended.</p>`;
  const events = app.securityEventsUrl;
  const naming = app.subjectFormat === 'iss_sub' ? 'issuer and subject' : 'e-mail address';
  return html`<dl>
    <dt>Name</dt><dd>${app.name}</dd>
    <dt>Global token revocation</dt><dd><code>${app.revocationEndpoint}</code></dd>
    <dt>Back-channel logout</dt><dd><code>${app.backchannelLogoutUri}</code></dd>
    <dt>Security events</dt><dd>${events === undefined ? 'no receiver' : typeof events === 'string' ? html`<code>${events}</code>` : 'looked up for each call'}</dd>
    <dt>People are named by</dt><dd>${naming} (<a href="${adminPath(tenant)}/settings">change</a>)</dd>
  </dl>`;
}
