import type { z } from 'zod';
import type { person } from '../admin/people.ts';
import { type Html, html, type Value } from '../html.ts';
import { type Column, renderBadge, renderDay, renderMoment, renderTable } from './parts.ts';
import type { SortColumn } from './people-filters.ts';
import type { Visit } from './screen.ts';

type Person = z.output<typeof person>;

/** People, a row each. */
export function renderPeople(
  { texts }: Visit,
  people: readonly Person[],
  options: Readonly<{
    caption: string;
    /** The heads of the columns that the list can go by. */
    heads?: Readonly<Record<SortColumn, Column>>;
    /** A box stands before each of them, ticked for these. */
    chosen?: ReadonlySet<string>;
  }>,
): Html {
  const words = texts.console.people;
  return renderTable({
    caption: options.caption,
    columns: [
      options.heads?.name ?? words.person,
      options.heads?.email ?? words.email,
      options.heads?.role ?? words.role,
      words.signedInWith,
      words.lastSeen,
      options.heads?.created ?? words.since,
    ],
    rows: people.map((person) => {
      const name = person.name || person.email;
      const link = html`<a href="/admin/people/${person.id}">${name}</a>`;
      return [
        options.chosen
          ? html`<span class="pick"><input type="checkbox" name="users" value="${person.id}"${options.chosen.has(person.id) && html` checked`} aria-label="${words.choose({ name })}">${link}</span>`
          : link,
        person.email,
        // Beside a long name the column is narrow.
        html`<span class="whole">${texts.console.roles[person.role]}</span>`,
        renderSignedIn(words, person),
        person.lastSeenAt && renderMoment(texts, person.lastSeenAt),
        renderDay(texts, person.createdAt),
      ];
    }),
  });
}

function renderSignedIn(words: Visit['texts']['console']['people'], person: Person): Value {
  if (!person.active) return renderBadge(words.inactive, 'bad');
  const { liveSessions, liveGrants } = person;
  const access = [liveSessions > 0 && words.sessions(liveSessions), liveGrants > 0 && words.apps(liveGrants)];
  return access.filter(Boolean).join(', ') || html`<span class="soft">${words.nothing}</span>`;
}
