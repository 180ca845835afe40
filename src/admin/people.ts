import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readCursor, readTimeCursor, toPage, toTimePage } from '../api/page.ts';
import { roles } from '../api/permissions.ts';
import { deviceForm } from '../sessions/device-form.ts';
import type { Devices } from '../sessions/devices.ts';
import { createPeople, type People, type Person } from '../users/people.ts';
import { isKeyOf, keyLengthOf, peopleOrders } from '../users/people-order.ts';
import { textsFor } from '../web/language.ts';
import { createChangePerson, noSuchPerson } from './change-person.ts';
import { changerOf } from './changer.ts';
import { changingAddress } from './changing-address.ts';
import { createEndConfirmed, type EndingDeps } from './end-confirmed.ts';
import { askedBackOrConflict, confirmation } from './ending-access.ts';
import { address, flag, line, reference, searchText } from './forms.ts';

/** A person in a list. */
export const person = z
  .object({
    id: z.string(),
    name: z.string(),
    givenName: z.string().nullable(),
    familyName: z.string().nullable(),
    email: z.string(),
    role: z.enum(roles),
    active: z.boolean().describe('Whether they may sign in.'),
    createdAt: z.iso.datetime(),
    revokedAt: z.iso
      .datetime()
      .nullable()
      .describe('When their access was last ended as a whole.')
      .meta({ examples: [null] }),
    lastSeenAt: z.iso.datetime().nullable().describe('Exact to a minute; null: not within the last days.'),
    liveSessions: z.int().describe('Browsers that they are signed in with.'),
    liveGrants: z.int().describe('Apps that they are signed in with.'),
  })
  .meta({ id: 'User' });
export const devicePage = pageOf(deviceForm).meta({ id: 'DevicePage' });
export const personPage = pageOf(person).meta({ id: 'UserPage' });

const personChanges = z
  .strictObject({
    role: z.enum(roles).optional(),
    active: z.boolean().optional(),
    name: line(200).optional(),
    givenName: line(200).optional().describe('Of whoever isn’t provisioned. A `name` made of the two follows.'),
    familyName: line(200).optional(),
    email: address.optional().describe('Owners only. Goes alone, is confirmed first, and ends all of their access.'),
    confirmation,
  })
  .refine(({ email, confirmation: _, ...others }) => email === undefined || Object.keys(others).length === 0, {
    message: 'email goes alone',
  })
  .refine(({ email, confirmation }) => email !== undefined || confirmation === undefined, {
    message: 'confirmation goes with email',
  })
  .meta({ id: 'UserChanges' });

/** Which people of the org are meant. */
export const peopleFilter = {
  search: searchText
    .optional()
    .describe(
      'Part of the name, the address, the user name, or of an address that the IdP names, in any letter case. One or two letters are looked for where a word begins; without a letter or a digit nobody is found. Where thousands are found, addresses that the IdP names are left out.',
    ),
  role: z.enum(roles).optional(),
  active: flag.optional(),
  live: flag
    .optional()
    .describe('Whether they are signed in with anything. A page then asks this of the next 500 people.'),
  group: reference.optional().describe('The id of a group that they are in. See `listGroups`.'),
};

const personId = z.object({ id: reference });

const tag = 'People';

/** Makes a page of the rows that `listPeople` read with `limit + 1`. */
export function toPeoplePage({ rows, until }: Awaited<ReturnType<People['listPeople']>>, limit: number) {
  const { items, next } = toPage(rows, limit, ({ key }) => key, until);
  return { items: items.map(({ key: _key, ...shown }) => shown), next };
}

/** The people of the org: who they are, what they are signed in with, what they may do. */
export function peopleOperations(deps: EndingDeps & Readonly<{ devices: Devices }>): readonly Operation[] {
  const { devices } = deps;
  const endConfirmed = createEndConfirmed(deps);
  const people = createPeople(deps);
  // A change may end access: neither the change nor its answer waits for a list.
  const changePerson = createChangePerson({ pool: deps.accessPool });
  const { findPerson } = createPeople({ pool: deps.accessPool });

  const requirePerson = async (orgId: string, id: string): Promise<Person> => {
    const found = await findPerson(orgId, id);
    if (!found) throw noSuchPerson();
    return found;
  };

  return [
    operation({
      method: 'get',
      path: '/api/orgs/current/users',
      id: 'listUsers',
      tag,
      summary: 'The people of the organisation',
      description:
        'A page of a `search` that finds thousands, or by a group of thousands, compares the next 8000 people, and with `live` asks the next 500. It may hold fewer than `limit`, or nobody, and still have a `next`.',
      permission: 'org.read',
      query: z.object({
        ...pageQuery,
        ...peopleFilter,
        sort: z
          .enum(peopleOrders)
          .default('email')
          .describe(
            'What the list goes by; with `-` from the end. Within a role people go by address. A cursor counts only in its own order.',
          ),
      }),
      success: { status: 200, description: 'A page of people.', schema: personPage },
      handle: async ({ orgId, query: { limit, cursor, sort, ...filter } }) => {
        const after = readCursor(cursor, keyLengthOf(sort), (key) => isKeyOf(sort, key));
        const page = { order: sort, limit: limit + 1, after };
        return toPeoplePage(await people.listPeople(orgId, filter, page), limit);
      },
    }),
    operation({
      method: 'get',
      path: '/api/orgs/current/users/{id}',
      id: 'getUser',
      tag,
      summary: 'One person',
      permission: 'org.read',
      params: personId,
      success: { status: 200, description: 'The person.', schema: person },
      problems: ['not_found'],
      handle: ({ orgId, params }) => requirePerson(orgId, params.id),
    }),
    operation({
      method: 'patch',
      path: '/api/orgs/current/users/{id}',
      id: 'changeUser',
      bodyExample: { role: 'admin' },
      tag,
      summary: 'Change a role, a name or an address, or switch someone off or on',
      description:
        'What is left out stays. Nobody changes a person above their own role, gives a role above their own, or takes the last active owner away. `active: false` ends all of their access at once, and their own rights to shared accounts for good; those of their groups count again with `active: true`. Another `email` is for owners, as it decides who can sign in as whom: without `confirmation` nothing changes, and the answer says what it would mean.',
      permission: 'people.change',
      params: personId,
      body: personChanges,
      success: { status: 200, description: 'The person as they are now.', schema: person },
      also: [askedBackOrConflict],
      problems: ['not_found', 'conflict', 'confirmation_required'],
      handle: async (call) => {
        const { id } = call.params;
        const { email, confirmation: _, ...changes } = call.body;
        if (email !== undefined) await endConfirmed(call, changingAddress(changerOf(call), id, email));
        else if (await changePerson(call, id, changes)) deps.announce();
        return requirePerson(call.orgId, id);
      },
    }),
    operation({
      method: 'get',
      path: '/api/orgs/current/users/{id}/sessions',
      id: 'listUserSessions',
      tag,
      summary: 'What a person is signed in with, the youngest first',
      permission: 'org.read',
      params: personId,
      query: z.object(pageQuery),
      success: {
        status: 200,
        description: 'A page of live sessions and grants.',
        schema: devicePage,
      },
      problems: ['not_found'],
      handle: async ({ orgId, principal, params: { id }, query: { limit, cursor }, req, res }) => {
        const after = readTimeCursor(cursor);
        if (!(await people.hasPerson(orgId, id))) throw noSuchPerson();
        const owner = { orgId, userId: id, credential: principal.credential };
        const rows = await devices.pageDevices(owner, { limit: limit + 1, after }, textsFor(req, res).devices);
        return toTimePage(rows, limit);
      },
    }),
  ];
}
