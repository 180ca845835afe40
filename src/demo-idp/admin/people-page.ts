import { html } from '../../html.ts';
import type { HtmlPage } from '../pages.ts';
import type { DemoTenant, DemoUser } from '../tenant.ts';
import { adminPage, avatar, personPath } from './layout.ts';

/** The list of people, under Directory. */
export function peoplePage(tenant: DemoTenant): HtmlPage {
  const users = tenant.users();
  const row = (user: DemoUser) => {
    const open = tenant.sessions(user.subject).length;
    return html`<tr>
      <th scope="row"><span class="person">${avatar(user.name)}<span><a href="${personPath(tenant, user.subject)}">${user.name}</a><span class="soft">${user.email}</span></span></span></th>
      <td class="wide"><code>${user.subject}</code></td>
      <td class="number">${open > 0 ? html`<span class="live">${open}</span>` : html`<span class="soft">none</span>`}</td>
    </tr>`;
  };
  const table = html`<table>
    <thead><tr><th scope="col">Person</th><th scope="col" class="wide">Subject</th><th scope="col" class="number">Sessions</th></tr></thead>
    <tbody>${users.map(row)}</tbody>
  </table>`;
  return adminPage(tenant, {
    title: 'People',
    section: 'people',
    trail: [{ label: 'Directory' }, { label: 'People' }],
    body: html`
    <div class="title"><h1>People</h1><p>Who can sign in at ${tenant.name}. Sessions are those open here, at the identity provider.</p></div>
    <section class="card flush" aria-label="People">${users.length > 0 ? table : html`<p class="empty">Nobody is in this directory yet.</p>`}</section>`,
  });
}
