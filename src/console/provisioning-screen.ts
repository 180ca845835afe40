import type { z } from 'zod';
import { apiKeyPage } from '../admin/api-keys.ts';
import { auditEventPage } from '../admin/audit-events.ts';
import { connectionPage } from '../admin/connections.ts';
import { type Html, html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderEvents } from './event-list.ts';
import {
  mayChange,
  renderIdentityParts,
  renderReadOnly,
  renderSteps,
  renderVendors,
  scimVendors,
  trailTo,
  vendorOf,
} from './identity-parts.ts';
import { nameOf, renderEventMoment } from './lately.ts';
import type { Use } from './operations.ts';
import { renderCopyable, renderEmpty, renderFacts, renderMoment, renderTable, unseenColumn } from './parts.ts';
import type { Screen, Visit } from './screen.ts';
import { renderWhyRefused } from './why-refused.ts';

type ApiKey = z.output<typeof apiKeyPage>['items'][number];
type Event = z.output<typeof auditEventPage>['items'][number];

const path = '/admin/settings/provisioning';
const keysPath = '/admin/settings/api-keys';
/** The organisation may have 100 current keys. */
const everyKey = { query: { limit: 200 } };
const latest = 10;
/** Calls that changed nothing may be many among the newest. */
const looked = 50;

/** What the identity provider needs to provision, and what it did. */
export function provisioningScreen(use: Use): Screen {
  const listConnections = use('listConnections', connectionPage);
  const listApiKeys = use('listApiKeys', apiKeyPage);
  const listAuditEvents = use('listAuditEvents', auditEventPage);
  return {
    path,
    id: 'showProvisioning',
    summary: 'Provisioning by SCIM',
    area: 'settings',
    async show(visit) {
      const { texts } = visit;
      const words = texts.console.provisioning;
      // One after another: a page leaves the connections to others.
      const { items: connections, links } = await listConnections(visit, { query: { limit: 1 } });
      const keys = (await listApiKeys(visit, everyKey)).items.filter(isCurrent);
      const { items: calls } = await listAuditEvents(visit, { query: { by: 'provisioning', limit: looked } });
      const { items: refused } = await listAuditEvents(visit, {
        query: { action: 'provisioning.refused', limit: latest },
      });
      const guessed = vendorOf(visit, connections[0]?.issuer);
      const vendor = scimVendors.find((each) => each === guessed) ?? 'other';
      return {
        title: words.title,
        trail: trailTo(texts),
        body: html`<div class="heading"><h1>${texts.console.identity.title}</h1></div>
${renderIdentityParts(texts, 'provisioning')}
<h2 class="unseen">${words.title}</h2>
${renderReadOnly(visit)}
<p>${words.text}</p>
<section aria-labelledby="keys"><h2 id="keys">${words.keys}</h2>${renderKeys(visit, keys)}</section>
<section aria-labelledby="enter"><h2 id="enter">${words.enter}</h2>
${renderVendors(texts, vendor, scimVendors)}
${renderSteps(words.vendors[vendor].steps)}
${renderFacts([
  [words.base, renderCopyable(texts, links.scimUrl, words.base)],
  [words.identifier, renderCopyable(texts, 'userName', words.identifier)],
])}</section>
<section aria-labelledby="calls"><h2 id="calls">${words.lately}</h2>
<h3>${words.did}</h3>${renderDone(visit, calls)}
<h3>${words.calls}</h3>${renderRefused(texts, refused)}</section>`,
      };
    },
  };
}

const isCurrent = ({ scopes, revokedAt, expiresAt }: ApiKey) =>
  scopes.includes('scim') && revokedAt === null && (expiresAt === null || new Date(expiresAt).getTime() > Date.now());

function renderKeys(visit: Visit, keys: readonly ApiKey[]): Html {
  const { texts } = visit;
  const { provisioning, apiKeys: words } = texts.console;
  const mine = mayChange(visit);
  const make = { label: words.make, href: `${keysPath}/new?${new URLSearchParams({ scope: 'scim', back: path })}` };
  if (keys.length === 0) return renderEmpty(provisioning.keysNone, mine ? make : undefined);
  const end = ({ id, name }: ApiKey) =>
    html`<a class="button quiet small" href="${keysPath}/${id}/end?${new URLSearchParams({ back: path }).toString()}" aria-label="${words.endKey({ name })}">${words.end}</a>`;
  return html`${renderTable({
    caption: provisioning.keys,
    columns: [words.name, words.lastUsed, words.expires, ...(mine ? [unseenColumn(words.end)] : [])],
    rows: keys.map((key) => [
      html`${key.name}<span class="sub">${words.begins({ hint: key.hint })}</span>`,
      key.lastUsedAt === null ? words.neverUsed : renderMoment(texts, key.lastUsedAt),
      key.expiresAt === null ? texts.console.never : renderMoment(texts, key.expiresAt),
      ...(mine ? [end(key)] : []),
    ]),
  })}${mine && html`<p class="actions"><a class="button quiet" href="${make.href}">${make.label}</a></p>`}`;
}

/** What the newest calls did: sentences, each with the way to its event. */
function renderDone(visit: Visit, calls: readonly Event[]): Html {
  const words = visit.texts.console.provisioning;
  if (calls.length === 0) return html`<p class="soft">${words.didNone}</p>`;
  const done = calls.filter(({ action }) => action !== 'provisioning.refused');
  return html`${
    done.length > 0 ? renderEvents(visit, done.slice(0, latest)) : html`<p class="warning">${words.allRefused}</p>`
  }<p><a href="/admin/record?by=provisioning">${words.onRecord}</a></p>`;
}

function renderRefused(texts: Texts, events: readonly Event[]): Html {
  const words = texts.console.provisioning;
  if (events.length === 0) return html`<p class="soft">${words.callsNone}</p>`;
  return renderTable({
    caption: words.calls,
    columns: [words.when, words.about, words.call, words.why],
    rows: events.map(({ id, at, target, detail }) => [
      renderEventMoment(texts, id, at),
      nameOf(target),
      html`<code>${[detail.method, detail.status].filter(Boolean).join(' ')}</code>`,
      html`${renderWhyRefused(texts, detail)}${detail.attribute && html`<span class="sub"><code>${String(detail.attribute)}</code></span>`}`,
    ]),
  });
}
