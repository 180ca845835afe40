import type { z } from 'zod';
import type { connectionPage } from '../admin/connections.ts';
import type { domain } from '../admin/domains.ts';
import { html, type Value } from '../html.ts';
import { formOf, renderTheirs, shownFields } from './changed-fields.ts';
import { mayChange, renderReadOnly, trailTo } from './identity-parts.ts';
import {
  renderBadge,
  renderCheck,
  renderCopyable,
  renderFacts,
  renderField,
  renderForm,
  renderMoment,
  renderProblem,
  renderTable,
  valueIn,
} from './parts.ts';
import { sayProblem } from './say-problem.ts';
import { type Given, textOf, textsOf, type View, type Visit } from './screen.ts';

type Domain = z.output<typeof domain>;
type Connection = z.output<typeof connectionPage>['items'][number];

export const domainsPath = '/admin/settings/domains';

/** The connections of a domain as a form's text: their order doesn't count. */
export const asText = (ids: readonly string[]) => ids.toSorted().join(' ');
export const chosen = (given: Given) => textsOf(given, 'connection');

export const namesOf = (ids: readonly string[], connections: readonly Connection[]) =>
  ids.map((id) => connections.find((each) => each.id === id)?.name ?? id);

export function renderState({ texts }: Visit, { verifiedAt }: Domain): Value {
  const words = texts.console.domains;
  return verifiedAt === null ? renderBadge(words.unverified, 'bad') : renderBadge(words.verified, 'good');
}

export function renderAdd(visit: Visit): Value {
  const words = visit.texts.console.domains;
  return html`<section class="narrow" aria-labelledby="add"><h2 id="add">${words.add}</h2>${renderForm(visit, {
    do: 'add',
    button: words.addButton,
    content: renderField({
      name: 'domain',
      label: words.domain,
      hint: words.addHint,
      value: valueIn(visit, 'add', 'domain'),
      required: true,
      most: 253,
    }),
  })}</section>`;
}

export function viewOfDomain(visit: Visit, found: Domain, connections: readonly Connection[]): View {
  const { texts } = visit;
  const words = texts.console.domains;
  return {
    title: words.domain,
    trail: trailTo(texts, 'domains'),
    body: html`<div class="heading"><h1>${found.domain}</h1>${
      mayChange(visit) &&
      html`<p class="actions"><a class="button quiet alarming" href="${domainsPath}/${found.id}/remove">${words.remove}</a></p>`
    }</div>
<p class="states">${renderState(visit, found)}</p>
${renderReadOnly(visit)}
${found.verifiedAt === null ? renderRecord(visit, found) : html`${renderFacts([[words.since, renderMoment(texts, found.verifiedAt)]])}<p class="hint">${words.verifiedText}</p>`}
<section class="narrow" aria-labelledby="chosen"><h2 id="chosen">${words.chosen}</h2>
<p>${words.chosenText}</p>
${mayChange(visit) ? renderChosen(visit, found, connections) : html`<p>${namesOf(found.connectionIds, connections).join(', ') || words.nobody}</p>`}</section>`,
  };
}

/** What to publish, and what stood in its place when it was looked for. */
function renderRecord(visit: Visit, { record }: Domain): Value {
  const { texts, problem, given } = visit;
  const words = texts.console.domains;
  const isAbout = textOf(given, 'do') === 'verify' && problem !== null;
  const found = isAbout && Array.isArray(problem.members.found) ? (problem.members.found as string[]) : [];
  return html`<section aria-labelledby="record"><h2 id="record">${words.record}</h2>
<p>${words.unverifiedText} ${words.recordText}</p>
${renderTable({
  caption: words.record,
  columns: [words.part, words.value],
  rows: [
    [words.recordName, renderCopyable(texts, record.name, words.recordName)],
    [words.recordType, html`<code>${record.type}</code>`],
    [words.recordValue, renderCopyable(texts, record.value, words.recordValue)],
  ],
})}
${isAbout && renderProblem(sayProblem(texts, problem))}
${found.length > 0 && html`<p>${words.found}</p><ul>${found.map((text) => html`<li><code>${text}</code></li>`)}</ul>`}
${mayChange(visit) && renderForm({ ...visit, problem: isAbout ? null : problem }, { do: 'verify', button: words.checkNow })}</section>`;
}

function renderChosen(visit: Visit, found: Domain, connections: readonly Connection[]): Value {
  const { texts, given } = visit;
  const words = texts.console.domains;
  if (connections.length === 0) return html`<p>${words.noConnections}</p>`;
  const now = { connections: asText(found.connectionIds) };
  const { values, theirs } = formOf(visit, 'connections', { connections: asText(chosen(given)) }, now);
  const checked = values.connections?.split(' ') ?? [];
  const isTheirs = theirs.connections !== undefined;
  return renderForm(visit, {
    do: 'connections',
    button: texts.console.save,
    hidden: shownFields(now),
    content: html`<fieldset class="choices"><legend class="unseen">${words.chosen}</legend>${connections
      // One that is off can stay, but not be chosen.
      .filter((each) => each.active || found.connectionIds.includes(each.id))
      .map((each) =>
        renderCheck({
          name: 'connection',
          value: each.id,
          label: each.active ? each.name : `${each.name} (${words.off})`,
          hint: each.issuer,
          checked: checked.includes(each.id),
        }),
      )}</fieldset>${renderTheirs(texts, isTheirs ? namesOf(found.connectionIds, connections).join(', ') : undefined)}`,
  });
}
