import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { Config } from '../config.ts';
import { type ProblemCode, problems } from '../errors.ts';
import { messageHeaders, messages } from '../notifications/messages.ts';
import { sessionCookie } from '../sessions/session-store.ts';
import type { Documented, Security, Success } from './endpoint.ts';
import { exampleInPath, exampleOf } from './examples.ts';
import { createSchemas, type Json, type Schemas } from './json-schema.ts';
import { type AdminOperation, adminScope, isAdministration, isRecent, type Operation, turnOf } from './operation.ts';
import { permissions } from './permissions.ts';
import { tags } from './tags.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The whole interface as an OpenAPI 3.1 document, made of the forms that the server checks by. */
export function describeApi(config: Config, operations: readonly (Documented | Operation)[]): Json {
  const schemas = createSchemas();
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const { method, path } = operation;
    if (paths[path]?.[method]) throw new Error(`${method} ${path} is documented twice`);
    paths[path] = { ...paths[path], [method]: describeOperation(operation, schemas) };
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
      contact: { name: 'Whoever operates this deployment', url: config.publicUrl },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: config.publicUrl }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name, description: tags[name] })),
    paths,
    webhooks: describeWebhooks(schemas),
    components: {
      securitySchemes: securitySchemes(config),
      responses: { Refusal: { description: 'Any other refusal.', content: problemContent(problemRef) } },
      schemas: { Problem: problemSchema(config), ...schemas.components },
    },
  };
}

function describeOperation(operation: Documented | Operation, schemas: Schemas): Json {
  const { id, path, body, security = ['session', 'accessToken'] } = operation;
  const answers = [operation.success, ...(operation.also ?? [])];
  const refusals = describeProblems(operation);
  // A redirect alone has no success; its caller may meet a problem too, such as 405.
  const refusesOtherwise = Object.keys(refusals).length > 0 || answers.every(({ status }) => status >= 300);
  const ways = security.map((name) => ({ [name]: scopesOf(operation, name) }));
  return {
    operationId: id,
    tags: [operation.tag],
    summary: operation.summary,
    ...describe([operation.description, isAdministration(operation) && needs(operation)]),
    parameters: [
      ...parameters(operation.params, { where: 'path', path }, schemas),
      ...parameters(operation.query, { where: 'query' }, schemas),
      ...parameters(operation.headers, { where: 'header' }, schemas),
    ],
    ...(body && { requestBody: describeBody(operation, schemas) }),
    responses: {
      ...Object.fromEntries(answers.map((answer) => [answer.status, describeAnswer(answer, id, schemas)])),
      ...refusals,
      ...(refusesOtherwise && { default: { $ref: '#/components/responses/Refusal' } }),
    },
    security: operation.securityOptional ? [{}, ...ways] : ways,
  };
}

/** The messages that are posted to an organisation's webhooks. */
function describeWebhooks(schemas: Schemas): Json {
  const headers = parameters(messageHeaders, { where: 'header' }, schemas);
  const described = messages.map(({ type, summary, description, form }) => {
    const schema = schemas.of(form, 'output');
    const post = {
      operationId: `on${String(schema.$ref).split('/').at(-1)}`,
      tags: ['Webhooks'],
      summary,
      description,
      parameters: headers,
      requestBody: { required: true, content: { 'application/json': withExample(schema, schemas) } },
      responses: {
        '2XX': { description: 'The receiver has it.' },
        410: { description: 'The receiver wants nothing more: the webhook is switched off.' },
        default: { description: 'It is tried again for about a day, under the same `webhook-id`.' },
      },
      security: [],
    };
    return [type, { post }];
  });
  return Object.fromEntries(described);
}

function describeBody({ id, body, bodyType, bodyExample }: Documented, schemas: Schemas): Json {
  const schema = schemas.of(body as z.ZodType, 'input', `${capitalised(id)}Body`);
  return { required: true, content: { [bodyType ?? 'application/json']: withExample(schema, schemas, bodyExample) } };
}

const withExample = (schema: Json, { components }: Schemas, example = exampleOf(schema, components)): Json => ({
  schema,
  example,
});

/** The answer of `getX` is an X. */
const nameOfAnswer = (id: string) => (id.startsWith('get') ? id.slice('get'.length) : `${capitalised(id)}Answer`);

const capitalised = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

const describe = (parts: readonly (string | false | undefined)[]) => {
  const description = parts.filter(Boolean).join('\n\n');
  return description && { description };
};

const scopesOf = (operation: Documented, name: Security) =>
  isAdministration(operation) && name === 'accessToken' ? [adminScope] : [];

function needs(operation: AdminOperation): string {
  const { permission } = operation;
  const who = permissions[permission].map((role) => role.replace('_', ' ')).join(', ');
  const recently = isRecent(operation) ? ' They must have authenticated lately.' : '';
  return `For administrators with the permission \`${permission}\`: ${who}.${recently}`;
}

type Place = Readonly<{ where: 'path'; path: string } | { where: 'query' | 'header' }>;

function parameters(form: z.ZodObject | undefined, place: Place, schemas: Schemas): Json[] {
  return Object.entries(form?.shape ?? {}).map(([name, schema]) => {
    const { description, examples, ...written } = schemas.of(schema as z.ZodType, 'input');
    const required = place.where === 'path' || !(schema as z.ZodType).safeParse(undefined).success;
    const [given] = (examples ?? []) as unknown[];
    const example = given ?? exampleOfParameter({ name, required, written }, place, schemas);
    return {
      name,
      in: place.where,
      required,
      ...(description !== undefined && { description }),
      schema: written,
      ...(example !== undefined && { example }),
    };
  });
}

/** A required parameter always has an example; another only where its schema brings one. */
function exampleOfParameter(
  { name, required, written }: { name: string; required: boolean; written: Json },
  place: Place,
  { components }: Schemas,
): unknown {
  if (place.where === 'path') return exampleInPath(place.path, name);
  return required ? exampleOf(written, components, name) : undefined;
}

function describeAnswer(success: Success, id: string, schemas: Schemas): Json {
  const { status, description, schema, contentTypes, headers } = success;
  const types = contentTypes ?? (schema ? ['application/json'] : []);
  const written = schema ? schemas.of(schema, 'output', nameOfAnswer(id)) : { type: 'string' };
  // Errors in the form of other standards say too little for an example.
  const isShown = schema && (status < 400 || types.includes('application/problem+json'));
  const content = isShown ? withExample(written, schemas) : { schema: written };
  // An HTML page has no form, whatever form the same answer has as JSON.
  const page = { schema: { type: 'string' } };
  return {
    description,
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
      ),
    }),
    ...(types.length > 0 && {
      content: Object.fromEntries(types.map((type) => [type, type === 'text/html' ? page : content])),
    }),
  };
}

/** Every problem that the operation may answer. */
export function problemsOf(operation: Documented | Operation): readonly ProblemCode[] {
  const security = operation.security ?? ['session', 'accessToken'];
  const personal = security.includes('session') && !operation.securityOptional;
  const isJson = operation.body !== undefined && (operation.bodyType ?? 'application/json') === 'application/json';
  return [
    // Any request may have an address or a header that cannot be understood.
    'invalid_request',
    ...(personal ? (['not_signed_in', 'session_revoked', 'session_ended', 'session_expired'] as const) : []),
    ...(security.some((name) => name !== 'session') ? (['invalid_token'] as const) : []),
    ...(isAdministration(operation) ? (['insufficient_scope', 'forbidden'] as const) : []),
    ...(isAdministration(operation) && isRecent(operation) ? (['reauthentication_required'] as const) : []),
    ...(operation.path.startsWith('/api/') && operation.method !== 'get' ? (['foreign_origin'] as const) : []),
    ...(isJson ? (['content_too_large'] as const) : []),
    // To look at what a confirmation would end takes a turn, too.
    ...(isAdministration(operation) && (turnOf(operation) || operation.problems?.includes('confirmation_required'))
      ? (['too_many_requests'] as const)
      : []),
    ...(operation.problems ?? []),
    'internal_error',
    'unavailable',
  ];
}

function describeProblems(operation: Documented | Operation): Json {
  const byStatus = Object.groupBy(new Set(problemsOf(operation)), (code) => problems[code].status);
  const own = new Set([operation.success, ...(operation.also ?? [])].map(({ status }) => status));
  return Object.fromEntries(
    Object.entries(byStatus)
      .filter(([status]) => !own.has(Number(status)))
      .map(([status, codes = []]) => [
        status,
        {
          description: codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
          content: problemContent({ allOf: [problemRef], properties: { code: { enum: codes } } }),
        },
      ]),
  );
}

const problemRef = { $ref: '#/components/schemas/Problem' };
const problemContent = (schema: Json) => ({ 'application/problem+json': { schema } });

/** RFC 9457; some codes have further members. */
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
      signedOutAt: { ...text, format: 'date-time', description: 'When the session or the grant ended.' },
      reason: {
        ...text,
        description:
          'Of `session_revoked`: what an administrator wrote for the person, or that their address or accounts were changed.',
      },
      helpText: {
        ...text,
        description: 'Of `session_revoked`: whom to turn to, in the organisation’s words. Plain text.',
      },
      switchedOff: { const: true, description: 'The person is switched off: signing in again does not work.' },
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
