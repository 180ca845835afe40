import { connectionPage } from '../admin/connections.ts';
import { connection } from '../admin/shown-connection.ts';
import { comparedMembers } from '../connections/check-connection.ts';
import { html } from '../html.ts';
import { renderVendors, trailTo, vendorOf } from './identity-parts.ts';
import type { Use } from './operations.ts';
import { renderField, renderForm, valueIn } from './parts.ts';
import { sayProblem } from './say-problem.ts';
import { filled, type Screen, textOf, type Visit } from './screen.ts';
import { renderValues } from './what-to-enter.ts';
import { fieldOfProblem } from './wrong-fields.ts';

const path = '/admin/settings/connections';
const names = ['issuer', 'clientId', 'clientSecret', 'name', ...comparedMembers];

/** A connection is added by its issuer: discovery finds the rest. */
export function newConnectionScreen(use: Use): Screen {
  const listConnections = use('listConnections', connectionPage);
  const addConnection = use('addConnection', connection);

  return {
    path: `${path}/new`,
    id: 'showNewConnection',
    summary: 'Add a connection to an identity provider',
    area: 'settings',
    permission: 'identity.change',
    recent: true,
    secrets: ['clientSecret'],
    async show(visit) {
      const { texts } = visit;
      const words = texts.console.newConnection;
      const { links } = await listConnections(visit, { query: { limit: 1 } });
      const vendor = vendorOf(visit);
      return {
        title: words.title,
        trail: trailTo(texts, 'connections'),
        body: html`<h1>${words.title}</h1>
<section aria-labelledby="enter"><h2 id="enter">${words.first}</h2>
<p>${words.firstText}</p>
${renderVendors(texts, vendor)}
${renderValues(texts, vendor, { issuer: '', links: withoutOwn(links) })}</section>
<section class="narrow" aria-labelledby="ours"><h2 id="ours">${words.second}</h2>
${renderFields(visit, words.issuerHint({ example: words.examples[vendor] }))}</section>`,
      };
    },
    acts: {
      add: async (visit) => {
        const { given, query } = visit;
        const optional = ['name', ...comparedMembers].flatMap((name) => {
          const value = filled(given, name);
          return value === undefined ? [] : [[name, value]];
        });
        const body = {
          issuer: textOf(given, 'issuer'),
          clientId: textOf(given, 'clientId'),
          clientSecret: textOf(given, 'clientSecret'),
          ...Object.fromEntries(optional),
        };
        const { id } = await addConnection(visit, { body });
        return { to: `${path}/${id}${query.vendor ? `?vendor=${vendorOf(visit)}` : ''}`, notice: 'added' };
      },
    },
  };
}

function renderFields(visit: Visit, issuerHint: string) {
  const { texts } = visit;
  const words = texts.console.newConnection;
  const wrong = fieldOfProblem(visit, 'add', names);
  const field = (name: string, label: string, more: Partial<Parameters<typeof renderField>[0]> = {}) =>
    renderField({
      name,
      label,
      value: valueIn(visit, 'add', name),
      problem: wrong === name && visit.problem && sayProblem(visit.texts, visit.problem),
      ...more,
    });
  const endpointNames = texts.console.connection.endpointNames;
  const isByHand = comparedMembers.some((member) => member === wrong || valueIn(visit, 'add', member) !== '');
  return renderForm(wrong === null ? visit : { ...visit, problem: null }, {
    do: 'add',
    button: words.button,
    content: html`${field('issuer', words.issuer, { hint: issuerHint, required: true, most: 2_000 })}
${field('clientId', words.clientId, { required: true, most: 500 })}
${field('clientSecret', words.clientSecret, { hint: words.clientSecretHint, type: 'password', required: true, value: '' })}
${field('name', words.name, { hint: words.nameHint, most: 200 })}
<details${isByHand && html` open`}><summary>${words.byHand}</summary>
<p class="hint">${words.byHandText}</p>
${comparedMembers.map((member) => field(member, endpointNames[member], { most: 2_000 }))}</details>`,
    beside: html` <a class="button quiet" href="${path}">${texts.console.cancel}</a>`,
  });
}

/** Each connection has an address of its own for these: it isn't known yet. */
function withoutOwn<Links extends { revocationEndpoint: string }>({ revocationEndpoint: _org, ...links }: Links) {
  return links;
}
