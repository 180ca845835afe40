import { auditEventPage } from '../admin/audit-events.ts';
import { groupNames } from '../admin/groups.ts';
import { identityPage } from '../admin/identities.ts';
import { devicePage, person } from '../admin/people.ts';
import { html, type Value } from '../html.ts';
import { createChangeRole, roleAct } from './changing-role.ts';
import { withOwner } from './named-owners.ts';
import type { Use } from './operations.ts';
import { renderBadge, renderEmpty, renderFacts, renderMoment, renderPager } from './parts.ts';
import { personEndingScreens } from './person-ending-screens.ts';
import { identityScreens } from './person-identity-screens.ts';
import { namingScreens } from './person-naming-screen.ts';
import { renderDevices, renderIdentities, renderManage } from './person-sections.ts';
import type { Screen, Visit } from './screen.ts';
import { renderTimeline } from './timeline.ts';

/** Events that the person's own page shows. */
const eventsShown = '12';

export function personScreens(use: Use): readonly Screen[] {
  const getUser = use('getUser', person);
  const changeUser = use('changeUser', person);
  const changeRole = createChangeRole(use);
  const listUserSessions = use('listUserSessions', devicePage);
  const listUserIdentities = use('listUserIdentities', identityPage);
  const listGroupNames = use('listGroupNames', groupNames);
  const listAuditEvents = use('listAuditEvents', auditEventPage);
  const people = ({ texts }: Visit) => ({ label: texts.console.areas.people, href: '/admin/people' });
  return [
    {
      path: '/admin/people/{id}',
      id: 'showPerson',
      summary: 'One person',
      area: 'people',
      async show(visit) {
        const { texts, params, query } = visit;
        const words = texts.console.person;
        // One after another: a page leaves the connections to others.
        const who = await getUser(visit, { params });
        const devices = await listUserSessions(visit, { params, query: query.cursor ? { cursor: query.cursor } : {} });
        const identities = await listUserIdentities(visit, { params });
        const { groups, more } = await listGroupNames(visit, { query: { member: params.id, limit: '20' } });
        const events = await listAuditEvents(visit, { query: { person: params.id, limit: eventsShown } });
        const claimed = new Set(identities.items.flatMap(({ claimedEmail }) => claimedEmail ?? []));
        claimed.delete(who.email);
        const section = (id: string, title: string, content: Value) =>
          html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;
        const manage = renderManage(visit, who);
        return {
          title: words.title,
          trail: [people(visit)],
          scripts: ['people.js'],
          body: html`<div class="heading"><h1><span id="who">${who.name || who.email}</span>${!who.active && html` ${renderBadge(texts.console.people.inactive, 'bad')}`}</h1>
<p class="actions"><a class="button alarming" id="end-all" data-dialog href="/admin/people/${who.id}/sign-out" aria-labelledby="end-all who">${words.signOut}</a></p></div>
<section aria-labelledby="facts"><h2 id="facts" class="unseen">${words.facts}</h2>${renderFacts([
            [words.email, who.email],
            [words.addresses, claimed.size > 0 && [...claimed].join(', ')],
            [words.role, texts.console.roles[who.role]],
            [
              words.groups,
              groups.length > 0 &&
                html`${groups.map(({ id, displayName }, index) => html`${index > 0 && ', '}<a href="/admin/groups/${id}">${displayName}</a>`)}${more && ' …'}`,
            ],
            [words.seen, who.lastSeenAt && renderMoment(texts, who.lastSeenAt)],
            [words.since, renderMoment(texts, who.createdAt)],
            [
              words.lastSignedOut,
              who.revokedAt &&
                html`${renderMoment(texts, who.revokedAt)}<span class="sub"><a href="/admin/forwards?user=${who.id}">${texts.console.forwards.list}</a></span>`,
            ],
          ])}</section>
${section('devices', words.devices, html`${renderDevices(visit, who, devices.items)}${renderPager(visit, devices.next)}`)}
${section('identities', words.identities, renderIdentities(visit, who, identities.items))}
${manage && section('manage', words.manage, manage)}
${section(
  'timeline',
  words.timeline,
  events.items.length > 0
    ? html`${renderTimeline(visit, withOwner(events.items, who.id, who.name || who.email))}${events.next !== null && html`<p><a href="/admin/people/${who.id}/timeline">${words.timelineAll}</a></p>`}`
    : renderEmpty(words.noTimeline),
)}`,
        };
      },
      acts: {
        [roleAct]: changeRole(({ params }) => `/admin/people/${params.id}`),
        'switch-on': async (visit) => {
          await changeUser(visit, { params: visit.params, body: { active: true } });
          return { to: `/admin/people/${visit.params.id}`, notice: 'saved' };
        },
      },
    },
    {
      path: '/admin/people/{id}/timeline',
      id: 'showPersonTimeline',
      summary: 'Everything about one person',
      area: 'people',
      async show(visit) {
        const { texts, params, query } = visit;
        const words = texts.console.person;
        const asked = { person: params.id, ...(query.cursor && { cursor: query.cursor }) };
        const [who, events] = await Promise.all([getUser(visit, { params }), listAuditEvents(visit, { query: asked })]);
        return {
          title: words.timelineAll,
          trail: [people(visit), { label: who.name || who.email, href: `/admin/people/${who.id}` }],
          body: html`<h1>${words.timelineAll}</h1>${
            events.items.length > 0
              ? renderTimeline(visit, withOwner(events.items, who.id, who.name || who.email))
              : renderEmpty(words.noTimeline)
          }${renderPager(visit, events.next)}`,
        };
      },
    },
    ...namingScreens(use),
    ...personEndingScreens(use),
    ...identityScreens(use),
  ];
}
