import { STATUS_CODES } from 'node:http';
import { type Html, html } from '../../html.ts';
import type { CallAnswer, SentCall } from '../send-call.ts';
import type { Signal } from '../signals.ts';
import type { DemoTenant } from '../tenant.ts';
import { trusted } from '../trusted.ts';
import { clock, personPath } from './layout.ts';

/** An entry of the history: the exchange between the two sides, with its details a click away. */
export function signalView(
  tenant: DemoTenant,
  { title, at, person, ended, call }: Signal,
  { open = false, named = true }: { open?: boolean; named?: boolean } = {},
): Html {
  return html`<article class="signal">
    <header>
      ${clock(at)}
      <h3>${title}</h3>
      ${named && html`<a href="${personPath(tenant, person.subject)}">${person.name}</a>`}
      ${chip(call)}
    </header>
    ${ended !== null && html`<p>${endedText(ended)}</p>`}
    ${call ? callView(tenant, call, open) : html`<p class="soft">No app was called.</p>`}
  </article>`;
}

function endedText(ended: number): string {
  if (ended === 0) return 'No session was open here.';
  return ended === 1 ? '1 session ended here.' : `${ended} sessions ended here.`;
}

function chip(call: SentCall | null): Html {
  if (!call) return html`<span class="chip">nothing sent</span>`;
  const { status } = call.answer;
  if (status === null) return html`<span class="chip bad">no answer</span>`;
  return html`<span class="chip ${status < 300 ? 'good' : 'bad'}">${status}</span>`;
}

function callView(tenant: DemoTenant, { url, headers, body, token, answer }: SentCall, open: boolean): Html {
  const target = URL.parse(url);
  const shown = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const details = html`
    <div class="exchange">
      <section><h4>Request</h4>
        <pre tabindex="0" role="group" aria-label="Request">${[`POST ${url}`, ...shown, '', body].join('\n')}</pre>
        <h4>Header of the JWT</h4><pre tabindex="0" role="group" aria-label="Header of the JWT">${pretty(token.header)}</pre>
        <h4>Claims of the JWT</h4><pre tabindex="0" role="group" aria-label="Claims of the JWT">${pretty(token.claims)}</pre>
      </section>
      <section><h4>Answer</h4><pre tabindex="0" role="group" aria-label="Answer">${answerText(answer)}</pre></section>
    </div>`;
  return html`
    <div class="wire">
      <b>${tenant.name}</b>
      <span class="there"><code>POST ${target?.pathname ?? url}</code></span>
      <span class="back ${answer.status === null ? 'lost' : answer.status < 300 ? 'good' : 'bad'}"><code>${summary(answer)}</code></span>
      <b>${tenant.app()?.name ?? target?.host ?? 'App'}</b>
    </div>
    <details${open && trusted(' open')}><summary>Request and answer</summary>${details}</details>`;
}

function summary(answer: CallAnswer): string {
  if (answer.status === null) return `no answer: ${answer.reason}`;
  return `${answer.status} in ${answer.milliseconds} ms`;
}

function answerText(answer: CallAnswer): string {
  if (answer.status === null) return `No answer after ${answer.milliseconds} ms: ${answer.reason}`;
  const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
  const body = answer.body || '(no body)';
  const status = `${answer.status} ${STATUS_CODES[answer.status] ?? ''}`.trim();
  const lines = [`${status}, after ${answer.milliseconds} ms`, ...headers, '', body];
  return `${lines.join('\n')}${answer.cut ? '\n… cut here' : ''}`;
}

const pretty = (value: unknown) => JSON.stringify(value, null, 2);
