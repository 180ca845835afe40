import { type Html, html } from '../../html.ts';
import type { DemoTenant } from '../tenant.ts';
import { adminPath } from './layout.ts';

/** The endpoints of the assigned app, and with `naming` how calls name people. */
export function appFacts(tenant: DemoTenant, { naming = true }: { naming?: boolean } = {}): Html {
  const app = tenant.app();
  if (!app) return html`<p class="soft">None. Only sessions here can be ended.</p>`;
  const events = app.securityEventsUrl;
  const named = app.subjectFormat === 'iss_sub' ? 'issuer and subject' : 'e-mail address';
  return html`<dl>
    <dt>Name</dt><dd>${app.name}</dd>
    <dt>Global token revocation</dt><dd><code>${app.revocationEndpoint}</code></dd>
    <dt>Back-channel logout</dt><dd><code>${app.backchannelLogoutUri}</code></dd>
    <dt>Security events</dt><dd>${events === undefined ? 'no receiver' : typeof events === 'string' ? html`<code>${events}</code>` : 'looked up for each call'}</dd>
    ${naming && html`<dt>People are named by</dt><dd>${named} (<a href="${adminPath(tenant)}/settings">change</a>)</dd>`}
  </dl>`;
}
