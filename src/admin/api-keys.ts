import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readTimeCursor, toTimePage } from '../api/page.ts';
import { may } from '../api/permissions.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { type ApiKeys, apiKeyScopes } from '../orgs/api-keys.ts';
import type { Principal } from '../sessions/principal.ts';
import { line, reference, time } from './forms.ts';

const view = {
  id: idOf('apiKey'),
  name: z.string().meta({ examples: ['Okta Workflows'] }),
  hint: z
    .string()
    .describe('How the key begins, to tell keys apart.')
    .meta({ examples: ['ul_3vK9'] }),
  scopes: z.array(z.enum(apiKeyScopes)),
  expiresAt: z.iso
    .datetime()
    .nullable()
    .meta({ examples: ['2027-11-29T10:42:00.000Z'] }),
  revokedAt: z.iso
    .datetime()
    .nullable()
    .meta({ examples: [null] }),
  lastUsedAt: z.iso
    .datetime()
    .nullable()
    .describe('Exact to a minute.')
    .meta({ examples: [null] }),
  createdAt: z.iso.datetime(),
};
export const apiKey = z.object(view).meta({ id: 'ApiKey' });

/** A key as it is made: the only answer that holds it. */
export const apiKeyWithSecret = z
  .object({
    // The key stands first: somebody who copies from the answer must not take the hint for it.
    apiKey: z
      .string()
      .describe('The key itself.')
      .meta({ examples: ['ul_3vK9c1xR7tQmZ0pWb5sYhJ2nLf8dGaE4uVoXiTkBrMw'] }),
    ...view,
    revocationEndpoint: z.url().describe('Where the key ends access, with the scope `revoke`.'),
    scimBase: z.url().describe('Where it provisions, with the scope `scim`.'),
  })
  .meta({ id: 'ApiKeyWithSecret' });
export const apiKeyPage = pageOf(apiKey).meta({ id: 'ApiKeyPage' });

const newKey = z
  .strictObject({
    name: line(200).describe('Who will use it.'),
    scopes: z
      .array(z.enum(apiKeyScopes))
      .min(1)
      .default(['revoke'])
      .transform((scopes) => [...new Set(scopes)])
      .describe('`revoke`: post to the revocation endpoint. `scim`: provision people and groups.'),
    expiresAt: time
      .refine((at) => at.getTime() > Date.now(), 'must be in the future')
      .nullable()
      .default(null)
      .describe('null: never.'),
  })
  .meta({ id: 'NewApiKey' });

const tag = 'API keys';
const path = '/api/orgs/current/api-keys';

/** The keys that let others call this backend for the org. */
export function apiKeyOperations({
  apiKeys,
  config,
}: {
  apiKeys: ApiKeys;
  config: Pick<Config, 'publicUrl'>;
}): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path,
      id: 'listApiKeys',
      tag,
      summary: 'The API keys, newest first, without the keys themselves',
      permission: 'org.read',
      query: z.object(pageQuery),
      success: { status: 200, description: 'A page of keys.', schema: apiKeyPage },
      handle: async ({ orgId, query: { limit, cursor } }) => {
        const rows = await apiKeys.list(orgId, { limit: limit + 1, after: readTimeCursor(cursor) });
        return toTimePage(rows.map(shown), limit);
      },
    }),
    operation({
      method: 'get',
      path: `${path}/{id}`,
      id: 'getApiKey',
      tag,
      summary: 'One API key, without the key itself',
      permission: 'org.read',
      params: z.object({ id: reference }),
      success: { status: 200, description: 'The key’s name, scopes and use.', schema: apiKey },
      problems: ['not_found'],
      handle: async ({ orgId, params }) => {
        const key = await apiKeys.find(orgId, params.id);
        if (!key) throw new AppError('not_found', 'The organisation has no API key of this id.');
        return shown(key);
      },
    }),
    operation({
      method: 'post',
      path,
      id: 'createApiKey',
      tag,
      summary: 'Make an API key',
      description:
        'The answer holds the key itself, `apiKey`: keep it now, it is not shown again. A key for provisioning (`scim`) is for owners to make.',
      permission: 'settings.change',
      body: newKey,
      bodyExample: { name: 'Okta Workflows', scopes: ['revoke'] },
      success: {
        status: 201,
        description: 'The key, shown once.',
        schema: apiKeyWithSecret,
      },
      problems: ['conflict'],
      handle: async ({ principal, orgId, body, by }) => {
        requireRight(principal, body);
        const made = await apiKeys.create(orgId, body, by);
        const row = await apiKeys.find(orgId, made.id);
        if (!row) throw new AppError('not_found', 'The key was removed at once.');
        return {
          apiKey: made.apiKey,
          ...shown(row),
          revocationEndpoint: `${config.publicUrl}/global-token-revocation`,
          scimBase: `${config.publicUrl}/scim/v2`,
        };
      },
    }),
    operation({
      method: 'delete',
      path: `${path}/{id}`,
      id: 'revokeApiKey',
      tag,
      summary: 'End an API key at once, for good',
      description: 'A key for provisioning (`scim`) is for owners to end, as it is for them to make.',
      permission: 'settings.change',
      params: z.object({ id: reference }),
      success: { status: 204, description: 'It is not accepted any more.' },
      problems: ['not_found'],
      handle: async ({ principal, orgId, params, by }) => {
        const key = await apiKeys.find(orgId, params.id);
        if (key) requireRight(principal, key);
        if (await apiKeys.revoke(orgId, params.id, by)) return;
        throw new AppError('not_found', 'The organisation has no current API key of this id.');
      },
    }),
  ];
}

/** @throws AppError forbidden */
function requireRight({ role }: Principal, { scopes }: { scopes: readonly string[] }): void {
  if (scopes.includes('scim') && !may(role, 'identity.change'))
    throw new AppError('forbidden', ({ answers }) => answers.provisioningKey);
}

type Row = NonNullable<Awaited<ReturnType<ApiKeys['find']>>>;

function shown({ orgId: _orgId, ...row }: Row) {
  return row;
}
