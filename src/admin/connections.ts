import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readTimeCursor, toTimePage } from '../api/page.ts';
import { createConnections } from '../connections/connections.ts';
import { orgLinks } from '../connections/idp-links.ts';
import {
  type ConnectionDeps,
  connection,
  createShownConnections,
  onConnection,
  onConnections,
  shownUrl,
} from './shown-connection.ts';

const ofEvery = connection.shape.links.shape;

export const connectionPage = pageOf(connection)
  .extend({
    links: z
      .object({
        callbackUrl: ofEvery.callbackUrl,
        signedOutUrl: ofEvery.signedOutUrl,
        signInUrl: ofEvery.signInUrl,
        revocationEndpoint: ofEvery.revocationEndpoint,
        backchannelLogoutUrl: ofEvery.backchannelLogoutUrl,
        frontchannelLogoutUrl: ofEvery.frontchannelLogoutUrl,
        scimUrl: shownUrl('https://logout.whiterabbit.fake/scim/v2'),
      })
      .describe('What can be entered at an identity provider before there is a connection to it.'),
  })
  .meta({ id: 'ConnectionPage' });

/** Shows the org's connections to its IdPs. */
export function connectionOperations(deps: ConnectionDeps): readonly Operation[] {
  const { publicUrl } = deps.config;
  const { listConnections } = createConnections(deps);
  const { find, show, showAll } = createShownConnections(deps);
  return [
    operation({
      ...onConnections,
      method: 'get',
      id: 'listConnections',
      summary: 'The connections to identity providers, oldest first, without secrets',
      permission: 'org.read',
      query: z.object(pageQuery),
      success: {
        status: 200,
        description: 'A page of connections.',
        schema: connectionPage,
      },
      handle: async ({ orgId, principal, query: { limit, cursor } }) => {
        const rows = await listConnections(orgId, { limit: limit + 1, after: readTimeCursor(cursor) });
        const page = toTimePage(rows, limit);
        const links = { ...orgLinks(publicUrl, principal.orgSlug), scimUrl: `${publicUrl}/scim/v2` };
        return { ...page, items: await showAll(page.items, principal), links };
      },
    }),
    operation({
      ...onConnection,
      method: 'get',
      id: 'getConnection',
      summary: 'One connection, without its secret',
      permission: 'org.read',
      success: { status: 200, description: 'The connection.', schema: connection },
      problems: ['not_found'],
      handle: async ({ orgId, principal, params }) => show(await find(orgId, params.id), principal),
    }),
  ];
}
