import { messageHeaders, messages } from '../notifications/messages.ts';
import { parameters, withExample } from './describe-parts.ts';
import type { Json, Schemas } from './json-schema.ts';

/** The messages that are posted to an organisation's webhooks. */
export function describeWebhooks(schemas: Schemas): Json {
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
