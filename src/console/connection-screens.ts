import { auditEventPage } from '../admin/audit-events.ts';
import { connectionCheck } from '../admin/checking-connections.ts';
import { connectionPage } from '../admin/connections.ts';
import { refusedCallPage } from '../admin/refused-calls.ts';
import { connection } from '../admin/shown-connection.ts';
import { html } from '../html.ts';
import { connectionClientScreen } from './connection-client-screen.ts';
import { connectionSettingsScreen } from './connection-settings-screen.ts';
import { connectionSwitchScreen } from './connection-switch-screen.ts';
import { renderAttention, renderEndpoints, renderStates } from './connection-view.ts';
import { mayChange, renderIdentityParts, renderReadOnly, trailTo, vendorOf } from './identity-parts.ts';
import { renderRefusedCalls, renderRefusedSignIns } from './lately.ts';
import { newConnectionScreen } from './new-connection-screen.ts';
import type { Use } from './operations.ts';
import {
  renderCopyable,
  renderEmpty,
  renderFacts,
  renderMoment,
  renderPager,
  renderProblem,
  renderTable,
} from './parts.ts';
import type { Screen } from './screen.ts';
import { renderDifferences } from './trial-report-view.ts';
import { renderWhatToEnter } from './what-to-enter.ts';

const path = '/admin/settings/connections';
/** Refusals of each kind that a connection's page shows. */
const latest = 10;

export function connectionScreens(use: Use): readonly Screen[] {
  const listConnections = use('listConnections', connectionPage);
  const getConnection = use('getConnection', connection);
  const checkConnection = use('checkConnection', connectionCheck);
  const listAuditEvents = use('listAuditEvents', auditEventPage);
  const listRefusedCalls = use('listRefusedCalls', refusedCallPage);

  return [
    {
      path,
      id: 'showConnections',
      summary: 'The connections to identity providers',
      area: 'settings',
      async show(visit) {
        const { texts, query } = visit;
        const words = texts.console.connections;
        const { items, next } = await listConnections(visit, { query: query.cursor ? { cursor: query.cursor } : {} });
        const add = mayChange(visit) ? { label: words.add, href: `${path}/new` } : undefined;
        const rows = items.map((each) => [
          html`<a href="${path}/${each.id}">${each.name}</a><span class="sub">${each.issuer}</span>`,
          renderStates(texts, each),
          each.lastSignInAt === null
            ? html`<span class="soft">${texts.console.connection.lastSignInNone}</span>`
            : renderMoment(texts, each.lastSignInAt),
        ]);
        return {
          title: words.title,
          trail: trailTo(texts),
          body: html`<div class="heading"><h1>${texts.console.identity.title}</h1>${add && html`<p class="actions"><a class="button" href="${add.href}">${add.label}</a></p>`}</div>
${renderIdentityParts(texts, 'connections')}
<h2 class="unseen">${words.title}</h2>
${renderReadOnly(visit)}
${
  rows.length > 0
    ? renderTable({ caption: words.list, columns: [words.connection, words.state, words.lastSignIn], rows })
    : renderEmpty(words.none, add)
}${renderPager(visit, next)}`,
        };
      },
    },
    newConnectionScreen(use),
    {
      path: `${path}/{id}`,
      id: 'showConnection',
      summary: 'A connection to an identity provider',
      area: 'settings',
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.connection;
        const found = await getConnection(visit, { params });
        const id = found.id;
        const [signIns, calls] = await Promise.all([
          listAuditEvents(visit, { query: { signInsBy: id, action: 'sign_in.refused', limit: latest } }),
          listRefusedCalls(visit, { query: { caller: id, limit: latest } }),
        ]);
        const own = `${path}/${id}`;
        return {
          title: words.title,
          trail: trailTo(texts, 'connections'),
          body: html`<div class="heading"><h1>${found.name}</h1>${
            mayChange(visit) &&
            html`<p class="actions"><a class="button" href="${own}/trial" target="_blank" rel="noopener">${words.tryIt}<span class="unseen"> ${words.newTab}</span></a>
<a class="button quiet" href="${own}/settings">${words.change}</a></p>`
          }</div>
<p class="states">${renderStates(texts, found)}</p>
${renderReadOnly(visit)}
${renderAttention(visit, found)}
<section aria-labelledby="facts"><h2 id="facts" class="unseen">${words.facts}</h2>${renderFacts([
            [words.issuer, found.issuer],
            [words.acceptedIssuers, found.acceptedIssuers.length > 0 && found.acceptedIssuers.join(', ')],
            [words.clientId, html`<code>${found.clientId}</code>`],
            [
              words.lastSignIn,
              found.lastSignInAt === null ? words.lastSignInNone : renderMoment(texts, found.lastSignInAt),
            ],
            [words.provenAt, found.provenAt && renderMoment(texts, found.provenAt)],
            [words.added, renderMoment(texts, found.createdAt)],
          ])}</section>
${renderWhatToEnter(texts, vendorOf(visit, found.issuer), found)}
<section aria-labelledby="endpoints"><h2 id="endpoints">${words.endpoints}</h2>${renderEndpoints(texts, found)}
<p class="actions"><a class="button quiet" href="${own}/check">${words.check}</a>${
            mayChange(visit) &&
            html` <a class="button quiet" href="${own}/client">${words.changeClient}</a>${found.active && html` <a class="button quiet alarming" href="${own}/switch">${words.switchOff}</a>`}`
          }</p></section>
<section aria-labelledby="lately"><h2 id="lately">${words.lately}</h2>
<h3>${words.refusedSignIns}</h3>${renderRefusedSignIns(texts, signIns.items)}
<h3>${words.refusedCalls}</h3>${renderRefusedCalls(texts, calls.items)}</section>`,
        };
      },
    },
    connectionSettingsScreen(use),
    connectionClientScreen(use),
    connectionSwitchScreen(use),
    {
      path: `${path}/{id}/check`,
      id: 'showConnectionCheck',
      summary: 'A connection beside what its identity provider publishes',
      area: 'settings',
      // The identity provider may be slow: no list of the organisation waits for it.
      turn: false,
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.connectionCheck;
        const found = await getConnection(visit, { params });
        const { checkedAt, metadata, keys } = await checkConnection(visit, { params });
        const rows = keys.keys.map((key) => [
          key.id === null ? html`<span class="soft">${words.noId}</span>` : html`<code>${key.id}</code>`,
          key.type,
          key.algorithm,
          key.use,
        ]);
        return {
          title: words.title,
          trail: trailTo(texts, 'connections', [{ label: found.name, href: `${path}/${found.id}` }]),
          body: html`<h1>${words.title}</h1>
${renderFacts([[words.at, renderMoment(texts, checkedAt)]])}
<section aria-labelledby="metadata"><h2 id="metadata">${words.metadata}</h2>
${
  metadata.problem !== null
    ? html`<h3>${words.failed}</h3>${renderProblem(metadata.problem)}`
    : metadata.differences.length === 0
      ? html`<p>${words.same}</p>`
      : renderDifferences(texts, metadata.differences)
}</section>
<section aria-labelledby="keys"><h2 id="keys">${words.keys}</h2>
<p class="hint">${words.keysText}</p>
${renderFacts([[texts.console.connection.endpointNames.jwksUri, html`<code>${found.jwksUri}</code>`]])}
${keys.problem !== null && html`<p class="problem">${keys.problem}</p>`}
${rows.length > 0 ? renderTable({ caption: words.keys, columns: [words.key, words.type, words.algorithm, words.use], rows }) : renderEmpty(words.keysNone)}</section>
<p class="actions apart"><a class="button quiet" href="${path}/${found.id}/check">${words.again}</a></p>`,
        };
      },
    },
    {
      path: `${path}/{id}/trial`,
      id: 'showTrial',
      summary: 'Before a trial of a sign-in',
      area: 'settings',
      permission: 'identity.change',
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.trial;
        const found = await getConnection(visit, { params });
        const start = `${path}/${found.id}/trial/start`;
        return {
          title: words.title,
          trail: trailTo(texts, 'connections', [{ label: found.name, href: `${path}/${found.id}` }]),
          body: html`<div class="narrow"><h1>${words.title}</h1>
<p>${words.text({ name: found.name })}</p>
<p>${words.keeps}</p>
${!found.active && html`<p>${words.off}</p>`}
<h2>${words.register}</h2>
<p>${words.registerText}</p>
<p>${renderCopyable(texts, found.links.callbackUrl, words.redirectUri)}</p>
<p class="actions apart"><a class="button" id="go" href="${start}">${words.go}</a> <a class="button quiet" id="go-anew" href="${start}?anew=1">${words.goAnew}</a></p>
<p class="hint apart">${words.goAnewText}</p></div>`,
        };
      },
    },
  ];
}
