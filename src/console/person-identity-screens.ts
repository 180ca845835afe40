import { connectionPage } from '../admin/connections.ts';
import { ended } from '../admin/ending-access.ts';
import { identityPage, linkedIdentity } from '../admin/identities.ts';
import { person } from '../admin/people.ts';
import { html } from '../html.ts';
import { askFirst, endingButton } from './endings.ts';
import type { Use } from './operations.ts';
import { renderEmpty, renderField, renderForm, renderSelect, valueIn } from './parts.ts';
import { confirmedBy, personEndingScreen, trailOf } from './person-ending.ts';
import { type Screen, textOf, type View, type Visit } from './screen.ts';

/** Links a person to an account at an identity provider, and unlinks one. */
export function identityScreens(use: Use): readonly Screen[] {
  const getUser = use('getUser', person);
  const listConnections = use('listConnections', connectionPage);
  const listUserIdentities = use('listUserIdentities', identityPage);
  const linkUserIdentity = use('linkUserIdentity', linkedIdentity);
  const unlinkUserIdentity = use('unlinkUserIdentity', ended);
  // The operations that are confirmed take a turn themselves.
  const shared = { area: 'people', permission: 'identity.change', recent: true, turn: false } as const;

  const accountIn = ({ given }: Visit) => ({
    connection: textOf(given, 'connection'),
    subject: textOf(given, 'subject'),
  });

  /** What linking would mean, with the button. */
  async function look(visit: Visit): Promise<View> {
    const { texts, params } = visit;
    const words = texts.console.link;
    const account = accountIn(visit);
    const asked = await askFirst(() => linkUserIdentity(visit, { params, body: account }));
    const name = asked.effects.user?.name ?? '';
    return {
      title: words.title,
      trail: trailOf(visit, name),
      body: html`<div class="narrow"><h1>${words.ask({ name })}</h1>
<ul class="means">${asked.effects.means?.map((sentence) => html`<li>${sentence}</li>`)}</ul>
${renderForm(visit, {
  do: 'link',
  button: words.button,
  hidden: { ...account, confirmation: asked.confirmation },
  beside: html` <a class="button quiet" href="/admin/people/${params.id}">${texts.console.cancel}</a>`,
})}</div>`,
    };
  }

  return [
    {
      ...shared,
      path: '/admin/people/{id}/identities/link',
      id: 'showLinking',
      summary: 'Link a person to an account',
      async show(visit) {
        const { texts, params, problem } = visit;
        if (textOf(visit.given, 'do') === 'link' && problem?.code === 'confirmation_required') return look(visit);
        const words = texts.console.link;
        const [who, { items }] = await Promise.all([getUser(visit, { params }), listConnections(visit)]);
        const options = items.map(({ id, name }) => ({ value: id, label: name }));
        const field = (name: string) => valueIn(visit, textOf(visit.given, 'do'), name);
        return {
          title: words.title,
          trail: trailOf(visit, who.name || who.email),
          body: html`<div class="narrow"><h1>${words.ask({ name: who.name || who.email })}</h1><p>${words.text}</p>
${
  options.length > 0
    ? renderForm(visit, {
        do: 'look',
        button: words.look,
        content: html`${renderSelect({ name: 'connection', label: words.connection, value: field('connection') || (options[0]?.value ?? ''), options })}
${renderField({ name: 'subject', label: words.subject, hint: words.subjectHint, value: field('subject'), required: true, most: 255 })}`,
        beside: html` <a class="button quiet" href="/admin/people/${params.id}">${texts.console.cancel}</a>`,
      })
    : renderEmpty(words.none)
}</div>`,
        };
      },
      acts: {
        look,
        link: async (visit) => {
          const body = { ...accountIn(visit), confirmation: textOf(visit.given, 'confirmation') };
          await linkUserIdentity(visit, { params: visit.params, body });
          return { to: `/admin/people/${visit.params.id}`, notice: 'added' };
        },
      },
      looks: ['look'],
    },
    personEndingScreen({
      path: '/admin/people/{id}/identities/{identityId}/unlink',
      id: 'showUnlinking',
      summary: 'Unlink a person from an account',
      permission: 'identity.change',
      ask: (visit) => unlinkUserIdentity(visit, { params: visit.params, body: {} }),
      async question(visit, { name, effects }) {
        const { texts, params } = visit;
        const words = texts.console.unlink;
        const { items } = await listUserIdentities(visit, { params: { id: params.id } });
        const connection = items.find(({ id }) => id === params.identityId)?.connection.name ?? '';
        const button = endingButton(visit, words, effects);
        return { title: words.title, ask: words.ask({ name, connection }), button, content: '' };
      },
      do: 'unlink',
      async end(visit) {
        await unlinkUserIdentity(visit, { params: visit.params, body: confirmedBy(visit) });
        return { to: `/admin/people/${visit.params.id}`, notice: 'removed' };
      },
    }),
  ];
}
