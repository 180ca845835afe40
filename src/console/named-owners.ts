import { person } from '../admin/people.ts';
import { AppError } from '../errors.ts';
import type { Use } from './operations.ts';
import type { Visit } from './screen.ts';
import { type ShownEvent, textIn } from './sentence-parts.ts';

/** Events whose detail names this person say how they are called: the event itself has an id alone. */
export const withOwner = <Event extends ShownEvent>(events: readonly Event[], id: string, owner: string | null) =>
  events.map((event) => (owner && textIn(event, 'user') === id ? { ...event, owner } : event));

/** The same for everybody whom the details of a few events name. Whoever was removed has no name. */
export function createNamedOwners(use: Use) {
  const getUser = use('getUser', person);
  return async <Event extends ShownEvent>(visit: Visit, events: readonly Event[]): Promise<readonly Event[]> => {
    const ids = new Set(events.flatMap((event) => textIn(event, 'user') ?? []));
    let named = events;
    // One after another: a page leaves the connections to others.
    for (const id of ids) {
      const found = await getUser(visit, { params: { id } }).catch((error) => {
        if (error instanceof AppError && error.code === 'not_found') return null;
        throw error;
      });
      named = withOwner(named, id, found && (found.name || found.email));
    }
    return named;
  };
}
