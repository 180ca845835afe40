import { html } from '../../html.ts';
import type { HtmlPage } from '../pages.ts';
import type { DemoTenant } from '../tenant.ts';
import { signalView } from './call-view.ts';
import { adminPage } from './layout.ts';

/** The latest calls to the app, newest first. */
export function callsPage(tenant: DemoTenant): HtmlPage {
  const history = tenant.history();
  const empty = html`<p class="empty">Nothing yet. Open a person and choose “More actions”.</p>`;
  return adminPage(tenant, {
    title: 'Calls',
    section: 'calls',
    trail: [{ label: 'Organisation' }, { label: 'Calls' }],
    body: html`
    <div class="title"><h1>Calls</h1><p>What ${tenant.name} asked of its app, and what the app said. The last 20, newest first.</p></div>
    <section class="card" aria-label="Calls">${history.length > 0 ? history.map((signal) => signalView(tenant, signal)) : empty}</section>`,
  });
}
