import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readCursor, toPage } from '../api/page.ts';
import type { AppPeople } from '../downstream/app-people.ts';
import type { Apps } from '../downstream/apps.ts';
import { mostLines, readPeopleCsv } from '../downstream/read-people-csv.ts';
import { AppError } from '../errors.ts';
import { line, reference } from './forms.ts';

const tag = 'Apps';
const list = '/api/orgs/current/apps/{id}/people';
const byId = `${list}/{userId}`;
const permission = 'apps.change';
const params = z.object({ id: reference });
const ofPerson = z.object({ id: reference, userId: reference });

/** Unknown lines that an answer names; how many there are in all it says beside them. */
const mostTold = 100;

export const appPerson = z
  .object({
    userId: idOf('user'),
    name: z.string(),
    email: z.string(),
    nameThere: z
      .string()
      .nullable()
      .describe('The app’s own id of the person; null: it has none from here.')
      .meta({ examples: ['E-4711'] }),
    seenAt: z.iso.datetime().nullable().describe('The last sign-in to the app through us.'),
  })
  .meta({ id: 'AppPerson' });
export const appPersonPage = pageOf(appPerson).meta({ id: 'AppPersonPage' });
const personName = z
  .strictObject({ nameThere: line(320).describe('The app’s own id of the person.') })
  .meta({ id: 'AppPersonName' });
const personList = z
  .strictObject({
    csv: z
      .string()
      .max(1_000_000)
      .describe('A line a person: an address, a user name or an id, a comma, and the app’s own id of them.'),
  })
  .meta({ id: 'AppPeopleList' });
export const appPeopleImported = z
  .object({
    set: z.int().describe('People whose id there is known now.'),
    unknown: z
      .int()
      .describe('Lines about nobody of the organisation.')
      .meta({ examples: [1] }),
    lines: z
      .array(z.object({ line: z.int(), who: z.string().meta({ examples: ['nobody@whiterabbit.fake'] }) }))
      .describe(`The first ${mostTold} of those.`),
  })
  .meta({ id: 'AppPeopleImported' });

/** By which ids an app knows people. */
export function appPeopleOperations({ apps, people }: { apps: Apps; people: AppPeople }): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path: list,
      id: 'listAppPeople',
      tag,
      summary: 'Whom an app knows by an id of its own, or has seen',
      permission: 'org.read',
      params,
      query: z.object(pageQuery),
      success: { status: 200, description: 'A page.', schema: appPersonPage },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, query: { limit, cursor } }) => {
        const after = readCursor(cursor, 1, ([key]) => reference.safeParse(key).success)?.[0] ?? null;
        if (!(await apps.find(orgId, id))) throw noApp();
        return toPage(await people.list(orgId, id, { after, limit: limit + 1 }), limit, ({ userId }) => [userId]);
      },
    }),
    operation({
      method: 'post',
      path: `${list}/import`,
      id: 'importAppPeople',
      tag,
      summary: 'Say by a list which ids an app has for people',
      description: `${mostLines} lines at most. Who isn’t in the list stays as they are; of lines about the same person the last counts.`,
      permission,
      params,
      body: personList,
      bodyLimit: '2mb',
      bodyExample: { csv: 'user,id\ntrinity@acme.example,E-4711\nneo@acme.example,E-4712\n' },
      success: { status: 200, description: 'How many were found.', schema: appPeopleImported },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, body, by }) => {
        const imported = await people.import(orgId, id, readPeopleCsv(body.csv), by);
        if (!imported) throw noApp();
        const { set, unknown } = imported;
        return { set, unknown: unknown.length, lines: unknown.slice(0, mostTold) };
      },
    }),
    operation({
      method: 'put',
      path: byId,
      id: 'setAppPerson',
      tag,
      summary: 'Say which id an app has for somebody',
      permission,
      params: ofPerson,
      body: personName,
      bodyExample: { nameThere: 'E-4711' },
      success: { status: 200, description: 'As it is now.', schema: appPerson },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id, userId }, body, by }) => {
        const set = await people.set(orgId, id, userId, body.nameThere, by);
        if (!set) throw new AppError('not_found', 'Your organisation has no such app, or no such person.');
        return set;
      },
    }),
    operation({
      method: 'delete',
      path: byId,
      id: 'removeAppPerson',
      tag,
      summary: 'Forget the id that an app has for somebody',
      permission,
      params: ofPerson,
      success: { status: 204, description: 'Forgotten.' },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id, userId }, by }) => {
        if (!(await people.remove(orgId, id, userId, by)))
          throw new AppError('not_found', 'Your organisation has no such app, or the app has no id for this person.');
      },
    }),
  ];
}

const noApp = () => new AppError('not_found', 'Your organisation has no such app.');
