import { z } from 'zod';
import { type IdKind, sampleId } from '../database/ids.ts';
import type { Json } from './json-schema.ts';

/** The short name of the first organisation that `npm run dev` brings. */
const slug = '1';

/** Examples of members by their names, for schemas that have no example of their own. */
const members: Readonly<Record<string, unknown>> = {
  id: sampleId('user'),
  user: sampleId('user'),
  userId: sampleId('user'),
  orgId: sampleId('org'),
  slug,
  org: 'White Rabbit',
  orgSlug: slug,
  org_id: slug,
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
  revocationId: sampleId('revocation'),
  connectionId: sampleId('connection'),
  sub: sampleId('user'),
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

/** Levels of an example: deeper ones would tell nobody anything. */
const deepest = 10;

/**
 * Makes a value that a schema of the document describes. It is composed of the examples of the
 * schema's parts: every answer has an example, and no example has a member too many.
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
          // An optional member without an example is left out.
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

/** What follows a collection's name in an address: an id of ours, or another word. */
const collections: Readonly<Record<string, IdKind | { word: string }>> = {
  'api-keys': 'apiKey',
  'audit-events': 'auditEvent',
  connections: 'connection',
  'dead-letters': 'delivery',
  deliveries: 'delivery',
  domains: 'domain',
  events: 'connection',
  'global-token-revocation': 'connection',
  Groups: 'group',
  groups: 'group',
  identities: 'identity',
  problems: { word: 'user_not_found' },
  ResourceTypes: { word: 'User' },
  revocations: 'revocation',
  Roles: { word: 'admin' },
  Schemas: { word: 'urn:ietf:params:scim:schemas:core:2.0:User' },
  sessions: 'session',
  todos: 'todo',
  Users: 'user',
  users: 'user',
  webhooks: 'webhook',
  apps: 'app',
  forwards: 'forward',
  accounts: 'account',
  rights: 'accountRight',
  versions: { word: '3' },
  rotations: 'rotation',
  orgs: 'org',
  'ssf-configuration': 'org',
  poll: 'stream',
  people: 'user',
};

/** An example of what `{name}` stands for in an address. */
export function exampleInPath(path: string, name: string): string {
  if (name === 'org') return slug;
  const [, collection = ''] = new RegExp(`([^/]+)/\\{${name}\\}`).exec(path) ?? [];
  const found = collections[collection] ?? { word: 'V1StGXR8Z5jdHi6B' };
  return typeof found === 'string' ? sampleId(found) : found.word;
}

/** An id in an answer, with an example of what it looks like. */
export const idOf = (kind: IdKind) => z.string().meta({ examples: [sampleId(kind)] });

/** Stands where a schema has no example: a test finds it. */
export const unsaid = '…';
