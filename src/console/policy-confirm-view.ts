import type { z } from 'zod';
import type { policyPreview } from '../admin/policies.ts';
import { mostCounted } from '../database/most-counted.ts';
import { html } from '../html.ts';
import { renderForm, renderTable } from './parts.ts';
import { labelOf, type Policy, type PolicyField, sayValue } from './policy-fields.ts';
import type { View, Visit } from './screen.ts';

/** What was changed in a form: before and after, as the form carries them. */
export type Change = Readonly<{ policy: Policy; asked: PolicyField; before: string; after: string }>;

/** Where the form stands, and what it is called. */
export type PoliciesForm = Readonly<{
  act: string;
  name: string;
  fields: readonly PolicyField[];
  trail: NonNullable<View['trail']>;
  back: string;
}>;

type Preview = z.output<typeof policyPreview>;
export type Effects = Omit<Preview, 'confirmation'>;

/** Whether saving does anything at once that has to be known before. */
export const isSomething = ({ own: _, confirmation: __, ...counts }: Preview) =>
  Object.values(counts).some((n) => n > 0);

/** Says what saving does at once. What was typed goes along, hidden. */
export function viewOfConfirm(visit: Visit, form: PoliciesForm, changes: readonly Change[], shown: Preview): View {
  const { given, texts } = visit;
  const words = texts.console.authentication;
  const { confirm } = words;
  const { sessionCount, grantCount, administratorCount, eventCount, apiKeyCount, connectionCount, own } = shown;
  const typed = Object.entries(given).filter(([name]) => !['do', 'once', 'confirmation'].includes(name));
  const hidden = Object.fromEntries(typed.map(([name, values]) => [name, values[0] ?? '']));
  const ended = sessionCount + grantCount;
  const said = (most: number, amount: string) => (most >= mostCounted ? confirm.atLeast({ amount }) : amount);
  const button =
    ended > 0
      ? confirm.saveAndEnd({ amount: said(Math.max(sessionCount, grantCount), confirm.signIns(ended)) })
      : eventCount > 0
        ? confirm.saveAndRemove({ amount: said(eventCount, confirm.events(eventCount)) })
        : confirm.save;
  return {
    title: confirm.title,
    trail: form.trail,
    body: html`<div class="narrow"><h1>${confirm.ask({ section: form.name })}</h1>
${
  isSomething(shown) &&
  html`<h2>${confirm.ends}</h2>
<ul class="ends">${[
    sessionCount > 0 && said(sessionCount, confirm.sessions(sessionCount)),
    grantCount > 0 && said(grantCount, confirm.apps(grantCount)),
    administratorCount > 0 && confirm.administrators(administratorCount),
    eventCount > 0 && said(eventCount, confirm.removed(eventCount)),
    apiKeyCount > 0 && confirm.apiKeys(apiKeyCount),
    connectionCount > 0 && confirm.connections(connectionCount),
  ].map((text) => text && html`<li>${text}</li>`)}</ul>`
}
${own && html`<p class="note">${confirm.own}</p>`}
<h2>${confirm.becomes}</h2>
${renderTable({
  caption: confirm.becomes,
  columns: [confirm.setting, confirm.before, confirm.after],
  rows: changes.map(({ policy, asked, before, after }) => [
    labelOf(words, asked).label,
    sayValue(words, policy, asked, before),
    sayValue(words, policy, asked, after),
  ]),
})}
${renderForm(visit, {
  do: form.act,
  button,
  alarming: ended + eventCount + apiKeyCount + connectionCount > 0,
  hidden: { ...hidden, confirmation: shown.confirmation },
  beside: html` <a class="button quiet" href="${form.back}">${texts.console.cancel}</a>`,
})}</div>`,
  };
}
