import type { z } from 'zod';
import type { groupNames } from '../admin/groups.ts';
import { eventTypes } from '../downstream/app-settings.ts';
import type { AppError, WrongPart } from '../errors.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { fieldsOf, namings } from './app-fields.ts';
import type { Way } from './app-view.ts';
import type { Values } from './changed-fields.ts';
import { renderCheck, renderChoices, renderField, renderProblem, renderSelect } from './parts.ts';
import { textOf, type Visit } from './screen.ts';

type Group = z.output<typeof groupNames>['groups'][number];

/** What the fields of an app's form show. */
export type AppForm = Readonly<{
  way: Way;
  values: Values;
  /** The organisation's groups, and those that are chosen and gone. */
  groups: readonly Group[];
  /** There are more groups than the form shows. */
  moreGroups: boolean;
  /** The organisation's connections: a receiver may be one of them. */
  connections: readonly Readonly<{ id: string; name: string }>[];
  /** Why a field is wrong; null: it isn't what the problem is about. */
  problemOf: (name: string) => string | null;
  /** What somebody else made of a field meanwhile. */
  renderTheirs: (name: string) => Value;
  /** One was given before: it may be left empty. */
  hasCredential: boolean;
}>;

/** The field that a wrong part of the request is about: the last name of its pointer. */
const fieldOfPart = ({ pointer = '' }: WrongPart): string =>
  pointer
    .split('/')
    .filter((name) => !/^\d+$/.test(name))
    .at(-1) ?? '';

/** The first field that the problem of the form is about, and why it is wrong; null: the form says it. */
export function wrongField(visit: Visit, act: string, way: Way): Readonly<{ name: string; why: string }> | null {
  const { problem, given, texts } = visit;
  if (problem === null || textOf(given, 'do') !== act) return null;
  for (const name of [...fieldsOf(way), 'credential']) {
    const part = partAbout(problem, name);
    if (part) return { name, why: part.says?.(texts) ?? part.detail };
  }
  return null;
}

const partAbout = ({ errors }: AppError, name: string) => errors.find((part) => fieldOfPart(part) === name);

export function renderAppFields({ texts }: Visit, form: AppForm): Html {
  const words = texts.console.apps.fields;
  const field = (name: string, label: string, more: Partial<Parameters<typeof renderField>[0]> = {}) => {
    const why = form.problemOf(name);
    const problem = why && texts.console.apps.wrong({ why });
    return html`${renderField({ name, label, value: form.values[name] ?? '', problem, most: 2048, ...more })}${form.renderTheirs(name)}`;
  };
  const url = { type: 'url', placeholder: 'https://' } as const;
  const select = (name: string, label: string, options: Readonly<Record<string, string>>, hint?: string) =>
    html`${renderSelect({
      name,
      label,
      value: form.values[name] ?? '',
      ...(hint && { hint }),
      options: Object.entries(options).map(([value, said]) => ({ value, label: said })),
    })}${form.renderTheirs(name)}`;
  const { way } = form;
  const endpoint = field('endpoint', words.endpoint, { ...url, hint: words.endpointHint, required: true });
  const who = html`${renderNaming(texts, form, select)}${renderConcerns(texts, form)}`;
  const more = renderMore(texts, form, select);
  const name = field('name', words.name, { hint: words.nameHint, required: true, most: 200 });
  switch (way) {
    case 'signed-jwt':
      return html`${name}${endpoint}
${field('clientId', words.clientIdThere, { hint: words.clientIdThereHint, required: true, most: 512 })}
${field('audience', words.audience, { hint: words.audienceHint })}${who}${more}`;
    case 'bearer':
      return html`${name}${endpoint}${renderCredential(texts, form, words.credential, words.credentialHint)}${who}${more}`;
    case 'oauth':
      return html`${name}${endpoint}
${field('tokenEndpoint', words.tokenEndpoint, { ...url, hint: words.tokenEndpointHint, required: true })}
${field('clientId', words.clientIdThere, { required: true, most: 512 })}
${select('clientAuth', words.clientAuth, words.clientAuths)}
${renderCredential(texts, form, words.secret, words.secretHint)}
${field('scope', words.scope, { hint: words.scopeHint, most: 1000 })}${who}${more}`;
    case 'oidc':
      return html`${name}
${field('redirectUris', words.redirectUris, { hint: words.redirectUrisHint, rows: 3, required: true, most: 45_000 })}
${field('backchannelLogoutUri', words.backchannelLogoutUri, { ...url, hint: words.backchannelLogoutUriHint })}
${field('frontchannelLogoutUri', words.frontchannelLogoutUri, { ...url, hint: words.frontchannelLogoutUriHint })}
${select('tellExpired', words.tellExpired, words.tellExpireds, words.tellExpiredHint)}
${field('postLogoutRedirectUris', words.postLogoutRedirectUris, { hint: words.postLogoutRedirectUrisHint, rows: 2, most: 45_000 })}
${select('auth', words.auth, words.auths)}
${field('jwksUri', words.jwksUri, { ...url, hint: words.jwksUriHint })}`;
    case 'ssf':
      return html`${name}${field('audience', words.audienceOfEvents, { hint: words.audienceOfEventsHint, required: true })}
${renderEvents(texts, form)}${who}
${select(
  'connection',
  words.connection,
  Object.fromEntries([['', words.noConnection], ...form.connections.map(({ id, name }) => [id, name])]),
  words.connectionHint,
)}`;
  }
}

type Select = (name: string, label: string, options: Readonly<Record<string, string>>, hint?: string) => Html;

function renderNaming({ console }: Texts, { way }: AppForm, select: Select): Html {
  const words = console.apps.fields;
  const known = way === 'ssf' ? (['email', 'iss_sub'] as const) : namings;
  return select('naming', words.naming, Object.fromEntries(known.map((naming) => [naming, words.namings[naming]])));
}

function renderConcerns(texts: Texts, form: AppForm): Html {
  const words = texts.console.apps.fields;
  const chosen = chosenIn(form, 'groups');
  const known = ['everyone', 'groups', 'seen'] as const;
  const problem = renderProblemOf(texts, form, 'groups', words.chooseGroups);
  return html`${renderChoices({
    name: 'who',
    legend: words.concerns,
    value: form.values.who ?? '',
    options: known.map((value) => ({
      value,
      label: words.who[value],
      ...(value === 'groups' && form.groups.length === 0 && { hint: words.noGroups }),
    })),
  })}${renderProblemOf(texts, form, 'who', null)}${form.renderTheirs('who')}${form.groups.length === 0 && problem}${
    form.groups.length > 0 &&
    html`<fieldset class="choices of-groups"><legend>${words.groups}</legend>${problem}<div class="kinds">${form.groups.map(
      ({ id, displayName }) =>
        renderCheck({ name: 'groups', value: id, label: displayName, checked: chosen.includes(id) }),
    )}</div>${form.moreGroups && html`<p class="hint">${words.moreGroups}</p>`}</fieldset>${form.renderTheirs('groups')}`
  }`;
}

const chosenIn = ({ values }: AppForm, name: string) => (values[name] ?? '').split(' ').filter((id) => id !== '');

/** At boxes of which some must be chosen, or at other choices. */
function renderProblemOf({ console }: Texts, form: AppForm, name: string, whenNone: string | null): Html | null {
  const why = form.problemOf(name);
  if (why === null) return null;
  const isNone = whenNone !== null && chosenIn(form, name).length === 0;
  return renderProblem(isNone ? whenNone : console.apps.wrong({ why }));
}

function renderMore({ console }: Texts, { values, problemOf }: AppForm, select: Select): Html {
  const words = console.apps.fields;
  const isOpen = problemOf('member') !== null || values.member === 'subject';
  return html`<details${isOpen && html` open`}><summary>${words.more}</summary>${select('member', words.member, words.members, words.memberHint)}</details>`;
}

function renderEvents(texts: Texts, form: AppForm): Html {
  const words = texts.console.apps.fields;
  const chosen = chosenIn(form, 'events');
  return html`<fieldset class="choices"><legend>${words.events}</legend>${renderProblemOf(texts, form, 'events', words.chooseEvents)}${eventTypes.map(
    (name) =>
      renderCheck({ name: 'events', value: name, label: words.eventNames[name], checked: chosen.includes(name) }),
  )}</fieldset>${form.renderTheirs('events')}`;
}

/** Never shown again: the field is empty whatever was typed. */
function renderCredential({ console }: Texts, form: AppForm, label: string, hint: string): Html {
  const { apps: words } = console;
  const why = form.problemOf('credential');
  return renderField({
    name: 'credential',
    label,
    type: 'password',
    most: 4096,
    hint: form.hasCredential ? words.fields.keepCredential : hint,
    required: form.way === 'bearer' && !form.hasCredential,
    problem: why && words.wrong({ why }),
  });
}
