import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { roles } from '../api/permissions.ts';
import type { By } from '../by.ts';
import type { Devices } from '../sessions/devices.ts';
import type { FindIdpLogout } from '../sessions/idp-logout.ts';
import { type LiveChannel, mostStreams, streamEvents } from '../sessions/live-channel.ts';
import type { Principal } from '../sessions/principal.ts';
import type { sessionCookie } from '../sessions/session-store.ts';

const tag = 'You';

/** Who is signed in, how they hear that they no longer are, and their sign-out. */
export function meOperations(deps: {
  liveChannel: LiveChannel;
  findIdpLogout: FindIdpLogout;
  devices: Pick<Devices, 'endDevice'>;
  /** Ends all that the person has, if their org's policy says so; false if it doesn't. */
  globalLogout: (person: Principal, by: By) => Promise<boolean>;
  /** That of the browser's session. */
  cookie: ReturnType<typeof sessionCookie>;
}): readonly Operation[] {
  const { liveChannel } = deps;
  return [
    operation({
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
      handle: async ({ principal: { userId, name, email, orgId, orgName, orgSlug, role } }) => ({
        id: userId,
        name,
        email,
        orgId,
        org: orgName,
        orgSlug,
        role,
      }),
    }),
    operation({
      method: 'get',
      path: '/api/users/me/events',
      id: 'streamEvents',
      tag,
      summary: 'Hear of the end of this session at once',
      description: [
        'Server-sent events, each with an object as JSON.',
        ...Object.entries(streamEvents).map(([name, meaning]) => `- \`${name}\`: ${meaning}`),
        '',
        `A person may have ${mostStreams.ofPerson} streams open at a node. A session or an app may have ${mostStreams.ofCredential}; one more closes its oldest.`,
      ].join('\n'),
      head: false,
      success: { status: 200, description: 'The stream.', contentTypes: ['text/event-stream'] },
      problems: ['too_many_requests'],
      handle: async ({ principal, req, res }) => {
        // express-session would touch the session before the answer ends: a stream must close also
        // when the database, which that touch writes to, has gone silent.
        Object.assign(req, { session: undefined });
        await liveChannel.open(principal, res);
      },
    }),
    operation({
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
      handle: async ({ principal, by, res }) => {
        // A dead session would still tell the page about its end whose it was.
        if (!principal) return void res.clearCookie(deps.cookie.name, deps.cookie.cookie);
        const logoutUrl = await deps.findIdpLogout(principal);
        // The sign-out here comes first: whether the IdP is up doesn't matter.
        const all = await deps.globalLogout(principal, by);
        if (!all) await deps.devices.endDevice(principal, principal.credential.id, by);
        liveChannel.announce();
        if (logoutUrl !== null) res.json({ logoutUrl });
      },
    }),
  ];
}
