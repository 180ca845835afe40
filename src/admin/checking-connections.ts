import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { checkKeys, checkMetadata, comparedMembers } from '../connections/check-connection.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { OutwardLimit } from './outward-limit.ts';
import { type ConnectionDeps, createShownConnections, onConnection, shownUrl } from './shown-connection.ts';

const key = z.object({
  id: z
    .string()
    .nullable()
    .describe('`kid`.')
    .meta({ examples: ['2026-11'] }),
  type: z.string().meta({ examples: ['RSA'] }),
  algorithm: z
    .string()
    .nullable()
    .meta({ examples: ['RS256'] }),
  use: z
    .string()
    .nullable()
    .meta({ examples: ['sig'] }),
});

export const connectionCheck = z
  .object({
    checkedAt: z.iso.datetime(),
    metadata: z.object({
      problem: z
        .string()
        .nullable()
        .describe('Why the issuer’s metadata could not be read. null: it was.')
        .meta({ examples: [null] }),
      differences: z
        .array(
          z.object({
            member: z.enum(comparedMembers),
            here: shownUrl('https://whiterabbit.okta.com/oauth2/v1/token').nullable(),
            published: shownUrl('https://whiterabbit.okta.com/oauth2/default/v1/token').nullable(),
          }),
        )
        .describe('Endpoints that the issuer publishes otherwise than the connection has them.'),
    }),
    keys: z.object({
      problem: z
        .string()
        .nullable()
        .describe('Why there are no keys, or none that is usable.')
        .meta({ examples: [null] }),
      keys: z.array(key).describe('The usable public keys at its JWKS URI.'),
    }),
  })
  .meta({ id: 'ConnectionCheck' });

/** Asks an IdP whether a connection is still as it publishes. */
export function checkingConnectionOperations(
  deps: ConnectionDeps & Readonly<{ guardedFetch: GuardedFetch; lookOutward: OutwardLimit }>,
): readonly Operation[] {
  const { guardedFetch, lookOutward } = deps;
  const { find } = createShownConnections(deps);
  return [
    operation({
      ...onConnection,
      path: `${onConnection.path}/check`,
      method: 'post',
      id: 'checkConnection',
      summary: 'Compare a connection with what its identity provider publishes now',
      description:
        'Reads the metadata of its issuer (OpenID Connect Discovery) and its keys, and changes nothing. Where they differ from the connection, no sign-in proves it; it may be right all the same where its endpoints were typed in.',
      permission: 'org.read',
      recent: false,
      success: { status: 200, description: 'What was found.', schema: connectionCheck },
      problems: ['not_found', 'too_many_requests'],
      handle: async ({ orgId, params }) => {
        const found = await find(orgId, params.id);
        await lookOutward(orgId);
        const [metadata, keys] = await Promise.all([
          checkMetadata(guardedFetch, found),
          checkKeys(guardedFetch, found.jwksUri),
        ]);
        return { checkedAt: new Date(), metadata, keys };
      },
    }),
  ];
}
