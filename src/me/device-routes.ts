import type { Response } from 'express';
import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import type { By } from '../by.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { deviceForm } from '../sessions/device-form.ts';
import type { Devices } from '../sessions/devices.ts';
import type { Principal } from '../sessions/principal.ts';
import { notSignedIn } from '../sessions/session-end.ts';
import { sessionCookie } from '../sessions/session-store.ts';
import { textsFor } from '../web/language.ts';

export type DeviceDeps = Readonly<{
  devices: Devices;
  /** Null when the person is gone. */
  signOutEverywhere: (
    person: Principal,
    options: { keepCurrent: boolean; by: By },
  ) => Promise<{ sessionsEnded: number; grantsEnded: number } | null>;
  config: Config;
  announce: () => void;
}>;

const tag = 'You';
const here = '/api/users/me/sessions';

/** A person's own devices, for a browser's session and an app's access token alike. */
export function deviceOperations(deps: DeviceDeps): readonly Operation[] {
  const { devices, announce } = deps;
  const { name, cookie } = sessionCookie(deps.config);
  /** An app's own request says nothing about the browser that it may run in. */
  const forgetCookie = (res: Response, { credential }: Principal) => {
    if (credential.type === 'session') res.clearCookie(name, cookie);
  };

  return [
    operation({
      method: 'get',
      path: here,
      id: 'listMySessions',
      tag,
      summary: 'Where you are signed in',
      description: 'Browsers and apps, the newest seen first; at most 200.',
      turn: 'own',
      success: { status: 200, description: 'Live ones.', schema: z.array(deviceForm) },
      problems: ['too_many_requests'],
      handle: ({ principal, req, res }) => devices.listDevices(principal, textsFor(req, res).devices),
    }),
    operation({
      method: 'post',
      path: `${here}/revoke`,
      id: 'endMySessions',
      tag,
      summary: 'Sign out everywhere, or everywhere else',
      description: 'Every session and every grant of yours ends at once; with `keepCurrent` all but the one that asks.',
      body: z.strictObject({ keepCurrent: z.boolean().default(false) }),
      bodyExample: { keepCurrent: true },
      success: {
        status: 200,
        description: 'What has ended.',
        schema: z.object({ sessionsEnded: z.int(), grantsEnded: z.int() }),
      },
      handle: async ({ principal, by, body: { keepCurrent }, res }) => {
        const ended = await deps.signOutEverywhere(principal, { keepCurrent, by });
        if (!ended) throw notSignedIn(undefined);
        announce();
        if (!keepCurrent) forgetCookie(res, principal);
        return ended;
      },
    }),
    operation({
      method: 'delete',
      path: `${here}/{id}`,
      id: 'endMySession',
      tag,
      summary: 'End one of your sign-ins',
      description:
        'A browser’s session or an app’s grant, by the id that `listMySessions` gives. It counts from the next request on.',
      params: z.object({ id: z.string() }),
      success: { status: 204, description: 'It has ended.' },
      problems: ['not_found'],
      handle: async ({ principal, by, params: { id }, res }) => {
        const ended = await devices.endDevice(principal, id, by);
        // Another person's device looks exactly like one that doesn't exist.
        if (!ended) throw new AppError('not_found', 'You are not signed in anywhere under this id.');
        announce();
        if (id === principal.credential.id) forgetCookie(res, principal);
      },
    }),
  ];
}
