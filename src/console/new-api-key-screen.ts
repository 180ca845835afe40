import type { z } from 'zod';
import { apiKeyWithSecret } from '../admin/api-keys.ts';
import { may } from '../api/permissions.ts';
import { AppError } from '../errors.ts';
import { html } from '../html.ts';
import { apiKeyScopes } from '../orgs/api-keys.ts';
import { renderSteps, scimVendors } from './identity-parts.ts';
import type { Use } from './operations.ts';
import { renderCheck, renderCopyable, renderField, renderForm, renderMoment, renderSelect, valueIn } from './parts.ts';
import { type Screen, textOf, textsOf, type View, type Visit } from './screen.ts';
import { settingsTrail } from './settings-parts.ts';
import { wayBackTo } from './way-back.ts';

const listPath = '/admin/settings/api-keys';
const lifetimes = ['90', '30', '365', 'never'] as const;

/** Makes a key, and shows it this once with a command that works. */
export function newApiKeyScreen(use: Use): Screen {
  const createApiKey = use('createApiKey', apiKeyWithSecret);
  return {
    path: '/admin/settings/api-keys/new',
    id: 'showNewApiKey',
    summary: 'Settings: create an API key',
    area: 'settings',
    permission: 'settings.change',
    recent: true,
    async show(visit) {
      const words = visit.texts.console.apiKeys;
      return {
        title: words.make,
        trail: trailOf(visit),
        body: html`<div class="narrow"><h1>${words.make}</h1>
<p>${words.text}</p>
${renderForm(visit, {
  do: 'create',
  button: words.create,
  content: renderFields(visit),
  beside: html` <a class="button quiet" href="${wayBackTo(visit, listPath)}">${visit.texts.console.cancel}</a>`,
})}</div>`,
      };
    },
    acts: {
      create: async (visit) => {
        const { given, texts } = visit;
        const scopes = textsOf(given, 'scopes');
        if (scopes.length === 0) throw new AppError('invalid_request', texts.console.apiKeys.noScope);
        const asked = textOf(given, 'expiry');
        const lifetime = lifetimes.find((each) => each === asked) ?? lifetimes[0];
        const expiresAt =
          lifetime === 'never' ? null : new Date(Date.now() + Number(lifetime) * 86_400_000).toISOString();
        const body = { name: textOf(given, 'name'), scopes, expiresAt };
        return viewOfKey(visit, await createApiKey(visit, { body }));
      },
    },
    shownOnce: ['create'],
  };
}

const trailOf = (visit: Visit): NonNullable<View['trail']> => [
  ...settingsTrail(visit),
  { label: visit.texts.console.apiKeys.title, href: listPath },
];

function renderFields(visit: Visit) {
  const { principal, given, texts } = visit;
  const words = texts.console.apiKeys;
  const isForOwners = !may(principal.role, 'identity.change');
  const chosen = visit.query.scope ?? 'revoke';
  const asked = textOf(given, 'do') === 'create' ? textsOf(given, 'scopes') : [chosen];
  // Nobody looks at provisioning once it runs: its key lasts longer.
  const lasts = chosen === 'scim' ? '365' : lifetimes[0];
  const name = { name: 'name', label: words.name, hint: words.nameHint, required: true, most: 200 };
  return html`${renderField({ ...name, value: valueIn(visit, 'create', 'name'), autofocus: true })}
<fieldset class="choices"><legend>${words.scopes}</legend>${apiKeyScopes.map((scope) =>
    scope === 'scim' && isForOwners
      ? html`<p class="hint">${words.scimForOwners}</p>`
      : renderCheck({
          name: 'scopes',
          value: scope,
          label: words.scope[scope],
          hint: words.scopeHint[scope],
          checked: asked.includes(scope),
        }),
  )}</fieldset>
${renderSelect({
  name: 'expiry',
  label: words.expiry,
  hint: words.expiryHint,
  value: valueIn(visit, 'create', 'expiry', lasts),
  options: lifetimes.map((value) => ({ value, label: words.expiryIn[value] })),
})}`;
}

/** Shown in answer to the form and nowhere else: a reload makes no second key and shows none. */
function viewOfKey(visit: Visit, key: z.output<typeof apiKeyWithSecret>): View {
  const { texts } = visit;
  const words = texts.console.apiKeys.made;
  const { identity, provisioning: provision } = texts.console;
  const authorization = `-H 'Authorization: Bearer ${key.apiKey}'`;
  const subject = JSON.stringify({ sub_id: { format: 'email', email: 'somebody@example.com' } });
  const ending = `curl -i -X POST ${key.revocationEndpoint} ${authorization} -H 'Content-Type: application/json' -d '${subject}'`;
  const provisioning = `curl -i '${key.scimBase}/Users?count=1' ${authorization}`;
  const command = (text: string) => html`<div class="command">${renderCopyable(texts, text, words.command)}</div>`;
  return {
    title: words.title,
    trail: trailOf(visit),
    body: html`<div class="narrow"><h1>${words.title}</h1>
<p>${words.text}</p>
<dl class="facts once"><div><dt>${words.key}: ${key.name}</dt><dd id="api-key">${renderCopyable(texts, key.apiKey, words.key)}</dd></div>
<div><dt>${texts.console.apiKeys.expires}</dt><dd>${key.expiresAt === null ? texts.console.never : renderMoment(texts, key.expiresAt)}</dd></div></dl>
${
  key.scopes.includes('revoke') &&
  html`<h2>${words.tryIt}</h2><p>${words.tryItText}</p>${command(ending)}<p class="hint">${words.answers({ status: '204' })}</p>`
}
${
  key.scopes.includes('scim') &&
  html`<h2>${words.provision}</h2><p>${words.provisionText}</p>
<dl class="facts once"><div><dt>${words.baseUrl}</dt><dd>${renderCopyable(texts, key.scimBase, words.baseUrl)}</dd></div>
<div><dt>${provision.identifier}</dt><dd>${renderCopyable(texts, 'userName', provision.identifier)}</dd></div></dl>
${scimVendors.map(
  (vendor) =>
    html`<details><summary>${words.stepsAt({ vendor: identity.vendors[vendor] })}</summary>${renderSteps(provision.vendors[vendor].steps)}</details>`,
)}
<p>${words.tryProvisionText}</p>${command(provisioning)}`
}
<p class="actions"><a class="button" href="${wayBackTo(visit, listPath)}">${words.done}</a></p></div>`,
  };
}
