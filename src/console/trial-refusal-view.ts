import { type Html, html } from '../html.ts';
import type { Advice, AdviceParts } from '../sign-in/hints.ts';
import type { RefusalReason } from '../sign-in/refusal.ts';
import type { TrialRefusal } from '../sign-in/trial-report.ts';
import type { Texts } from '../texts/texts.ts';
import { renderFacts } from './parts.ts';

/** Why a sign-in would have ended, what the identity provider said, and what to do. */
export function renderRefusal(texts: Texts, refusal: TrialRefusal, connectionId: string): Html {
  const { reason, detail, said } = refusal;
  const words = texts.console.trial;
  const page = texts.refusals[reason];
  const pages = mendedAt[reason] ?? [];
  const path = `/admin/settings/connections/${connectionId}`;
  const hrefs = {
    settings: `${path}/settings`,
    client: `${path}/client`,
    domains: '/admin/settings/domains',
    people: '/admin/people',
  };
  const advice = adviceIn(texts, refusal);
  const told = said && [said.error, said.description].filter(Boolean).join(': ');
  return html`<div class="refusal"><p><strong>${page.title}</strong></p>
${renderFacts([
  [words.detail, html`<code>${[reason, detail].filter(Boolean).join(' ')}</code>`],
  [
    words.said,
    told && html`<q>${told}</q>${said?.via === 'browser' && html`<span class="sub">${words.saidByBrowser}</span>`}`,
  ],
])}
${advice !== null && html`<p><strong>${words.todo}:</strong> ${advice}</p>`}
${
  pages.length > 0 &&
  html`<p class="actions">${pages.map((where) => html`<a class="button quiet small" href="${hrefs[where]}">${words.mend[where]}</a> `)}</p>`
}</div>`;
}

/** No trial comes to a report with these. */
type NeverMet =
  | ('org_unknown' | 'connection_unknown' | 'request_malformed' | 'unavailable' | 'internal')
  | ('state_missing' | 'state_expired' | 'state_foreign' | 'state_spent');
type Text = string | ((parts: AdviceParts) => string);

function adviceIn(texts: Texts, { advice, parts }: TrialRefusal): string | null {
  const known: Readonly<Record<Exclude<Advice, NeverMet>, Text>> = texts.console.trial.advice;
  const text = (known as Readonly<Partial<Record<Advice, Text>>>)[advice];
  return typeof text === 'function' ? text(parts) : (text ?? null);
}

type Where = keyof Texts['console']['trial']['mend'];

/** The pages on which it can be put right, where there are any. */
const mendedAt: Readonly<Partial<Record<RefusalReason, readonly Where[]>>> = {
  issuer_mixed_up: ['settings'],
  idp_error: ['settings'],
  idp_garbage: ['client'],
  idp_unreachable: ['client'],
  client_refused: ['client', 'settings'],
  id_token_invalid: ['client'],
  email_missing: ['settings'],
  email_unusable: ['domains'],
  email_unverified: ['domains'],
  connection_not_authoritative: ['domains'],
  identity_mismatch: ['people'],
  user_unknown: ['people'],
  user_inactive: ['people'],
  not_fresh: ['settings'],
  auth_time_missing: ['settings'],
};
