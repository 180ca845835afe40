import type { z } from 'zod';
import { parameters, withExample } from './describe-parts.ts';
import { describeProblems } from './describe-problems.ts';
import type { Documented, Security, Success } from './endpoint.ts';
import type { Json, Schemas } from './json-schema.ts';
import { type AdminOperation, adminScope, isAdministration, isRecent, type Operation } from './operation.ts';
import { permissions } from './permissions.ts';

/** One route: what it takes, what it answers, and who may. */
export function describeOperation(operation: Documented | Operation, schemas: Schemas): Json {
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

function describeBody({ id, body, bodyType, bodyExample }: Documented, schemas: Schemas): Json {
  const schema = schemas.of(body as z.ZodType, 'input', `${capitalised(id)}Body`);
  return { required: true, content: { [bodyType ?? 'application/json']: withExample(schema, schemas, bodyExample) } };
}

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
  const others = operation.orIf ? ' And for whoever has the right to manage the account.' : '';
  return `For administrators with the permission \`${permission}\`: ${who}.${others}${recently}`;
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
