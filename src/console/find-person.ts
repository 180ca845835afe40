import type { z } from 'zod';
import { person, type personPage } from '../admin/people.ts';
import { AppError } from '../errors.ts';
import { type Html, html } from '../html.ts';
import { compose } from '../web/compose.ts';
import type { Ask, Use } from './operations.ts';
import type { Visit } from './screen.ts';

/** Whom somebody typed into a filter means. */
export type Found =
  | Readonly<{ id: string; name: string | null }>
  /** Nobody has this address now: whoever had it then. */
  | Readonly<{ email: string }>
  | Readonly<{ several: readonly z.output<typeof person>[]; more: boolean }>
  | Readonly<{ nobody: true }>;

const most = 8;

/** Finds who is meant by an id, an address or a name; null where nothing is typed. */
export function createFindPerson(use: Use, listUsers: Ask<typeof personPage>) {
  const getUser = use('getUser', person);
  return async (visit: Visit, typed = ''): Promise<Found | null> => {
    const text = typed.trim();
    if (text === '') return null;
    // Also of somebody who was removed, and of what is no person: an API key, a connection.
    if (/^[a-z]{3}_\w{1,76}$/.test(text)) return { id: text, name: await nameOf(visit, text) };
    const { items, next } = await listUsers(visit, { query: { search: text, limit: most } });
    const isIt = ({ email, name }: (typeof items)[0]) =>
      [email, name].some((called) => called.toLowerCase() === text.toLowerCase());
    const exact = items.filter(isIt);
    const [found] = exact.length === 1 ? exact : items;
    if (found && (exact.length === 1 || items.length === 1)) return { id: found.id, name: found.name || found.email };
    if (found) return { several: items, more: next !== null };
    return text.includes('@') ? { email: text } : { nobody: true };
  };

  async function nameOf(visit: Visit, id: string): Promise<string | null> {
    if (!id.startsWith('usr_')) return null;
    try {
      const { name, email } = await getUser(visit, { params: { id } });
      return name || email;
    } catch (error) {
      if (error instanceof AppError && error.code === 'not_found') return null;
      throw error;
    }
  }
}

/** The links that choose one of several people for the filter `name`. */
export function renderSeveral(visit: Visit, name: string, found: Extract<Found, { several: unknown }>): Html {
  const words = visit.texts.console.record;
  const { cursor: _, ...query } = visit.query;
  return html`<div class="several"><p>${words.several({ typed: visit.query[name] ?? '' })}</p><ul>${found.several.map(
    ({ id, name: called, email }) =>
      html`<li><a href="?${new URLSearchParams({ ...query, [name]: id }).toString()}">${called || email}</a> <span class="soft">${called && email}</span></li>`,
  )}</ul>${found.more && html`<p>${words.tooMany}</p>`}</div>`;
}

export function renderPersonFound(
  text: (parts: { person: string }) => string,
  { id, name }: Readonly<{ id: string; name: string | null }>,
): Html {
  const label = name ?? id;
  const person =
    id.startsWith('usr_') && name !== null ? html`<a href="/admin/people/${id}">${label}</a>` : html`<b>${label}</b>`;
  return html`<p class="about">${compose(text, { person })}</p>`;
}
