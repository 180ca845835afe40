import { expect } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { newId } from '../../src/database/ids.ts';
import { createNotes } from '../../src/database/notes.ts';
import { createApiKeys } from '../../src/orgs/api-keys.ts';
import type { Product } from '../support/product.ts';

export const urns = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  unknownMembers: 'urn:ietf:params:scim:schemas:extension:universal-logout:2.0:UnknownMembers',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
};

export type Answer = Readonly<{
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  body: any;
}>;

export type Client = ReturnType<typeof createClient>;

/** A provisioning client of one org, with a key of the scope `scim`. */
export async function provision(
  product: Product,
  org: keyof Product['orgs'] = 'whiterabbit',
  scopes: ('revoke' | 'scim')[] = ['scim'],
) {
  const { pool, prisma } = product.context;
  const keys = createApiKeys({ pool, prisma, note: createNotes({ pool }) });
  const { apiKey, id } = await keys.create(product.orgs[org].id, { name: 'IdP', scopes }, byOperator);
  return {
    ...createClient(product.url, { Authorization: `Bearer ${apiKey}` }),
    apiKey,
    keyId: id,
    orgId: product.orgs[org].id,
  };
}

export function createClient(url: string, headers: Record<string, string>) {
  const send = async (
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await fetch(`${url}/scim/v2${path}`, {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'Content-Type': 'application/scim+json' }),
        ...more,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('Content-Type')?.includes('json');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
    };
  };
  return {
    send,
    get: (path: string, more?: Record<string, string>) => send('GET', path, undefined, more),
    post: (path: string, body: unknown) => send('POST', path, body),
    put: (path: string, body: unknown, more?: Record<string, string>) => send('PUT', path, body, more),
    patch: (path: string, operations: unknown[], more?: Record<string, string>) =>
      send('PATCH', path, { schemas: [urns.patch], Operations: operations }, more),
    remove: (path: string, more?: Record<string, string>) => send('DELETE', path, undefined, more),
    search: (path: string, filter: string) => send('GET', `${path}?filter=${encodeURIComponent(filter)}`),
    async user(userName: string, more: Record<string, unknown> = {}): Promise<Answer['body']> {
      const made = await send('POST', '/Users', oktaUser(userName, more));
      if (made.status !== 201) throw new Error(`no user was made: ${made.status} ${made.text}`);
      return made.body;
    },
  };
}

/** As Okta posts a person. */
export function oktaUser(userName: string, more: Record<string, unknown> = {}) {
  return {
    schemas: [urns.user],
    userName,
    name: { givenName: 'Test', familyName: 'Person' },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: 'Test Person',
    locale: 'en-US',
    externalId: '00ujl29u0le5T6Aj10h7',
    groups: [],
    password: '1mz050nq-a-secret',
    active: true,
    ...more,
  };
}

/** A group of these people, under a name of its own, as an IdP pushes it; returns its id. */
export async function provisionGroup(
  { post }: Awaited<ReturnType<typeof provision>>,
  members: readonly { id: string }[],
): Promise<string> {
  const made = await post('/Groups', {
    schemas: [urns.group],
    displayName: newId('group'),
    members: members.map(({ id }) => ({ value: id })),
  });
  expect(made.status).toBe(201);
  return made.body.id;
}
