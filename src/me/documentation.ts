import { z } from 'zod';
import type { Documented } from '../api/operation.ts';
import { roles } from '../api/permissions.ts';
import { deviceForm } from '../sessions/device-form.ts';

const tag = 'You';

export const usersDocumentation: readonly Documented[] = [
  {
    method: 'get',
    path: '/api/users/me',
    id: 'getMe',
    tag,
    summary: 'Who is signed in',
    description:
      'The person, their organisation, and their role in it. Answered only while their session or grant lives.',
    success: {
      status: 200,
      description: 'The person.',
      schema: z.object({
        id: z.string(),
        name: z.string(),
        email: z.string(),
        orgId: z.string(),
        org: z.string(),
        orgSlug: z.string(),
        role: z.enum(roles),
      }),
    },
  },
  {
    method: 'get',
    path: '/api/users/me/events',
    id: 'streamEvents',
    tag,
    summary: 'Hear of the end of this session at once',
    description:
      'Server-sent events. `signed-out` brings the reason when the session dies; then the stream closes. A person may have 20 open at a node.',
    success: { status: 200, description: 'The stream.', contentTypes: ['text/event-stream'] },
    problems: ['too_many_requests'],
  },
  {
    method: 'get',
    path: '/api/users/me/sessions',
    id: 'listMySessions',
    tag,
    summary: 'Where you are signed in',
    description: 'Browsers and apps, the newest seen first; at most 200.',
    success: { status: 200, description: 'Live ones.', schema: z.array(deviceForm) },
    problems: ['too_many_requests'],
  },
  {
    method: 'delete',
    path: '/api/users/me/sessions/{id}',
    id: 'endMySession',
    tag,
    summary: 'End one of your sign-ins',
    description:
      'A browser’s session or an app’s grant, by the id that `listMySessions` gives. It counts from the next request on.',
    params: z.object({ id: z.string() }),
    success: { status: 204, description: 'It has ended.' },
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/api/users/me/sessions/revoke',
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
  },
  {
    method: 'post',
    path: '/api/signout',
    id: 'signOut',
    tag,
    summary: 'Sign out',
    description:
      'Ends the session or, of an app, the grant that asks. Where the organisation has global logout on, everything.',
    securityOptional: true,
    success: { status: 204, description: 'Signed out, also if nobody was signed in.' },
    also: [
      {
        status: 200,
        description: 'Signed out here; the browser goes on to sign out at the IdP.',
        schema: z.object({ logoutUrl: z.url() }),
      },
    ],
  },
];
