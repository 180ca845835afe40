import { comparedMembers } from '../connections/check-connection.ts';
import { type Html, html } from '../html.ts';
import type { Values } from './changed-fields.ts';
import { act, connectionFormScreen, type Fields } from './connection-form.ts';
import type { ShownConnection } from './connection-view.ts';
import type { Use } from './operations.ts';
import { renderCheck, renderField } from './parts.ts';
import { filled, type Given, isChecked, type Screen, textOf, type Visit } from './screen.ts';

const names = ['issuer', 'clientId', 'acceptedIssuers', ...comparedMembers] as const;

const valuesOf = (found: ShownConnection): Values => ({
  issuer: found.issuer,
  clientId: found.clientId,
  acceptedIssuers: found.acceptedIssuers.join('\n'),
  ...Object.fromEntries(comparedMembers.map((member) => [member, found[member] ?? ''])),
});

const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const typedIn = (given: Given): Values => ({
  ...Object.fromEntries(names.map((name) => [name, textOf(given, name)])),
  acceptedIssuers: linesOf(textOf(given, 'acceptedIssuers')).join('\n'),
});

/** A member of the request, of its text. An endpoint that may be missing is taken away by null. */
function asMember(name: string, value: string): unknown {
  if (name === 'acceptedIssuers') return linesOf(value);
  return value === '' && (name === 'userinfoEndpoint' || name === 'endSessionEndpoint') ? null : value;
}

/** Whose connection it is, and where it leads: what needs the client secret to change. */
export const connectionClientScreen = (use: Use): Screen =>
  connectionFormScreen(use, {
    part: 'client',
    id: 'showConnectionClient',
    summary: 'Issuer, client and endpoints of a connection',
    secrets: ['clientSecret'],
    wordsOf: (texts) => texts.console.connectionClient,
    names: [...names, 'clientSecret'],
    valuesOf,
    typedIn,
    bodyOf,
    say: (_texts, _name, value) => value,
    renderFields,
  });

function bodyOf(changes: Values, given: Given): Record<string, unknown> {
  const clientSecret = filled(given, 'clientSecret');
  return {
    ...Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, asMember(name, value)])),
    ...(clientSecret !== undefined && { clientSecret }),
    ...('issuer' in changes && isChecked(given, 'sameSubjects') && { sameSubjects: true }),
  };
}

function renderFields({ texts, given }: Visit, { value, problemOf, renderTheirs }: Fields): Html {
  const words = texts.console.connectionClient;
  const isBack = textOf(given, 'do') === act;
  const field = (name: string, label: string, more: Partial<Parameters<typeof renderField>[0]> = {}) =>
    html`${renderField({ name, label, value: value(name), problem: problemOf(name), ...more })}${renderTheirs(name)}`;
  return html`${field('issuer', words.issuer, { hint: words.issuerHint, most: 2_000, required: true })}
${renderCheck({ name: 'sameSubjects', label: words.sameSubjects, hint: words.sameSubjectsHint, checked: isBack && isChecked(given, 'sameSubjects') })}
${field('clientId', words.clientId, { most: 500, required: true })}
${field('clientSecret', words.clientSecret, { hint: words.clientSecretHint, type: 'password', value: '' })}
${field('acceptedIssuers', words.acceptedIssuers, { hint: words.acceptedIssuersHint, rows: 3 })}
<h2>${words.endpoints}</h2>
<p class="hint">${words.endpointsText}</p>
${comparedMembers.map((member) => field(member, texts.console.connection.endpointNames[member], { most: 2_000 }))}`;
}
