import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { type ProblemCode, problems } from '../errors.ts';
import { sessionCookie } from '../sessions/session-store.ts';
import type { Documented, Security, Success } from './endpoint.ts';
import { type AdminOperation, adminScope, isAdministration, type Operation } from './operation.ts';
import { permissions } from './permissions.ts';

type Json = Record<string, unknown>;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The whole interface as an OpenAPI 3.1 document: what the server checks by is what is written here. */
export function describeApi(config: Config, operations: readonly (Documented | Operation)[]): Json {
  const schemas = createSchemas(operations);
  const paths: Record<string, Json> = {};
  for (const one of operations) {
    if (paths[one.path]?.[one.method]) throw new Error(`${one.method} ${one.path} is documented twice`);
    paths[one.path] = { ...paths[one.path], [one.method]: describeOperation(one, schemas) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Universal Logout',
      version,
      summary: 'Signs a person out of everything at once.',
      description:
        'One request ends every session and every token of a person, before it is answered. ' +
        'Refusals are problem details (RFC 9457) unless the standard of an endpoint has a form of its own.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: config.publicUrl }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: securitySchemes(config),
      schemas: { Problem: problemSchema(config), ...schemas.components() },
    },
  };
}

/**
 * Turns zod's forms into JSON Schema. Those with a name are written once, as components: by `meta({ id })`, and what the
 * administration's `getX` answers is an X wherever it occurs.
 */
function createSchemas(operations: readonly (Documented | Operation)[]) {
  const named = new Map<string, string>();
  const names = new Map<unknown, string>();
  for (const one of operations)
    if (isAdministration(one) && one.id.startsWith('get') && one.success.schema)
      names.set(one.success.schema, one.id.slice('get'.length));
  const metadata = {
    has: (schema: z.ZodType) => names.has(schema) || z.globalRegistry.has(schema),
    get(schema: z.ZodType) {
      const meta = z.globalRegistry.get(schema);
      return names.has(schema) ? { ...meta, id: names.get(schema) } : meta;
    },
  } as unknown as typeof z.globalRegistry;
  return {
    of(schema: z.ZodType, io: 'input' | 'output'): Json {
      const {
        $schema: _,
        $defs = {},
        ...written
      } = z.toJSONSchema(schema, { io, unrepresentable: 'any', override, metadata });
      for (const [name, definition] of Object.entries($defs)) {
        const text = JSON.stringify(toComponents(definition));
        if ((named.get(name) ?? text) !== text) throw new Error(`the schema "${name}" has two meanings`);
        named.set(name, text);
      }
      return toComponents(written) as Json;
    },
    components: () => Object.fromEntries([...named].map(([name, text]) => [name, JSON.parse(text)])),
  };
}

const toComponents = (schema: unknown): unknown =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));

/** JSON has no dates: they are sent as ISO 8601. */
function override({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}) {
  if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
}

type Schemas = ReturnType<typeof createSchemas>;

function describeOperation(one: Documented | Operation, schemas: Schemas): Json {
  const answers = [one.success, ...(one.also ?? [])].map((answer) => [answer.status, describeAnswer(answer, schemas)]);
  const security = (one.security ?? ['session', 'accessToken']).map((name) => ({ [name]: scopesOf(one, name) }));
  return {
    operationId: one.id,
    tags: [one.tag],
    summary: one.summary,
    ...describe([one.description, isAdministration(one) && needs(one)]),
    parameters: [
      ...parameters(one.params, 'path', schemas),
      ...parameters(one.query, 'query', schemas),
      ...parameters(one.headers, 'header', schemas),
    ],
    ...(one.body && {
      requestBody: {
        required: true,
        content: {
          [one.bodyType ?? 'application/json']: {
            schema: schemas.of(one.body, 'input'),
            ...(one.bodyExample !== undefined && { example: one.bodyExample }),
          },
        },
      },
    }),
    responses: { ...Object.fromEntries(answers), ...describeProblems(one) },
    security: one.securityOptional ? [{}, ...security] : security,
  };
}

const describe = (parts: readonly (string | false | undefined)[]) => {
  const description = parts.filter(Boolean).join('\n\n');
  return description && { description };
};

const scopesOf = (one: Documented, name: Security) =>
  isAdministration(one) && name === 'accessToken' ? [adminScope] : [];

function needs({ permission, ...one }: AdminOperation): string {
  const who = permissions[permission].map((role) => role.replace('_', ' ')).join(', ');
  const recently = isRecent(one) ? ' They must have authenticated lately.' : '';
  return `For administrators with the permission \`${permission}\`: ${who}.${recently}`;
}

const isRecent = ({ recent, method }: Pick<Operation, 'recent' | 'method'>) => recent ?? method !== 'get';

function parameters(form: z.ZodObject | undefined, where: 'path' | 'query' | 'header', schemas: Schemas): Json[] {
  return Object.entries(form?.shape ?? {}).map(([name, schema]) => {
    const { description, ...written } = schemas.of(schema as z.ZodType, 'input');
    const required = where === 'path' || !(schema as z.ZodType).safeParse(undefined).success;
    return { name, in: where, required, ...(description !== undefined && { description }), schema: written };
  });
}

function describeAnswer({ description, schema, contentTypes, headers }: Success, schemas: Schemas): Json {
  const types = contentTypes ?? (schema ? ['application/json'] : []);
  const text = { type: 'string' };
  const written = schema ? schemas.of(schema, 'output') : text;
  // A page has no form, whatever form the same answer has as JSON.
  const formOf = (type: string) => (type === 'text/html' ? text : written);
  return {
    description,
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
      ),
    }),
    ...(types.length > 0 && { content: Object.fromEntries(types.map((type) => [type, { schema: formOf(type) }])) }),
  };
}

/** Everything that the operation may answer as problem details, by status. */
export function problemsOf(one: Documented | Operation): readonly ProblemCode[] {
  const security = one.security ?? ['session', 'accessToken'];
  const personal = security.includes('session') && !one.securityOptional;
  const isJson = one.body !== undefined && (one.bodyType ?? 'application/json') === 'application/json';
  return [
    ...(one.params || one.query || isJson ? (['invalid_request'] as const) : []),
    ...(personal ? (['not_signed_in', 'session_revoked', 'session_ended', 'session_expired'] as const) : []),
    ...(security.length > 0 ? (['invalid_token'] as const) : []),
    ...(isAdministration(one) ? (['insufficient_scope', 'forbidden'] as const) : []),
    ...(isAdministration(one) && isRecent(one) ? (['reauthentication_required'] as const) : []),
    ...(one.path.startsWith('/api/') && one.method !== 'get' ? (['foreign_origin'] as const) : []),
    ...(isJson ? (['content_too_large'] as const) : []),
    ...(isAdministration(one) && (one.method === 'get' || one.problems?.includes('confirmation_required'))
      ? (['too_many_requests'] as const)
      : []),
    ...(one.problems ?? []),
    'internal_error',
    'unavailable',
  ];
}

function describeProblems(one: Documented | Operation): Json {
  const byStatus = Object.groupBy(new Set(problemsOf(one)), (code) => problems[code].status);
  const own = new Set([one.success, ...(one.also ?? [])].map(({ status }) => status));
  return Object.fromEntries(
    Object.entries(byStatus)
      .filter(([status]) => !own.has(Number(status)))
      .map(([status, codes = []]) => [
        status,
        {
          description: codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
          content: {
            'application/problem+json': {
              schema: {
                allOf: [{ $ref: '#/components/schemas/Problem' }],
                properties: { code: { enum: codes } },
              },
            },
          },
        },
      ]),
  );
}

/** RFC 9457; further members belong to a code. */
function problemSchema({ publicUrl }: Config): Json {
  const text = { type: 'string' };
  return {
    type: 'object',
    description: 'Problem details (RFC 9457). Some codes bring further members.',
    properties: {
      type: { ...text, format: 'uri', description: 'A page that explains the code.' },
      title: text,
      status: { type: 'integer' },
      detail: { ...text, description: 'What was wrong with this request, and what to do.' },
      code: { ...text, enum: Object.keys(problems), description: 'Never changes.' },
      requestId: { ...text, description: 'Under which the log holds the rest.' },
    },
    required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
    examples: [
      {
        type: `${publicUrl}/problems/not_found`,
        title: problems.not_found.title,
        status: 404,
        detail: 'There is nothing at this address.',
        code: 'not_found',
        requestId: 'req_0f5c7a1b',
      },
    ],
  };
}

function securitySchemes(config: Config): Record<Security, Json> {
  const at = (path: string) => `${config.publicUrl}${path}`;
  const scopes = {
    openid: 'Who the person is.',
    email: 'Their e-mail address.',
    profile: 'Their name.',
    offline_access: 'A refresh token.',
    [adminScope]: 'Administer the organisation as far as the person may; for the command line only.',
  };
  return {
    session: {
      type: 'apiKey',
      in: 'cookie',
      name: sessionCookie(config).name,
      description: 'The session of a browser that signed in. What changes something is taken from our own pages only.',
    },
    accessToken: {
      type: 'oauth2',
      description: 'The access token of an app, by the code flow with PKCE, or by the device flow (RFC 8628).',
      flows: {
        authorizationCode: {
          authorizationUrl: at('/oauth/authorize'),
          tokenUrl: at('/oauth/token'),
          refreshUrl: at('/oauth/token'),
          scopes,
        },
      },
    },
    apiKey: {
      type: 'http',
      scheme: 'bearer',
      description: 'An API key of the organisation, with the scope that is needed.',
    },
    signedJwt: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'A JWT that the IdP of a proven connection signed for this one request, as Okta sends it.',
    },
    metricsToken: { type: 'http', scheme: 'bearer', description: 'The token of METRICS_TOKEN.' },
  };
}
