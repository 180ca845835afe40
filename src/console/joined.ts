import { countedPeople } from '../admin/finding-people.ts';
import { revocationsTogether } from '../admin/revocations.ts';
import { AppError } from '../errors.ts';
import { html, type Value } from '../html.ts';
import type { Use } from './operations.ts';
import { renderForm } from './parts.ts';
import type { Visit } from './screen.ts';
import type { SealedSearches } from './sealed-search.ts';

/** What the receipt of a list says of those whom its search finds by now, and who were not signed out. */
export function createJoined(use: Use, searches: SealedSearches) {
  const countUsers = use('countUsers', countedPeople);
  const listTogether = use('listRevocationsTogether', revocationsTogether);

  /** Who was signed out by the request of a revocation. */
  async function findSignedOut(visit: Visit, id: string): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await listTogether(visit, { params: { id }, query: { limit: '200', ...(cursor && { cursor }) } });
      for (const { user } of page.items) if (user) found.add(user.id);
      cursor = page.next;
    }
    return found;
  }

  /** Whom the search finds now; null where they are too many, or can't be found just now. */
  async function findBySearch(visit: Visit, search: string): Promise<readonly string[] | null> {
    const query = { ...Object.fromEntries(new URLSearchParams(search)), ids: 'true' };
    try {
      return (await countUsers(visit, { query })).users;
    } catch (error) {
      // A search that fails is no reason to hide what has ended.
      if (error instanceof AppError) return null;
      throw error;
    }
  }

  return async (visit: Visit): Promise<Value> => {
    const { found: sealed, cursor } = visit.query;
    const { id = '' } = visit.params;
    const search = sealed && !cursor ? await searches.open(visit, id, sealed) : null;
    if (search === null) return null;
    const words = visit.texts.console.receipt;
    const users = await findBySearch(visit, search);
    if (users === null)
      return html`<p class="warning">${words.joinedMany} <a href="/admin/people">${words.toPeople}</a></p>`;
    const signedOut = await findSignedOut(visit, id);
    const joined = users.filter((user) => !signedOut.has(user));
    if (joined.length === 0) return null;
    return html`<div class="warning"><p>${words.joined(joined.length)}</p>${renderForm(
      { ...visit, given: {} },
      {
        do: 'go-on',
        action: '/admin/sign-out',
        button: words.lookAtJoined,
        quiet: true,
        hidden: { users: joined.join(' ') },
      },
    )}</div>`;
  };
}
