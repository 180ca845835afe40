import { assignableRoles } from '../api/permissions.ts';
import { LogoutTokenEnds, Reauthentication, TokenEndpointAuth } from '../database/generated/enums.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import type { Values } from './changed-fields.ts';
import { connectionFormScreen, type Fields } from './connection-form.ts';
import type { ShownConnection } from './connection-view.ts';
import { knownValue } from './known-value.ts';
import type { Use } from './operations.ts';
import { renderCheck, renderChoices, renderField, renderProblem, renderSelect } from './parts.ts';
import { type Given, isChecked, type Screen, textOf, textsOf, type Visit } from './screen.ts';

const switches = ['requestAuthTime', 'pkce', 'signOutAtIdp', 'responseIss'] as const;
const plain = ['name', 'emailClaim', 'roleClaim', 'reauthentication', 'logoutTokenEnds', 'tokenEndpointAuth'] as const;
/** Empty rows for further values of the claim. */
const moreRows = 3;

type Mapping = readonly (readonly [value: string, role: string])[];
const asText = (mapping: Mapping) => JSON.stringify(mapping.toSorted(([a], [b]) => (a < b ? -1 : 1)));
const asMapping = (text: string): Mapping => JSON.parse(text);

const onOff = (on: boolean) => (on ? 'on' : 'off');

/** The settings as texts, so that what was shown can be compared with what is. */
const valuesOf = (found: ShownConnection): Values => ({
  ...Object.fromEntries(plain.map((name) => [name, found[name] ?? ''])),
  ...Object.fromEntries(switches.map((name) => [name, onOff(found[name])])),
  roleMapping: asText(Object.entries(found.roleMapping)),
});

function typedIn(given: Given): Values {
  const roles = textsOf(given, 'roleMapping-role');
  const rows = textsOf(given, 'roleMapping-value').map((value, row) => [value.trim(), roles[row] ?? ''] as const);
  return {
    ...Object.fromEntries(plain.map((name) => [name, textOf(given, name)])),
    ...Object.fromEntries(switches.map((name) => [name, onOff(isChecked(given, name))])),
    roleMapping: asText(rows.filter(([value, role]) => value !== '' && role !== '')),
  };
}

/** A member of the request, of its text. */
function asMember(name: string, value: string): unknown {
  if ((switches as readonly string[]).includes(name)) return value === 'on';
  if (name === 'roleClaim') return value || null;
  return name === 'roleMapping' ? Object.fromEntries(asMapping(value)) : value;
}

/** How a connection's sign-ins and sign-outs work. */
export const connectionSettingsScreen = (use: Use): Screen =>
  connectionFormScreen(use, {
    part: 'settings',
    id: 'showConnectionSettings',
    summary: 'The settings of a connection',
    wordsOf: (texts) => ({ title: texts.console.connectionSettings.title }),
    names: [...plain, ...switches, 'roleMapping'],
    valuesOf,
    typedIn,
    bodyOf: (changes) =>
      Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, asMember(name, value)])),
    say,
    renderFields,
  });

function renderFields(visit: Visit, { value, problemOf, renderTheirs }: Fields): Html {
  const words = visit.texts.console.connectionSettings;
  const field = (name: 'name' | 'emailClaim' | 'roleClaim', label: string, hint?: string) =>
    html`${renderField({ name, label, hint, value: value(name), most: 255, problem: problemOf(name) })}${renderTheirs(name)}`;
  const check = (name: (typeof switches)[number], label: string, hint: string) =>
    html`${renderCheck({ name, label, hint, checked: value(name) === 'on' })}${renderTheirs(name)}`;
  return html`${field('name', words.name)}
<h2>${words.freshness}</h2>
${renderChoices({
  name: 'reauthentication',
  legend: words.reauthentication,
  value: value('reauthentication'),
  options: Object.values(Reauthentication).map((each) => ({ value: each, ...words.reauthentications[each] })),
})}${renderTheirs('reauthentication')}
${check('requestAuthTime', words.requestAuthTime, words.requestAuthTimeHint)}
<h2>${words.logout}</h2>
${renderChoices({
  name: 'logoutTokenEnds',
  legend: words.logoutTokenEnds,
  value: value('logoutTokenEnds'),
  options: Object.values(LogoutTokenEnds).map((each) => ({ value: each, ...words.logoutTokenEndsOptions[each] })),
})}${renderTheirs('logoutTokenEnds')}
${check('signOutAtIdp', words.signOutAtIdp, words.signOutAtIdpHint)}
<h2>${words.address}</h2>
${field('emailClaim', words.emailClaim, words.emailClaimHint)}
${field('roleClaim', words.roleClaim, words.roleClaimHint)}
${renderMapping(visit.texts, asMapping(value('roleMapping')), problemOf('roleMapping'))}${renderTheirs('roleMapping')}
<h2>${words.protocol}</h2>
${renderSelect({
  name: 'tokenEndpointAuth',
  label: words.tokenEndpointAuth,
  hint: words.tokenEndpointAuthHint,
  value: value('tokenEndpointAuth'),
  options: Object.values(TokenEndpointAuth).map((each) => ({ value: each, label: words.tokenEndpointAuths[each] })),
})}${renderTheirs('tokenEndpointAuth')}
${check('pkce', words.pkce, words.pkceHint)}
${check('responseIss', words.responseIss, words.responseIssHint)}`;
}

function renderMapping(texts: Texts, mapping: Mapping, problem: Value): Html {
  const words = texts.console.connectionSettings;
  const rows: Mapping = [...mapping, ...Array.from({ length: moreRows }, () => ['', ''] as const)];
  return html`<fieldset class="choices"><legend>${words.roleMapping}</legend><p class="hint">${words.roleMappingHint}</p>
${problem && renderProblem(problem)}
${rows.map(
  ([value, role], row) =>
    html`<div class="pair"><input type="text" name="roleMapping-value" value="${value}" maxlength="255" autocomplete="off" aria-label="${words.mapValue({ n: row + 1 })}"><select name="roleMapping-role" aria-label="${words.mapRole({ n: row + 1 })}"><option value="">${words.noRole}</option>${assignableRoles.map(
      (each) => html`<option value="${each}"${each === role && html` selected`}>${texts.console.roles[each]}</option>`,
    )}</select></div>`,
)}</fieldset>`;
}

function say(texts: Texts, name: string, value: string): string {
  const words = texts.console.connectionSettings;
  if (name === 'roleMapping')
    return asMapping(value)
      .map(([each, role]) => `${each}: ${texts.console.roles[role as keyof typeof texts.console.roles]}`)
      .join(', ');
  const shown: Readonly<Record<string, string>> = {
    on: texts.console.yes,
    off: texts.console.no,
    ...Object.fromEntries(Object.values(Reauthentication).map((each) => [each, words.reauthentications[each].label])),
    ...Object.fromEntries(
      Object.values(LogoutTokenEnds).map((each) => [each, words.logoutTokenEndsOptions[each].label]),
    ),
    ...words.tokenEndpointAuths,
  };
  return knownValue(shown, value) ?? value;
}
