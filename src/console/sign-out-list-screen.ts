import type { z } from 'zod';
import { endedOfMany, mostInList } from '../admin/ending-access.ts';
import { countedPeople, foundPeople } from '../admin/finding-people.ts';
import { AppError } from '../errors.ts';
import { type Html, html, type Value } from '../html.ts';
import { askFirst, reasonOf, renderEnding } from './endings.ts';
import type { Use } from './operations.ts';
import { formatNumber, renderEmpty, renderField, renderForm, renderTable } from './parts.ts';
import { readChosen } from './people-choice.ts';
import { receiptOf } from './receipt.ts';
import { type Done, type Screen, textOf, type View, type Visit } from './screen.ts';
import type { SealedSearches } from './sealed-search.ts';

type Found = Readonly<{ id: string; name: string; email: string; role: 'owner' | 'super_admin' | 'admin' | 'member' }>;
type Result = Readonly<{ name: string; users: readonly Found[] }>;

/** People who are named though the list of them is closed. */
const mostFirst = 3;

/**
 * The names of a pasted list: lines, commas, semicolons and tabs between. `"Moss, Trinity" <address>`
 * is one name, and so is what stands between semicolons, as mail programs copy it.
 */
export function readNames(text: string): string[] {
  const parts = text
    .split('\n')
    .map((line) => line.replaceAll(/"[^"]*"\s*(?=<)/g, ''))
    .flatMap((line) => line.split(/;/.test(line) && /<.+>/.test(line) ? ';' : /[,;\t]/));
  const names = parts.map((part) => (/<([^<>]+)>/.exec(part)?.[1] ?? part).trim().replaceAll(/^["']|["']$/g, ''));
  return [...new Set(names.filter((name) => name !== ''))];
}

/** Signs out people who were chosen in the list, or whose addresses are pasted. */
export function signOutListScreens(use: Use, searches: SealedSearches): readonly Screen[] {
  const revokeMany = use('revokeMany', endedOfMany);
  const findUsers = use('findUsers', foundPeople, { takesTurn: true });
  const countUsers = use('countUsers', countedPeople, { takesTurn: true });

  /** What will end for these people, with the button. */
  async function confirm(visit: Visit, users: readonly string[], search = ''): Promise<View> {
    const { texts } = visit;
    const words = texts.console.signOutList;
    const asked = await askFirst(() => revokeMany(visit, { body: { users } }));
    const { results } = await findUsers(visit, { body: { names: users } });
    // Where the list was that they were chosen in.
    const back = textOf(visit.given, 'back');
    const found = results.flatMap((result) => result.users);
    const people = renderTable({
      caption: words.found(found.length),
      columns: [words.person, words.role],
      rows: found.map((person) => [renderPerson(person), texts.console.roles[person.role]]),
    });
    return {
      ...head(visit),
      scripts: ['people.js'],
      body: renderEnding(visit, {
        title: texts.console.signOut.askMany(asked.effects.people),
        text: texts.console.signOut.again,
        above: html`<details${found.length <= 5 && html` open`}><summary>${words.found(found.length)}${found.length > 5 && html`<span class="first">${words.first({ names: namesOf(found.slice(0, mostFirst)) })}</span>`}</summary>${people}</details>`,
        asked,
        do: 'sign-out',
        hidden: { users: users.join(' '), ...(search && { found: search }), ...(back && { back }) },
        cancel: `/admin/people${back && `?${back}`}`,
      }),
    };
  }

  /** Who is meant; where that is clear for all of them, what will end. */
  async function look(visit: Visit): Promise<View> {
    const words = visit.texts.console.signOutList;
    const names = readNames(textOf(visit.given, 'names'));
    if (names.length === 0) throw new AppError('invalid_request', words.noNames);
    if (names.length > mostInList) {
      const [most, given] = [mostInList, names.length].map((n) => formatNumber(visit.texts, n)) as [string, string];
      throw new AppError('invalid_request', words.tooMany({ most, given }));
    }
    const { results } = await findUsers(visit, { body: { names } });
    const users = [...new Set(results.flatMap((result) => result.users.map(({ id }) => id)))];
    if (results.every((result) => result.users.length === 1)) return confirm(visit, users);
    const unknown = results.filter((result) => result.users.length === 0);
    const several = results.filter((result) => result.users.length > 1);
    return {
      ...head(visit),
      body: html`<div class="narrow"><h1>${words.title}</h1>
${unknown.length > 0 && renderUnknown(visit, unknown)}
${several.length > 0 && renderSeveral(visit, several)}
${
  users.length > 0
    ? renderForm(visit, { do: 'go-on', button: words.goOn(users.length), hidden: { users: users.join(' ') } })
    : renderEmpty(words.nobodyFound)
}
${renderNames(visit, words.lookAgain, true)}</div>`,
    };
  }

  /** All of whom a search finds: who has joined since the list was shown is shown, too. */
  async function confirmFound(visit: Visit): Promise<View> {
    const words = visit.texts.console.signOutList;
    const search = textOf(visit.given, 'found');
    const query = { ...Object.fromEntries(new URLSearchParams(search)), ids: 'true' };
    const { users, people } = await countUsers(visit, { query });
    const most = formatNumber(visit.texts, mostInList);
    const whyNot = people > mostInList ? words.tooManyFound({ most }) : visit.texts.console.people.countedInPart;
    if (users === null) throw new AppError('invalid_request', whyNot);
    if (users.length === 0) throw new AppError('invalid_request', words.nobodyLeft);
    return confirm(visit, users, search);
  }

  /**
   * Where whoever has signed them out goes on. Who has joined meanwhile isn't signed out, but named on
   * the receipt, which looks for them: that access has ended waits for no list.
   */
  async function leadOn(visit: Visit, results: z.output<typeof endedOfMany>['results']): Promise<Done> {
    const [search, back] = [textOf(visit.given, 'found'), textOf(visit.given, 'back')];
    const first = results.find(({ revocationId }) => revocationId !== null)?.revocationId;
    const receipt = receiptOf(results);
    if (search === '') return { to: receipt, notice: 'signedOut' };
    // Nobody of them is there any more: the list shows who is.
    if (!first) return { to: `/admin/people?${new URLSearchParams(back).toString()}` };
    const found = await searches.seal(visit, first, search);
    return { to: `${receipt}?${new URLSearchParams({ found }).toString()}`, notice: 'signedOut' };
  }

  const chosen = (visit: Visit) => {
    const words = visit.texts.console.signOutList;
    const users = readChosen(visit.given);
    if (users.length === 0) throw new AppError('invalid_request', words.nobodyChosen);
    if (users.length > mostInList) {
      const [most, given] = [mostInList, users.length].map((n) => formatNumber(visit.texts, n)) as [string, string];
      throw new AppError('invalid_request', words.tooManyChosen({ most, given }));
    }
    return users;
  };

  return [
    {
      path: '/admin/sign-out',
      id: 'showSignOutList',
      summary: 'Sign out a list of people',
      area: 'people',
      permission: 'access.end',
      recent: true,
      // The operations take turns themselves.
      turn: false,
      async show(visit) {
        if (textOf(visit.given, 'found') !== '') return confirmFound(visit);
        if (readChosen(visit.given).length > 0) return confirm(visit, chosen(visit));
        if (textOf(visit.given, 'names') !== '' && !visit.problem) return look(visit);
        const words = visit.texts.console.signOutList;
        return {
          ...head(visit),
          body: html`<div class="narrow"><h1>${words.title}</h1><p>${words.text}</p>${renderNames(visit, words.look)}</div>`,
        };
      },
      acts: {
        look,
        'go-on': (visit) => confirm(visit, chosen(visit)),
        'choose-found': confirmFound,
        'sign-out': async (visit) => {
          const body = { ...reasonOf(visit.given), confirmation: textOf(visit.given, 'confirmation') };
          const { results } = await revokeMany(visit, { body: { ...body, users: chosen(visit) } });
          return leadOn(visit, results);
        },
      },
      looks: ['look', 'go-on', 'choose-found'],
    },
  ];
}

const head = ({ texts }: Visit): Pick<View, 'title' | 'trail'> => ({
  title: texts.console.signOutList.title,
  trail: [{ label: texts.console.areas.people, href: '/admin/people' }],
});

function renderNames(visit: Visit, button: string, quiet = false): Html {
  const words = visit.texts.console.signOutList;
  return renderForm(visit, {
    do: 'look',
    button,
    quiet,
    content: renderField({
      name: 'names',
      label: words.names,
      hint: words.most(mostInList),
      rows: 10,
      required: true,
      value: visit.given.names?.[0] ?? '',
    }),
  });
}

function renderUnknown({ texts }: Visit, unknown: readonly Result[]): Html {
  const words = texts.console.signOutList;
  return html`<section class="warning" aria-labelledby="unknown"><h2 id="unknown">${words.unknown(unknown.length)}</h2>
<ul class="names">${unknown.map(({ name }) => html`<li>${name}</li>`)}</ul><p>${words.unknownText(unknown.length)}</p></section>`;
}

function renderSeveral({ texts }: Visit, several: readonly Result[]): Html {
  return html`<p>${texts.console.signOutList.several}</p>
<ul class="names">${several.map(({ name, users }) => html`<li>${name}: ${separated(users.map(renderPerson))}</li>`)}</ul>`;
}

const renderPerson = ({ id, name, email }: Found): Html =>
  html`<a href="/admin/people/${id}">${name || email}</a>${name && html`<span class="sub">${email}</span>`}`;

const namesOf = (people: readonly Found[]): string => people.map(({ name, email }) => name || email).join(', ');

const separated = (values: readonly Value[]): Value => values.map((value, index) => [index > 0 && ', ', value]);
