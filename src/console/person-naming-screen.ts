import { person } from '../admin/people.ts';
import { may } from '../api/permissions.ts';
import { type Html, html } from '../html.ts';
import { changesOf, formOf, renderTheirs, shownFields, type Values } from './changed-fields.ts';
import { askFirst, endingButton, renderEnding } from './endings.ts';
import type { Use } from './operations.ts';
import { renderField, renderForm, valueIn } from './parts.ts';
import { trailOf } from './person-ending.ts';
import type { Person } from './person-sections.ts';
import { type Given, type Screen, textOf, type View, type Visit } from './screen.ts';

const names = ['name', 'givenName', 'familyName'] as const;

const namesOf = (who: Person): Values => Object.fromEntries(names.map((part) => [part, who[part] ?? '']));
const typedIn = (given: Given): Values => Object.fromEntries(names.map((part) => [part, textOf(given, part)]));

/** Changes what a person is called, and the address that decides who signs in as them. */
export function namingScreens(use: Use): readonly Screen[] {
  const getUser = use('getUser', person);
  const changeUser = use('changeUser', person);

  /** What another address would mean, with the button. */
  async function look(visit: Visit): Promise<View> {
    const { texts, params, given } = visit;
    const words = texts.console.naming;
    const email = textOf(given, 'email');
    const asked = await askFirst(() => changeUser(visit, { params, body: { email } }));
    const { name } = asked;
    return {
      title: words.title,
      trail: trailOf(visit, name),
      body: renderEnding(visit, {
        title: words.askAddress({ name, email }),
        text: words.addressText,
        asked,
        do: 'address',
        button: endingButton(visit, words, asked.effects),
        content: '',
        hidden: { email },
        cancel: `/admin/people/${params.id}/name`,
      }),
    };
  }

  return [
    {
      path: '/admin/people/{id}/name',
      id: 'showNaming',
      summary: 'What a person is called',
      area: 'people',
      permission: 'people.change',
      recent: true,
      // The operations take a turn themselves.
      turn: false,
      async show(visit) {
        const { texts, params, given, problem, principal } = visit;
        if (textOf(given, 'do') === 'address' && problem?.code === 'confirmation_required') return look(visit);
        const words = texts.console.naming;
        const who = await getUser(visit, { params });
        const name = who.name || who.email;
        return {
          title: words.title,
          trail: trailOf(visit, name),
          body: html`<div class="narrow"><h1>${words.ask({ name })}</h1>
${renderNames(visit, who)}
${may(principal.role, 'identity.change') && renderAddress(visit, who)}</div>`,
        };
      },
      acts: {
        name: async (visit) => {
          const { params, given } = visit;
          const changes = changesOf(visit, typedIn(given), namesOf(await getUser(visit, { params })));
          if (Object.keys(changes).length > 0) await changeUser(visit, { params, body: changes });
          return { to: `/admin/people/${params.id}`, notice: 'saved' };
        },
        'look-address': look,
        address: async (visit) => {
          const { params, given } = visit;
          const body = { email: textOf(given, 'email'), confirmation: textOf(given, 'confirmation') };
          await changeUser(visit, { params, body });
          return { to: `/admin/people/${params.id}`, notice: 'saved' };
        },
      },
      looks: ['look-address'],
    },
  ];
}

function renderNames(visit: Visit, who: Person): Html {
  const { texts, given } = visit;
  const words = texts.console.naming;
  const { values, theirs } = formOf(visit, 'name', typedIn(given), namesOf(who));
  return renderForm(visit, {
    do: 'name',
    button: words.save,
    hidden: shownFields(namesOf(who)),
    content: names.map(
      (part) =>
        html`${renderField({ name: part, label: words[part], value: values[part] ?? '', most: 200 })}${renderTheirs(texts, theirs[part])}`,
    ),
  });
}

function renderAddress(visit: Visit, { email }: Person): Html {
  const words = visit.texts.console.naming;
  const act = textOf(visit.given, 'do') === 'address' ? 'address' : 'look-address';
  return html`<section aria-labelledby="address"><h2 id="address">${words.address}</h2>
${renderForm(visit, {
  do: 'look-address',
  button: words.look,
  quiet: true,
  content: renderField({
    name: 'email',
    label: words.email,
    hint: words.addressHint,
    value: valueIn(visit, act, 'email', email),
    required: true,
    most: 320,
  }),
})}</section>`;
}
