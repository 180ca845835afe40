import { type Html, html } from '../../html.ts';
import { type SecurityEventName, securityEvents } from '../signal-tokens.ts';
import type { DemoTenant, DemoUser } from '../tenant.ts';
import { trusted } from '../trusted.ts';
import { clock, personPath } from './layout.ts';

/** A form about a person: shown in a dialog where scripts run, and on a page of its own. */
export type PersonForm = {
  /** The last segment of the form's address. */
  id: string;
  /** The form's label in the menu. */
  label: string;
  title: string;
  submit: string;
  /** The form sends something, so the tenant needs an app. */
  needsApp: boolean;
  fields: (tenant: DemoTenant, user: DemoUser) => Html;
};

type Choice = { name: string; value: string; checked?: boolean; label: Html | string; hint?: Html | string };

/** Exactly the words of Okta's console: its reviewers do the same test by hand. */
const clearSessions: PersonForm = {
  id: 'clear-sessions',
  label: 'Clear user sessions',
  title: 'Clear sessions and revoke access',
  submit: 'Clear and revoke',
  needsApp: false,
  fields: (tenant, user) => html`
    <p>${user.name} is signed out of ${tenant.name}: the next sign-in asks for the password.</p>
    ${option('checkbox', {
      name: 'includeApps',
      value: 'yes',
      label: 'Also include logout enabled apps and Okta API tokens',
      hint: `Asks ${tenant.app()?.name ?? 'each assigned app'} to end every session and token of ${user.name}, too.`,
    })}`,
};

const backchannelLogout: PersonForm = {
  id: 'backchannel-logout',
  label: 'Send back-channel logout',
  title: 'Send back-channel logout',
  submit: 'Send logout token',
  needsApp: true,
  fields: (tenant, user) => {
    const sessions = tenant.sessions(user.subject).flatMap(({ sid, signedInAt }) => (sid ? [{ sid, signedInAt }] : []));
    return html`
    <fieldset><legend>Which sessions</legend>
      ${option('radio', { name: 'sid', value: '', checked: true, label: `All of ${user.name}`, hint: 'The token carries sub.' })}
      ${sessions.map(({ sid, signedInAt }) =>
        option('radio', {
          name: 'sid',
          value: sid,
          label: html`The one since ${clock(signedInAt)}`,
          hint: html`The token carries sub and sid <code>${sid}</code>.`,
        }),
      )}
    </fieldset>
    ${option('checkbox', {
      name: 'endHere',
      value: 'yes',
      checked: true,
      label: `End them at ${tenant.name} first`,
      hint: 'A logout token says that they are over. Without the tick it says what isn’t so.',
    })}`;
  },
};

const securityEvent: PersonForm = {
  id: 'security-event',
  label: 'Send security event',
  title: 'Send security event',
  submit: 'Send event',
  needsApp: true,
  fields: (tenant) => {
    const format = tenant.app()?.subjectFormat ?? 'email';
    const events = Object.entries(securityEvents) as [SecurityEventName, { title: string; uri: string }][];
    return html`
    <fieldset><legend>Event</legend>${events.map(([value, { title, uri }], index) =>
      option('radio', { name: 'event', value, checked: index === 0, label: title, hint: html`<code>${uri}</code>` }),
    )}</fieldset>
    ${subjectChoice(format, 'Name the person by')}`;
  },
};

export const personForms = [clearSessions, backchannelLogout, securityEvent];

export function subjectChoice(format: 'email' | 'iss_sub', legend: string): Html {
  const choice = (value: typeof format, label: string) =>
    option('radio', { name: 'subject', value, checked: format === value, label, hint: html`<code>${value}</code>` });
  return html`<fieldset><legend>${legend}</legend>
    <div class="row">${choice('email', 'E-mail address')}${choice('iss_sub', 'Issuer and subject')}</div></fieldset>`;
}

export function option(type: 'radio' | 'checkbox', { name, value, checked, label, hint }: Choice): Html {
  return html`<label class="option"><input type="${type}" name="${name}" value="${value}"${checked && trusted(' checked')}>
    <span>${label}${hint && html`<small>${hint}</small>`}</span></label>`;
}

/** The form itself, the same in the dialog and on the page; only the way out differs. */
export function personForm(tenant: DemoTenant, user: DemoUser, form: PersonForm, place: 'dialog' | 'page'): Html {
  const person = personPath(tenant, user.subject);
  const cancel =
    place === 'dialog'
      ? html`<button type="button" class="quiet" data-cancel>Cancel</button>`
      : html`<a class="button quiet" href="${person}">Cancel</a>`;
  return html`<form method="post" action="${person}/${form.id}">
    ${form.fields(tenant, user)}
    <div class="actions">${cancel}<button type="submit">${form.submit}</button></div>
  </form>`;
}
