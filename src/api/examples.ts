import { z } from 'zod';
import type { Json } from './json-schema.ts';

/** What the members of examples hold by their names, where their schema has no example of its own. */
const members: Readonly<Record<string, unknown>> = {
  id: 'usr_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47',
  user: 'usr_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47',
  userId: 'usr_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47',
  orgId: 'org_0c9b8a7f6e5d4c3b2a19081726354453',
  slug: 'whiterabbit',
  org: 'White Rabbit',
  orgSlug: 'whiterabbit',
  org_id: 'whiterabbit',
  email: 'trinity@whiterabbit.fake',
  username: 'trinity@whiterabbit.fake',
  userName: 'trinity@whiterabbit.fake',
  name: 'Trinity Moss',
  displayName: 'Trinity Moss',
  givenName: 'Trinity',
  familyName: 'Moss',
  ip: '203.0.113.7',
  network: '203.0.113.0/24',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  requestId: '3f0c2b8e-5d1a-4c7b-9e42-8a6d1f0b7c35',
  next: null,
  confirmation: 'eyJhbGciOiJkaXIi…',
  revocationId: 'rev_4b7e1a9d0c3f4e6282d5b8f1a6c90e37',
  connectionId: 'con_2f6b9d3c8a1e47509b7d4c6e0a8f1b52',
  sub: 'usr_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47',
  iss: 'https://whiterabbit.okta.com',
  login_hint: 'trinity@whiterabbit.fake',
  logout_token: 'eyJ0eXAiOiJsb2dvdXQrand0…',
  access_token: 'at_6Qe1Zr8Lx4…',
  refresh_token: 'rt_0Wm3Yb7Kc9…',
  redirect_uri: 'com.universal-logout.mobile:/callback',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  state: 'af0ifjsldkj',
  scope: 'openid email profile offline_access',
  device_code: 'Gm8cZ4wXv1Rt6Np…',
  user_code: 'BDWP-HQPK',
  seal: 'eyJhbGciOiJkaXIi…',
  xsrf: '0b7f4c1e9a2d5836',
  kid: 'sig-2026-11',
  kty: 'RSA',
  task: 'Follow the white rabbit',
  openapi: '3.1.1',
};
const moment = '2026-11-29T10:42:00.000Z';
const formats: Readonly<Record<string, unknown>> = {
  'date-time': moment,
  uri: 'https://logout.whiterabbit.fake/',
  email: members.email,
};

/** Below this many levels an example would tell nobody anything. */
const deepest = 8;

/**
 * A value that a schema of the document describes, composed of the examples of its parts, so that every answer has one and
 * none has a member too many. What a standard leaves open stays out.
 */
export function exampleOf(schema: Json, components: Readonly<Record<string, Json>>, name = '', depth = 0): unknown {
  const inner = (part: Json, member = name) => exampleOf(part, components, member, depth + 1);
  if (depth > deepest) return null;
  if (Array.isArray(schema.examples)) return schema.examples[0];
  if (typeof schema.$ref === 'string') return inner(components[schema.$ref.split('/').at(-1) as string] ?? {});
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (Array.isArray(schema.allOf)) return Object.assign({}, ...schema.allOf.map((part) => inner(part)));
  const either = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (either) return isNull(name) ? null : inner(either[0] as Json);
  return compose(schema, name, inner);
}

const isNull = (name: string) => members[name] === null;

function compose(schema: Json, name: string, inner: (part: Json, member?: string) => unknown): unknown {
  const types = [schema.type].flat();
  if (types.includes('null') && isNull(name)) return null;
  switch (types[0]) {
    case 'object':
      return Object.fromEntries(
        Object.entries((schema.properties ?? {}) as Record<string, Json>)
          .map(([member, part]) => [member, inner(part, member)] as const)
          // What may be missing is, where there is nothing to say.
          .filter(([member, value]) => value !== unsaid || (schema.required as string[] | undefined)?.includes(member)),
      );
    case 'array':
      return [inner(schema.items as Json)];
    case 'boolean':
      return schema.default ?? true;
    case 'integer':
    case 'number':
      return schema.default ?? schema.minimum ?? 1;
    case 'string':
      return formats[schema.format as string] ?? schema.default ?? members[name] ?? unsaid;
    default:
      return members[name] ?? null;
  }
}

/** What stands in an address after the name of a collection. */
const collections = {
  users: 'usr_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47',
  Users: 'usr_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47',
  groups: 'grp_8e2d6f1a3c0b4d9f90a4b7c2e1f0d358',
  Groups: 'grp_8e2d6f1a3c0b4d9f90a4b7c2e1f0d358',
  sessions: 'ses_1b4e7a0d3c6f4928b5e8d1a4c7f0b362',
  revocations: 'rev_4b7e1a9d0c3f4e6282d5b8f1a6c90e37',
  'audit-events': 'evt_1e9c4b7a0d3f4652a8b1c6e5f0927d34',
  webhooks: 'whk_9c3f6b0e8d1a4257b3e6d9a2c5f81047',
  deliveries: 'dlv_3c8f1b6e9d0a4275a1d4c7e0b3f68259',
  'dead-letters': 'dlv_3c8f1b6e9d0a4275a1d4c7e0b3f68259',
  connections: 'con_2f6b9d3c8a1e47509b7d4c6e0a8f1b52',
  'global-token-revocation': 'con_2f6b9d3c8a1e47509b7d4c6e0a8f1b52',
  events: 'con_2f6b9d3c8a1e47509b7d4c6e0a8f1b52',
  domains: 'dom_5a8d1f4c7b0e4693a9d2c5f8b1e40726',
  'api-keys': 'key_5d2e8c1f9a0b4736b4e7d0a3c6f81952',
  todos: 'tod_0d3a6c9f2b5e4817a4c7f0b3d6e91258',
  problems: 'user_not_found',
  Roles: 'admin',
  Schemas: 'urn:ietf:params:scim:schemas:core:2.0:User',
  ResourceTypes: 'User',
  interaction: 'V1StGXR8Z5jdHi6B',
} as const;

/** An id in an answer, with an example of what it looks like. */
export const idIn = (collection: keyof typeof collections) => z.string().meta({ examples: [collections[collection]] });

/** An example of what `{name}` stands for in an address. */
export function exampleId(path: string, name: string): string {
  const [, collection = ''] = new RegExp(`([^/]+)/\\{${name}\\}`).exec(path) ?? [];
  if (name === 'org') return 'whiterabbit';
  return (collections as Record<string, string>)[collection] ?? collections.interaction;
}

/** What an example holds where nobody said anything better: a test finds it. */
export const unsaid = '…';
