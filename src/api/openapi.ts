import { readFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import { describeOperation } from './describe-operation.ts';
import { problemContent, problemRef, problemSchema } from './describe-problems.ts';
import { securitySchemes } from './describe-security.ts';
import { describeWebhooks } from './describe-webhooks.ts';
import type { Documented } from './endpoint.ts';
import { createSchemas, type Json } from './json-schema.ts';
import type { Operation } from './operation.ts';
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
