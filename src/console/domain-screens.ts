import { connectionPage } from '../admin/connections.ts';
import { domain, domainPage } from '../admin/domains.ts';
import { html } from '../html.ts';
import { changesOf } from './changed-fields.ts';
import { asText, chosen, domainsPath, namesOf, renderAdd, renderState, viewOfDomain } from './domain-view.ts';
import { mayChange, renderIdentityParts, renderReadOnly, trailTo } from './identity-parts.ts';
import type { Use } from './operations.ts';
import { renderEmpty, renderPager, renderQuestion, renderTable } from './parts.ts';
import { type Screen, textOf, type View, type Visit } from './screen.ts';

const path = domainsPath;
/** The organisation may have 50 connections, more only by the operator's hand. */
const everyConnection = { query: { limit: 200 } };

export function domainScreens(use: Use): readonly Screen[] {
  const listDomains = use('listDomains', domainPage);
  const addDomain = use('addDomain', domain);
  const getDomain = use('getDomain', domain);
  const changeDomain = use('changeDomain', domain);
  const removeDomain = use('removeDomain', null);
  const verifyDomain = use('verifyDomain', domain);
  const listConnections = use('listConnections', connectionPage);

  const showDomain = async (visit: Visit): Promise<View> => {
    const [found, { items }] = await Promise.all([
      getDomain(visit, { params: visit.params }),
      listConnections(visit, everyConnection),
    ]);
    return viewOfDomain(visit, found, items);
  };

  return [
    {
      path,
      id: 'showDomains',
      summary: 'The e-mail domains',
      area: 'settings',
      async show(visit) {
        const { texts, query } = visit;
        const words = texts.console.domains;
        const [{ items, next }, connections] = await Promise.all([
          listDomains(visit, { query: query.cursor ? { cursor: query.cursor } : {} }),
          listConnections(visit, everyConnection),
        ]);
        const rows = items.map((each) => [
          html`<a href="${path}/${each.id}">${each.domain}</a>`,
          renderState(visit, each),
          namesOf(each.connectionIds, connections.items).join(', ') || html`<span class="soft">${words.nobody}</span>`,
        ]);
        return {
          title: words.title,
          trail: trailTo(texts),
          body: html`<div class="heading"><h1>${texts.console.identity.title}</h1></div>
${renderIdentityParts(texts, 'domains')}
<h2 class="unseen">${words.title}</h2>
${renderReadOnly(visit)}
${
  rows.length > 0
    ? renderTable({ caption: words.list, columns: [words.domain, words.state, words.authoritative], rows })
    : renderEmpty(words.none)
}${renderPager(visit, next)}
${mayChange(visit) && renderAdd(visit)}`,
        };
      },
      acts: {
        add: async (visit) => {
          const { id } = await addDomain(visit, { body: { domain: textOf(visit.given, 'domain') } });
          return { to: `${path}/${id}`, notice: 'added' };
        },
      },
    },
    {
      path: `${path}/{id}`,
      id: 'showDomain',
      summary: 'An e-mail domain',
      area: 'settings',
      show: showDomain,
      acts: {
        verify: async (visit) => {
          const { params } = visit;
          await verifyDomain(visit, { params });
          return { to: `${path}/${params.id}`, notice: 'saved' };
        },
        connections: async (visit) => {
          const { params, given } = visit;
          const before = (await getDomain(visit, { params })).connectionIds;
          const changes = changesOf(visit, { connections: asText(chosen(given)) }, { connections: asText(before) });
          const to = `${path}/${params.id}`;
          if (changes.connections === undefined) return { to };
          // The first of them stays the first.
          const wanted = chosen(given);
          const kept = before.filter((id) => wanted.includes(id));
          const connectionIds = [...kept, ...wanted.filter((id) => !kept.includes(id))];
          await changeDomain(visit, { params, body: { connectionIds } });
          return { to, notice: 'saved' };
        },
      },
    },
    {
      path: `${path}/{id}/remove`,
      id: 'showRemoveDomain',
      summary: 'Remove an e-mail domain',
      area: 'settings',
      permission: 'identity.change',
      recent: true,
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.domains;
        const found = await getDomain(visit, { params });
        const back = `${path}/${found.id}`;
        return {
          title: words.removeTitle,
          trail: trailTo(texts, 'domains', [{ label: found.domain, href: back }]),
          body: renderQuestion(visit, {
            ask: words.removeAsk({ domain: found.domain }),
            text: words.removeText,
            more: found.verifiedAt !== null && html`<p>${words.removeOpen}</p>`,
            do: 'remove',
            button: words.removeButton,
            back,
          }),
        };
      },
      acts: {
        remove: async (visit) => {
          await removeDomain(visit, { params: visit.params });
          return { to: path, notice: 'removed' };
        },
      },
    },
  ];
}
