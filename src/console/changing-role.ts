import type { z } from 'zod';
import { person } from '../admin/people.ts';
import { mayChangeRole, roles } from '../api/permissions.ts';
import { changesOf, formOf, renderTheirs, shownFields } from './changed-fields.ts';
import type { Use } from './operations.ts';
import { type Act, textOf, type Visit } from './screen.ts';

type Person = Pick<z.output<typeof person>, 'role'>;

/** The button's name in every form that gives a person a role. */
export const roleAct = 'role';

/** The roles that who looks may give this person; none where that is somebody above them. */
export const rolesToGive = ({ principal }: Visit, { role: from }: Person) =>
  roles.filter((role) => mayChangeRole(principal.role, from, role));

/** What such a form shows as chosen and carries hidden, and the role that somebody else gave meanwhile. */
export function roleInForm(visit: Visit, { role }: Person) {
  const { values, theirs } = formOf(visit, roleAct, { role: textOf(visit.given, 'role') }, { role });
  return {
    value: values.role ?? role,
    hidden: shownFields({ role }),
    theirs: renderTheirs(visit.texts, theirs.role && visit.texts.console.roles[role]),
  };
}

/**
 * Gives a person a role, or takes it, and leads to `to`. Between the look at what the role is now
 * and the change another administrator may give another: the later wins, as with two requests to the
 * API, and both stand in the record.
 */
export function createChangeRole(use: Use) {
  const getUser = use('getUser', person);
  const changeUser = use('changeUser', person);
  return (toOf: (visit: Visit) => string): Act =>
    async (visit) => {
      const { given, params } = visit;
      const { role: now } = await getUser(visit, { params });
      const { role } = changesOf(visit, { role: textOf(given, 'role') }, { role: now });
      const to = toOf(visit);
      if (role === undefined) return { to };
      await changeUser(visit, { params, body: { role } });
      return { to, notice: 'roleChanged' };
    };
}
