import type { z } from 'zod';
import type { connection } from '../admin/shown-connection.ts';
import { comparedMembers } from '../connections/check-connection.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { mayChange } from './identity-parts.ts';
import { renderBadge, renderFacts } from './parts.ts';
import type { Visit } from './screen.ts';

export type ShownConnection = z.output<typeof connection>;

/** Whether it is on, proven, and told `auth_time`, in a word each. */
export function renderStates(
  texts: Texts,
  { active, provenAt, tellsAuthTime }: Pick<ShownConnection, 'active' | 'provenAt' | 'tellsAuthTime'>,
): Html {
  const words = texts.console.connections;
  const told =
    tellsAuthTime === null
      ? renderBadge(words.notSeen)
      : renderBadge(tellsAuthTime ? words.tells : words.tellsNot, tellsAuthTime ? 'good' : 'bad');
  return html`${active ? renderBadge(words.on, 'good') : renderBadge(words.off, 'bad')} ${
    provenAt === null ? renderBadge(words.unproven, 'bad') : renderBadge(words.proven, 'good')
  } ${told}`;
}

/** Whether whoever is signed out can't come back through it. */
const barsReturn = ({ active, reauthentication, tellsAuthTime }: ShownConnection) =>
  active && reauthentication === 'verified' && tellsAuthTime === false;

/** What keeps the connection from doing its work, each with what to do. */
export function renderAttention(visit: Visit, found: ShownConnection): Value {
  const words = visit.texts.console.connection;
  const settings = `/admin/settings/connections/${found.id}/settings`;
  const change = mayChange(visit);
  const todo: Value[] = [];
  if (!found.active)
    todo.push(
      html`<h3>${words.offTitle}</h3><p>${words.offText}</p>${
        change &&
        html`<p class="actions"><a class="button quiet small" href="/admin/settings/connections/${found.id}/switch">${words.switchOn}</a></p>`
      }`,
    );
  if (found.active && found.provenAt === null)
    todo.push(
      html`<h3>${words.unprovenTitle}</h3><p>${found.vouchingNeeded ? words.vouchingText : words.unprovenText}</p>`,
    );
  if (barsReturn(found)) {
    const ways = [!found.requestAuthTime && words.authTimeAsk, words.authTimeSend, words.authTimeAccept].filter(
      (way) => way !== false,
    );
    todo.push(html`<h3>${words.authTimeTitle}</h3><p>${words.authTimeText}</p>
<ul>${ways.map((way) => html`<li>${way}</li>`)}</ul>${
      change && html`<p class="actions"><a class="button quiet small" href="${settings}">${words.change}</a></p>`
    }`);
  }
  return (
    todo.length > 0 &&
    html`<section class="attention" aria-labelledby="attention"><h2 id="attention">${words.attention}</h2>${todo.map((item) => html`<div>${item}</div>`)}</section>`
  );
}

export function renderEndpoints(texts: Texts, found: ShownConnection): Html {
  const names = texts.console.connection.endpointNames;
  return renderFacts(
    comparedMembers.map((member) => [names[member], found[member] && html`<code>${found[member]}</code>`]),
  );
}
