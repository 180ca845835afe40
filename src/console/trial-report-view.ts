import { type Html, html, type Value } from '../html.ts';
import {
  overall,
  type ShownClaim,
  type TrialOutcome,
  type TrialReport,
  type TrialStep,
  trialSteps,
} from '../sign-in/trial-report.ts';
import type { Texts } from '../texts/texts.ts';
import { formatNumber, renderBadge, renderFacts, renderMoment, renderTable } from './parts.ts';
import type { View } from './screen.ts';
import { renderRefusal } from './trial-refusal-view.ts';

const kinds = { good: 'good', doubtful: 'warn', bad: 'bad', not_reached: 'plain' } as const;

/** What a trial of a sign-in found, a step after the other. */
export function viewOfTrial(texts: Texts, report: TrialReport): View {
  const words = texts.console.trial;
  const { connection } = report;
  const address = `/admin/settings/connections/${connection.id}`;
  const result = overall(report);
  return {
    title: words.reportTitle,
    trail: [
      { label: texts.console.areas.settings, href: '/admin/settings' },
      { label: texts.console.connections.title, href: '/admin/settings/connections' },
      { label: connection.name, href: address },
    ],
    body: html`<h1>${words.reportTitle}</h1>
<div class="verdict apart ${kinds[result]}" role="status"><p><strong>${words.result[result]}</strong></p>
<p>${words.nothingDone}${report.anew && html` ${words.wasAnew}`}</p>
${!connection.active && html`<p>${words.wasOff}</p>`}</div>
<ol class="steps">${trialSteps.map((step) => renderStep(texts, report, step))}</ol>
<p class="hint">${words.reload}</p>
<p class="actions apart"><a class="button" href="${address}/trial">${words.again}</a> <a class="button quiet" href="${address}">${words.toConnection}</a></p>`,
  };
}

function renderStep(texts: Texts, report: TrialReport, step: TrialStep): Html {
  const words = texts.console.trial;
  const outcome = report.outcomes[step];
  const refused = report.refused?.step === step ? report.refused : null;
  return html`<li class="step ${kinds[outcome]}"><div class="step-head"><h2>${words.steps[step]}</h2>${renderOutcome(texts, outcome)}</div>
${outcome !== 'not_reached' && shows[step](texts, report)}
${refused && renderRefusal(texts, refused, report.connection.id)}</li>`;
}

const renderOutcome = (texts: Texts, outcome: TrialOutcome) =>
  html`<span class="badge ${kinds[outcome]}">${texts.console.trial.outcomes[outcome]}</span>`;

/** What was found, of each step that was reached. */
const shows: Record<TrialStep, (texts: Texts, report: TrialReport) => Value> = {
  discovery(texts, { metadata, connection }) {
    const words = texts.console.trial;
    if (!metadata) return null;
    if (metadata.problem !== null) return html`<p>${metadata.problem}</p><p>${words.discoveryFailed}</p>`;
    if (metadata.differences.length === 0)
      return html`<p>${words.discoverySame}</p>${connection.provable && html`<p>${words.wouldProve}</p>`}`;
    return html`${renderDifferences(texts, metadata.differences)}<p>${!connection.proven && words.discoveryDiffers}</p>`;
  },
  request(texts, { request }) {
    const words = texts.console.trial;
    if (!request) return null;
    const rows = request.parameters.map(([name, value]) => [html`<code>${name}</code>`, html`<code>${value}</code>`]);
    return html`${renderFacts([[words.sentTo, html`<code>${request.address}</code>`]])}
<details><summary>${words.allParameters}</summary>${renderTable({ caption: words.allParameters, columns: [words.parameter, words.value], rows })}
<p class="hint">${words.randomParts}</p></details>`;
  },
  answer: (texts, { outcomes }) => outcomes.answer === 'good' && html`<p>${texts.console.trial.answered}</p>`,
  tokens(texts, { outcomes, tokenEndpoint: { address, authentication } }) {
    const words = texts.console.trial;
    const ways: Readonly<Record<string, string>> = texts.console.connectionSettings.tokenEndpointAuths;
    return html`${outcomes.tokens === 'good' && html`<p>${words.exchanged}</p>`}${renderFacts([
      [words.endpoint, html`<code>${address}</code>`],
      [words.secretSent, ways[authentication]],
    ])}`;
  },
  id_token(texts, { outcomes, claims }) {
    const words = texts.console.trial;
    if (outcomes.id_token !== 'good') return null;
    return html`<p>${words.verified}</p>
${!claims.some(({ name }) => name === 'auth_time') && html`<p><strong>${words.authTimeMissing}</strong></p>`}
${renderClaims(
  texts,
  words.steps.id_token,
  claims.filter(({ decides }) => decides),
)}
<details><summary>${words.moreClaims}</summary>${renderClaims(
      texts,
      words.moreClaims,
      claims.filter(({ decides }) => !decides),
    )}</details>`;
  },
  address(texts, { address, connection }) {
    const words = texts.console.trial;
    if (!address) return null;
    const { claim, email, verified, source, problem } = address;
    return html`${renderFacts([
      [words.addressClaim, html`<code>${claim}</code>`],
      [words.address, email ?? html`<span class="soft">${words.noAddress}</span>`],
      [words.vouched, email !== null && (verified ? texts.console.yes : texts.console.no)],
      [words.source, words.sources[source]],
    ])}${problem && html`<p>${words.userInfoFailed}</p>${renderRefusal(texts, problem, connection.id)}`}`;
  },
  person(texts, { person }) {
    const words = texts.console.trial;
    if (!person) return null;
    const { user, kind, role } = person;
    const said = { known: words.known, to_link: words.toLink, to_create: words.toCreate }[kind];
    return html`<p>${said}</p>${renderFacts([
      [
        words.person,
        user &&
          html`<a href="/admin/people/${user.id}">${user.name || user.email}</a><span class="sub">${user.email}</span>${!user.active && html` ${renderBadge(texts.console.people.inactive, 'bad')}`}`,
      ],
      [texts.console.people.role, user && texts.console.roles[user.role]],
      [words.wouldGetRole, role && texts.console.roles[role]],
    ])}`;
  },
  freshness(texts, { freshness }) {
    const words = texts.console.trial;
    if (!freshness) return null;
    const { verdict, authenticatedBefore: seconds, reauthentication } = freshness;
    const cannotReturn = verdict === 'fresh' && seconds === null && reauthentication === 'verified';
    return html`${verdict === 'fresh' && html`<p>${words.freshEnough}</p>`}${verdict === 'stale' && html`<p>${words.staleAsked}</p>`}${cannotReturn && html`<p>${words.couldNotReturn}</p>`}
${renderFacts([
  [words.sinceAuthentication, seconds === null ? words.notTold : words.seconds({ n: formatNumber(texts, seconds) })],
])}`;
  },
};

function renderClaims(texts: Texts, caption: string, claims: readonly ShownClaim[]): Html {
  const words = texts.console.trial;
  return renderTable({
    caption,
    columns: [words.claim, words.value],
    rows: claims.map(({ name, value, moment }) => [
      html`<code>${name}</code>`,
      value === null
        ? html`<span class="soft">${words.hidden}</span>`
        : html`<code>${value}</code>${moment && renderSeconds(texts, value)}`,
    ]),
  });
}

/** A claim in seconds since 1970, as people read it; nothing for a value that can't be one. */
function renderSeconds(texts: Texts, value: string): Html | null {
  const seconds = Number(value);
  return seconds > 0 && seconds < 100_000_000_000
    ? html`<span class="sub">${renderMoment(texts, new Date(seconds * 1000))}</span>`
    : null;
}

export function renderDifferences(
  texts: Texts,
  differences: NonNullable<TrialReport['metadata']>['differences'],
): Html {
  const words = texts.console.connectionCheck;
  const shown = (url: string | null) => (url === null ? words.none : html`<code>${url}</code>`);
  return html`<p>${words.differs}</p>${renderTable({
    caption: words.differs,
    columns: [words.endpoint, words.here, words.published],
    rows: differences.map(({ member, here, published }) => [
      texts.console.connection.endpointNames[member],
      shown(here),
      shown(published),
    ]),
  })}`;
}
