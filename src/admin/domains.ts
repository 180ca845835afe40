import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readCursor, toPage } from '../api/page.ts';
import type { Config } from '../config.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { sampleId } from '../database/ids.ts';
import { challengeRecordOf, createDomainProof } from '../orgs/domain-proof.ts';
import { createDomains, type DomainView } from '../orgs/domains.ts';
import { reference } from './forms.ts';
import { createOutwardLimit } from './outward-limit.ts';

export const domain = z
  .object({
    id: idOf('domain'),
    domain: z.string().meta({ examples: ['whiterabbit.fake'] }),
    verifiedAt: z.iso.datetime().nullable().describe('null: not yet. Nothing relies on it until then.'),
    connectionIds: z
      .array(z.string())
      .describe(
        'The connections that are authoritative for its addresses, in no order but for the first: several, while an organisation moves from one identity provider to another. None: no connection speaks for it.',
      )
      .meta({ examples: [[sampleId('connection')]] }),
    connectionId: z.string().nullable().describe('The first of them, or null.'),
    createdAt: z.iso.datetime(),
    record: z
      .object({
        type: z.literal('TXT'),
        name: z.string().meta({ examples: ['_universal-logout.whiterabbit.fake'] }),
        value: z.string().meta({ examples: ['universal-logout-verification=8f3a6b1d0e9c2a47'] }),
      })
      .describe('What to publish in its DNS. It stays the same as long as the domain is here.'),
  })
  .meta({ id: 'Domain' });

export const domainPage = pageOf(domain).meta({ id: 'DomainPage' });

const connections = {
  connectionIds: z
    .array(reference)
    .max(50)
    .optional()
    .describe('All of its authoritative connections. An empty list leaves it without.'),
  connectionId: reference.optional().describe('The only one: short for a list of one.'),
};
type Connections = Readonly<{ connectionIds?: string[] | undefined; connectionId?: string | undefined }>;
const oneWay = ({ connectionIds, connectionId }: Connections) => !(connectionIds && connectionId);
const listOf = ({ connectionIds, connectionId }: Connections) =>
  connectionIds ?? (connectionId === undefined ? undefined : [connectionId]);

const newDomain = z
  .strictObject({ domain: z.string().min(1).max(253), ...connections })
  .refine(oneWay, 'name connectionIds, or connectionId for a single one, not both')
  .describe('Without connections it gets the first one of the organisation that is on.')
  .meta({ id: 'NewDomain' });
const domainChanges = z
  .strictObject(connections)
  .refine((body) => oneWay(body) && listOf(body), 'name connectionIds, or connectionId for a single one')
  .meta({ id: 'DomainChanges' });

const tag = 'Domains';
const path = '/api/orgs/current/domains';
const byId = { path: `${path}/{id}`, tag, params: z.object({ id: reference }) };

/** The e-mail domains of the org: people find their sign-in by them. */
export function domainOperations(deps: { config: Config; prisma: PrismaClient }): readonly Operation[] {
  const domains = createDomains(deps);
  const lookOutward = createOutwardLimit();
  const proveDomain = createDomainProof(deps.config);

  return [
    operation({
      method: 'get',
      path,
      id: 'listDomains',
      tag,
      summary: 'The e-mail domains',
      permission: 'org.read',
      query: z.object(pageQuery),
      success: {
        status: 200,
        description: 'A page of domains, in alphabetical order.',
        schema: domainPage,
      },
      handle: async ({ orgId, query: { limit, cursor } }) => {
        const rows = await domains.listDomains(orgId, { limit: limit + 1, after: readCursor(cursor, 1)?.[0] ?? null });
        return toPage(rows.map(shown), limit, (row) => [row.domain]);
      },
    }),
    operation({
      method: 'post',
      path,
      id: 'addDomain',
      tag,
      bodyExample: { domain: 'acme.example' },
      summary: 'Add an e-mail domain, unverified',
      description:
        'Nothing relies on it until it is verified: publish `record` in its DNS, then ask for the verification. A domain that is here already is answered as it is.',
      permission: 'identity.change',
      body: newDomain,
      success: { status: 201, description: 'The domain, with the record to publish.', schema: domain },
      problems: ['not_found', 'conflict'],
      handle: async ({ orgId, body, by }) =>
        shown(
          await domains.addDomain(orgId, { domain: body.domain, connectionIds: listOf(body), verified: false }, by),
        ),
    }),
    operation({
      ...byId,
      method: 'get',
      id: 'getDomain',
      summary: 'One domain',
      permission: 'org.read',
      success: { status: 200, description: 'The domain.', schema: domain },
      problems: ['not_found'],
      handle: async ({ orgId, params }) => shown(await domains.findDomain(orgId, params.id)),
    }),
    operation({
      ...byId,
      method: 'patch',
      id: 'changeDomain',
      summary: 'Choose the connections that are authoritative for a domain',
      description:
        'They, and no others, may bring in people by addresses of the domain, also those that their identity provider doesn’t vouch for, and end the access of everybody who has such an address. Whom another connection has brought in before stays known to it: to keep them out, switch it off.',
      permission: 'identity.change',
      body: domainChanges,
      bodyExample: { connectionIds: ['con_01example', 'con_02example'] },
      success: { status: 200, description: 'The domain, as it is now.', schema: domain },
      problems: ['not_found', 'conflict'],
      handle: async ({ orgId, params, body, by }) =>
        shown(await domains.chooseConnections(orgId, params.id, listOf(body) as string[], by)),
    }),
    operation({
      ...byId,
      method: 'delete',
      id: 'removeDomain',
      summary: 'Remove a domain',
      description: 'Its addresses no longer lead to this organisation’s sign-in. Nobody is signed out.',
      permission: 'identity.change',
      success: { status: 204, description: 'It is not here any more.' },
      problems: ['not_found'],
      handle: ({ orgId, params, by }) => domains.removeDomain(orgId, params.id, by),
    }),
    operation({
      ...byId,
      path: `${byId.path}/verification`,
      method: 'post',
      id: 'verifyDomain',
      summary: 'Verify a domain by its DNS',
      description:
        'Looks for `record` in the DNS, once. Where it isn’t there the answer is 409, with the TXT records that are (`found`). A verified domain belongs to one organisation alone, and stays verified when the record is removed.',
      permission: 'identity.change',
      success: { status: 200, description: 'The domain is verified.', schema: domain },
      problems: ['not_found', 'conflict', 'too_many_requests', 'unavailable'],
      handle: async ({ orgId, params, by }) => {
        const asked = await domains.findDomain(orgId, params.id);
        if (asked.verifiedAt !== null) return shown(asked);
        await lookOutward(orgId);
        await proveDomain(asked);
        return shown(await domains.noteVerified(orgId, asked, by));
      },
    }),
  ];
}

function shown({ orgId: _orgId, challenge, ...row }: DomainView) {
  return { ...row, record: challengeRecordOf({ domain: row.domain, challenge }) };
}
