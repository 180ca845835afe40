import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { roles } from '../api/permissions.ts';
import { type LiveChannel, mostStreams, streamEvents } from '../sessions/live-channel.ts';
import { chosenLanguage } from './language.ts';
import { type SignOutDeps, signOut } from './sign-out.ts';

const tag = 'You';

/** Who is signed in, how they hear that they no longer are, and their sign-out. */
export function meOperations(deps: SignOutDeps & { liveChannel: LiveChannel }): readonly Operation[] {
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
          language: chosenLanguage.optional(),
        }),
      },
      handle: async ({ principal: { userId, name, email, orgId, orgName, orgSlug, role, language } }) => ({
        id: userId,
        name,
        email,
        orgId,
        org: orgName,
        orgSlug,
        role,
        // The person's members are scalars: null is none.
        ...(language !== null && { language }),
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
      handle: ({ principal, res }) => liveChannel.open(principal, res),
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
        const logoutUrl = await signOut(deps, principal, by);
        if (logoutUrl !== null) res.json({ logoutUrl });
      },
    }),
  ];
}
