import type { z } from 'zod';
import { mostInList } from '../admin/ending-access.ts';
import type { personPage } from '../admin/people.ts';
import { type Html, html } from '../html.ts';
import { formatNumber, renderForm } from './parts.ts';
import { renderHeads } from './people-filters.ts';
import { renderPeople } from './people-table.ts';
import { type Given, textsOf, type Visit } from './screen.ts';

type People = z.output<typeof personPage>['items'];

/** The ids that a form holds: in boxes, and together in a hidden field. */
export const readChosen = (given: Given): readonly string[] => [
  ...new Set(textsOf(given, 'users').flatMap((ids) => ids.split(' ').filter((id) => id !== ''))),
];

/**
 * The people of a page, each with a box. A hidden field holds whom the choice has from other pages;
 * a button turns the page with it where no script keeps it.
 */
export function renderChoice(
  visit: Visit,
  page: Readonly<{ people: People; caption: string; chosen: readonly string[]; next: string | null }>,
): Html {
  const { people: words } = visit.texts.console;
  const { people, caption, next } = page;
  const chosen = new Set(page.chosen);
  const others = [...chosen].filter((id) => !people.some((person) => person.id === id));
  const { cursor: _cursor, ...query } = visit.query;
  const hrefOf = (asked: Visit['query']) => `/admin/people?${new URLSearchParams(asked).toString()}`;
  return renderForm(
    { ...visit, given: {} },
    {
      do: 'go-on',
      action: '/admin/sign-out',
      button: words.signOutChosen,
      alarming: true,
      quiet: true,
      hidden: { users: others.join(' '), back: new URLSearchParams(visit.query).toString() },
      content: html`${others.length > 0 && html`<p class="elsewhere">${words.chosenElsewhere(others.length)}</p>`}${renderPeople(visit, people, { caption, heads: renderHeads(visit), chosen })}`,
      beside: html` ${next !== null && html`<button class="quiet" name="do" value="turn" formaction="${hrefOf({ ...query, cursor: next })}">${words.turn}</button>`}
<a class="clear-choice" href="${hrefOf(visit.query)}"${chosen.size === 0 && html` hidden`}>${words.chooseNobody}</a>`,
    },
  );
}

/** How many there are in all, and a way to choose all of whom a search finds. */
export function renderTotal(
  visit: Visit,
  found: Readonly<{
    total: Readonly<{ people: number; more: boolean }>;
    filter: Readonly<Record<string, string>>;
  }>,
): Html {
  const { texts } = visit;
  const { people: words, groups } = texts.console;
  const { people, more } = found.total;
  const isFiltered = Object.keys(found.filter).length > 0;
  const whyNot =
    people > mostInList
      ? words.tooManyToChoose({ most: formatNumber(texts, mostInList) })
      : more && words.countedInPart;
  return html`<div class="total"><p>${more ? words.orMore({ people: groups.people(people) }) : groups.people(people)}</p>
${
  isFiltered &&
  people > 1 &&
  (whyNot
    ? html`<p class="soft">${whyNot}</p>`
    : renderForm(
        { ...visit, given: {} },
        {
          do: 'choose-found',
          action: '/admin/sign-out',
          button: words.chooseFound(people),
          quiet: true,
          inline: true,
          hidden: {
            found: new URLSearchParams(found.filter).toString(),
            back: new URLSearchParams(visit.query).toString(),
          },
        },
      ))
}</div>`;
}
