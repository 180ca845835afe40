import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { may } from '../api/permissions.ts';
import type { AppKind } from '../downstream/app-settings.ts';
import type { Apps } from '../downstream/apps.ts';
import type { ForwardOutcome } from '../downstream/forward.ts';
import { AppError } from '../errors.ts';
import type { Principal } from '../sessions/principal.ts';
import { app, appChanges, appList, appWithSecret, newApp, presentApp } from './app-forms.ts';
import { reference } from './forms.ts';
import type { OutwardLimit } from './outward-limit.ts';

const tag = 'Apps';
const list = '/api/orgs/current/apps';
const byId = `${list}/{id}`;
const permission = 'apps.change';
const params = z.object({ id: reference });

export const appTest = z
  .object({
    result: z.enum(['delivered', 'again', 'dead', 'left_out']).meta({ examples: ['delivered'] }),
    status: z
      .int()
      .nullable()
      .describe('Of HTTP; null without an answer.')
      .meta({ examples: [404] }),
    error: z
      .string()
      .nullable()
      .describe(
        'A word. `unknown_there`: the app took the call, and knows nobody of this name: as it should be. `unproven`: it answers 404 to strangers, too, so that the address may be wrong.',
      )
      .meta({ examples: ['unknown_there'] }),
  })
  .meta({ id: 'AppTest' });

/** Sends a call about somebody who doesn't exist, at once. Null: the org has no such app. */
export type SendTest = (orgId: string, appId: string) => Promise<ForwardOutcome | null>;

/** The apps behind the org: to what a sign-out is passed on, and how. */
export function appOperations({
  apps,
  sendTest,
  lookOutward,
}: Readonly<{ apps: Apps; sendTest: SendTest; lookOutward: OutwardLimit }>) {
  /** @throws AppError not_found, or forbidden */
  const findChangeable = async (principal: Principal, orgId: string, id: string) => {
    const row = found(await apps.find(orgId, id));
    requireRight(principal, row.kind);
    return row;
  };

  const test = operation({
    method: 'post',
    path: `${byId}/test`,
    id: 'testApp',
    tag,
    summary: 'Tell the app of somebody who does not exist',
    description:
      'An app that answers 404 to us, and refuses a stranger who is asked for beside, has taken the credential: that is what should come of it.',
    permission,
    params,
    success: { status: 200, description: 'What came of it.', schema: appTest },
    problems: ['not_found', 'too_many_requests'],
    handle: async ({ orgId, params: { id }, by }) => {
      await lookOutward(orgId);
      const { result, status, error = null } = found(await sendTest(orgId, id));
      await apps.noteTest(orgId, id, by, { result, status, error });
      return { result, status, error };
    },
  });

  return [
    operation({
      method: 'get',
      path: list,
      id: 'listApps',
      tag,
      summary: 'The apps behind',
      permission: 'org.read',
      success: { status: 200, description: 'All of them.', schema: appList },
      handle: async ({ orgId }) => ({ items: (await apps.list(orgId)).map(presentApp) }),
    }),
    operation({
      method: 'post',
      path: list,
      id: 'addApp',
      tag,
      summary: 'Add an app behind',
      description:
        'From now on each sign-out of those whom it concerns is passed on to it. An app that signs people in (`oidc`) is for owners to add.',
      permission,
      body: newApp,
      bodyExample: {
        kind: 'gtr',
        name: 'Payroll',
        settings: { endpoint: 'https://payroll.acme.example/global-token-revocation', auth: { method: 'bearer' } },
        credential: 'the-key-that-the-app-has-made',
      },
      success: { status: 201, description: 'Added; with its client secret, this once.', schema: appWithSecret },
      problems: ['conflict'],
      handle: async ({ principal, orgId, body, by }) => {
        requireRight(principal, body.kind);
        const added = await apps.add(orgId, body, by);
        return { ...presentApp(added), clientSecret: added.clientSecret };
      },
    }),
    operation({
      method: 'get',
      path: byId,
      id: 'getApp',
      tag,
      summary: 'One app',
      permission: 'org.read',
      params,
      success: { status: 200, description: 'The app.', schema: app },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id } }) => presentApp(found(await apps.find(orgId, id))),
    }),
    operation({
      method: 'patch',
      path: byId,
      id: 'changeApp',
      tag,
      summary: 'Change an app, pause it, or switch it off and on',
      description:
        'What waits for an app that is disabled is cancelled; a web app’s tokens count no longer, and whoever uses it signs in again. A credential is for the address that it was given for: with another one it has to be given again. An app that was away is tried at once.',
      permission,
      params,
      body: appChanges,
      bodyExample: { state: 'paused' },
      success: {
        status: 200,
        description: 'As it is now; with its client secret, this once, where the change made one.',
        schema: appWithSecret,
      },
      problems: ['not_found'],
      handle: async ({ principal, orgId, params: { id }, body, by }) => {
        await findChangeable(principal, orgId, id);
        const changed = found(await apps.change(orgId, id, body, by));
        return { ...presentApp(changed), clientSecret: changed.clientSecret };
      },
    }),
    operation({
      method: 'delete',
      path: byId,
      id: 'removeApp',
      tag,
      summary: 'Remove an app, with what waits for it and its log',
      permission,
      params,
      success: { status: 204, description: 'Removed.' },
      problems: ['not_found'],
      handle: async ({ principal, orgId, params: { id }, by }) => {
        await findChangeable(principal, orgId, id);
        found((await apps.remove(orgId, id, by)) || null);
      },
    }),
    operation({
      method: 'post',
      path: `${byId}/secret`,
      id: 'newAppSecret',
      tag,
      summary: 'Make a new client secret',
      description: 'The one before counts no longer.',
      permission,
      params,
      success: { status: 200, description: 'With its new secret, this once.', schema: appWithSecret },
      problems: ['not_found', 'conflict'],
      handle: async ({ principal, orgId, params: { id }, by }) => {
        await findChangeable(principal, orgId, id);
        const made = found(await apps.newClientSecret(orgId, id, by));
        return { ...presentApp(made), clientSecret: made.clientSecret };
      },
    }),
    test,
  ] satisfies readonly Operation[];
}

/** An app that signs people in decides who is who there: owners alone. @throws AppError forbidden */
function requireRight({ role }: Principal, kind: AppKind): void {
  if (kind === 'oidc' && !may(role, 'identity.change'))
    throw new AppError('forbidden', ({ answers }) => answers.appForOwners);
}

function found<T>(value: T | null): T {
  if (value === null) throw new AppError('not_found', 'Your organisation has no such app.');
  return value;
}
