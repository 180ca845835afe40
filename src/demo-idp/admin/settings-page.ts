import { html } from '../../html.ts';
import type { HtmlPage } from '../pages.ts';
import type { DemoTenant } from '../tenant.ts';
import { appFacts } from './app-facts.ts';
import { option, subjectChoice } from './forms.ts';
import { adminPage, adminPath, clock } from './layout.ts';

/** Signing keys and the assigned app. `done` is the last change. */
export function settingsPage(tenant: DemoTenant, done?: 'rotated' | 'saved'): HtmlPage {
  const admin = adminPath(tenant);
  const [current, ...older] = tenant.signingKeys();
  const app = tenant.app();
  const key = ({ kid, since }: { kid: string; since: Date }, state: string) =>
    html`<li><span class="live ${state === 'signs' ? '' : 'past'}">${state}</span> <code>${kid}</code> <span class="soft">since ${clock(since)}</span></li>`;
  const message = done === 'rotated' ? `A new key signs from now on: ${current?.kid}.` : 'Saved.';
  return adminPage(tenant, {
    title: 'Settings',
    section: 'settings',
    trail: [{ label: 'Organisation' }, { label: 'Settings' }],
    body: html`
    <div class="title"><h1>Settings</h1><p>Issuer <code>${tenant.issuer}</code></p></div>
    ${done && html`<p class="notice" role="status">${message}</p>`}
    <section class="card" aria-labelledby="keys"><h2 id="keys">Signing keys</h2>
      <ul class="sessions">${current && key(current, 'signs')}${older.map((old) => key(old, 'published'))}</ul>
      <form method="post" action="${admin}/settings/rotate-keys">
        ${option('checkbox', { name: 'dropOld', value: 'yes', label: 'Stop publishing the old keys', hint: 'What they signed no longer verifies.' })}
        <div class="actions start"><button type="submit">Rotate signing keys</button></div>
      </form>
    </section>
    <section class="card" aria-labelledby="app"><h2 id="app">Assigned app</h2>${appFacts(tenant, { naming: false })}
      ${
        app &&
        html`<form method="post" action="${admin}/settings/subject">
        ${subjectChoice(app.subjectFormat ?? 'email', 'Name people to it by')}
        <div class="actions start"><button type="submit">Save</button></div>
      </form>`
      }
    </section>`,
  });
}
