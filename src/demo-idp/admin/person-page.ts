import { type Html, html } from '../../html.ts';
import type { HtmlPage } from '../pages.ts';
import type { Signal } from '../signals.ts';
import type { DemoTenant, DemoUser } from '../tenant.ts';
import { appFacts } from './app-facts.ts';
import { signalView } from './call-view.ts';
import { type PersonForm, personForm, personForms } from './forms.ts';
import { adminPage, adminPath, avatar, clock, personPath } from './layout.ts';

const trailTo = (tenant: DemoTenant, user: DemoUser, ...rest: { label: string; href?: string }[]) => [
  { label: 'Directory' },
  { label: 'People', href: adminPath(tenant) },
  { label: user.name, ...(rest.length > 0 && { href: personPath(tenant, user.subject) }) },
  ...rest,
];

/** A person: possible actions, sessions, the assigned app, and the latest actions. */
export function personPage(tenant: DemoTenant, user: DemoUser, done?: Signal): HtmlPage {
  const forms = personForms.filter(({ needsApp }) => !needsApp || tenant.app());
  const earlier = tenant.history().filter((signal) => signal.person.subject === user.subject && signal !== done);
  const item = ({ id, label }: PersonForm) =>
    html`<li><a href="${personPath(tenant, user.subject)}/${id}" data-dialog="${id}">${label}</a></li>`;
  const dialog = (form: PersonForm) => html`
    <dialog id="${form.id}" aria-labelledby="${form.id}-title"><h2 id="${form.id}-title">${form.title}</h2>${personForm(tenant, user, form, 'dialog')}</dialog>`;
  return adminPage(tenant, {
    title: user.name,
    section: 'people',
    trail: trailTo(tenant, user),
    body: html`
    <div class="title person-title">
      ${avatar(user.name, 'large')}
      <div><h1>${user.name}</h1><p>${user.email} <code>${user.subject}</code></p></div>
      <details class="menu"><summary>More actions</summary><ul>${forms.map(item)}</ul></details>
    </div>
    ${done && html`<section class="card result" role="status" aria-label="Done" tabindex="-1" autofocus>${signalView(tenant, done, { open: true, named: false })}</section>`}
    <div class="columns">
      <section class="card" aria-labelledby="sessions"><h2 id="sessions">Sessions at ${tenant.name}</h2>${sessionList(tenant, user)}</section>
      <section class="card" aria-labelledby="app"><h2 id="app">Assigned app</h2>${appFacts(tenant)}</section>
    </div>
    ${earlier.length > 0 && html`<section class="card" aria-labelledby="earlier"><h2 id="earlier">${done ? 'Earlier' : 'Lately'}</h2>${earlier.map((signal) => signalView(tenant, signal, { named: false }))}</section>`}
    ${forms.map(dialog)}`,
  });
}

/** The same form on a page of its own, for browsers without scripts. */
export function personFormPage(tenant: DemoTenant, user: DemoUser, form: PersonForm): HtmlPage {
  return adminPage(tenant, {
    title: form.title,
    section: 'people',
    trail: trailTo(tenant, user, { label: form.label }),
    body: html`<section class="card narrow"><h1>${form.title}</h1>${personForm(tenant, user, form, 'page')}</section>`,
  });
}

function sessionList(tenant: DemoTenant, user: DemoUser): Html {
  const sessions = tenant.sessions(user.subject);
  if (sessions.length === 0) return html`<p class="soft">None. The next sign-in asks for the password.</p>`;
  const entry = ({ sid, signedInAt }: (typeof sessions)[number]) =>
    html`<li><span class="live">since ${clock(signedInAt)}</span> <code>${sid ?? 'no app yet'}</code></li>`;
  return html`<ul class="sessions">${sessions.map(entry)}</ul>`;
}
