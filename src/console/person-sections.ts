import type { z } from 'zod';
import type { identityPage } from '../admin/identities.ts';
import type { devicePage, person } from '../admin/people.ts';
import { may } from '../api/permissions.ts';
import { type Html, html, type Value } from '../html.ts';
import { roleAct, roleInForm, rolesToGive } from './changing-role.ts';
import { renderPlace } from './endings.ts';
import {
  renderBadge,
  renderEmpty,
  renderForm,
  renderMoment,
  renderSelect,
  renderTable,
  unseenColumn,
} from './parts.ts';
import type { Visit } from './screen.ts';

export type Person = z.output<typeof person>;
type Device = z.output<typeof devicePage>['items'][number];
type Identity = z.output<typeof identityPage>['items'][number];

/**
 * What a person is signed in with, each with the way out of it alone. The way says since when: two
 * devices may have one name.
 */
export function renderDevices({ texts }: Visit, { id }: Person, devices: readonly Device[]): Html {
  const words = texts.console.person;
  if (devices.length === 0) return renderEmpty(words.noDevices);
  return renderTable({
    caption: words.devices,
    columns: [words.device, words.signedIn, words.lastSeen, unseenColumn(words.ending)],
    rows: devices.map((device) => [
      html`${device.device}<span class="sub">${device.client}${device.current && html` ${renderBadge(words.thisIsYours, 'good')}`}</span>`,
      html`<span id="since-${device.id}">${renderMoment(texts, device.createdAt)}</span>${renderPlace(device.signedInFrom)}`,
      html`${renderMoment(texts, device.lastSeenAt)}${renderPlace(device.lastSeenFrom)}`,
      html`<a class="row-action" id="end-${device.id}" data-dialog href="/admin/people/${id}/sessions/${device.id}/sign-out" aria-label="${words.endThis({ device: device.device })}" aria-labelledby="end-${device.id} since-${device.id}">${words.endOne}</a>`,
    ]),
  });
}

/** The accounts at identity providers that a person is known by. */
export function renderIdentities({ texts, principal }: Visit, { id }: Person, identities: readonly Identity[]): Html {
  const words = texts.console.person;
  const mayChange = may(principal.role, 'identity.change');
  const action = unseenColumn(words.unlink);
  return html`${
    identities.length > 0
      ? renderTable({
          caption: words.identities,
          columns: [words.identity, words.subject, words.claimed, words.lastUsed, ...(mayChange ? [action] : [])],
          rows: identities.map(({ id: identityId, connection, issuer, subject, ...identity }) => [
            html`${connection.name}<span class="sub">${issuer}</span>`,
            html`<code>${subject}</code>`,
            identity.claimedEmail &&
              html`${identity.claimedEmail}${!identity.claimVerified && html`<span class="sub">${words.unverified}</span>`}`,
            identity.lastUsedAt && renderMoment(texts, identity.lastUsedAt),
            ...(mayChange
              ? [
                  html`<a class="row-action" data-dialog href="/admin/people/${id}/identities/${identityId}/unlink" aria-label="${words.unlinkThis({ connection: connection.name })}">${words.unlink}</a>`,
                ]
              : []),
          ]),
        })
      : renderEmpty(words.noIdentities)
  }${mayChange && html`<p class="actions"><a class="button quiet small" href="/admin/people/${id}/identities/link">${words.link}</a></p>`}`;
}

/** The role, switching off and on, and erasing: for those who may. */
export function renderManage(visit: Visit, person: Person): Value {
  const { texts, principal } = visit;
  const words = texts.console.person;
  if (!may(principal.role, 'people.change')) return null;
  const given = rolesToGive(visit, person);
  if (given.length === 0) return html`<p class="soft">${words.notYours}</p>`;
  const { value, hidden, theirs } = roleInForm(visit, person);
  const href = `/admin/people/${person.id}`;
  return html`<div class="manage">${renderForm(visit, {
    do: roleAct,
    button: words.changeRole,
    quiet: true,
    hidden,
    content: html`${renderSelect({
      name: 'role',
      label: words.role,
      hint: words.roleHint,
      value,
      options: given.map((role) => ({ value: role, label: texts.console.roles[role] })),
    })}${theirs}`,
  })}
<div class="stack"><p>${words.namingText}</p><p class="actions"><a class="button quiet" href="${href}/name">${words.rename}</a></p></div>
<div class="stack">${
    person.active
      ? html`<p>${words.switchOffText}</p><p class="actions"><a class="button quiet alarming" id="switch-off" data-dialog href="${href}/switch-off" aria-labelledby="switch-off who">${words.switchOff}</a></p>`
      : html`<p>${words.switchOnText}</p>${renderForm(visit, { do: 'switch-on', button: words.switchOn, quiet: true })}`
  }</div>
${may(principal.role, 'people.erase') && html`<div class="stack"><p>${words.eraseText}</p><p class="actions"><a class="button quiet alarming" id="erase" href="${href}/erase" aria-labelledby="erase who">${words.erase}</a></p></div>`}</div>`;
}
