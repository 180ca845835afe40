import type { Schema } from './reference-schema.ts';

export type Content = Record<string, { schema?: Schema; example?: unknown }>;
export type Answer = { description?: string; headers?: Record<string, { description: string }>; content?: Content };
export type Parameter = {
  name: string;
  in: string;
  required: boolean;
  description?: string;
  schema: Schema;
  example?: unknown;
};

/** An operation of the OpenAPI document, or a message to a webhook. */
export type Described = {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters: Parameter[];
  requestBody?: { content: Content };
  responses: Record<string, Answer>;
  security: Record<string, string[]>[];
};
/** An operation with its address. */
export type Addressed = Described & { method: string; path: string };

/** The members of the OpenAPI document that the page shows. */
export type ApiDocument = {
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string; description?: string }[];
  paths: Record<string, Record<string, Described>>;
  webhooks: Record<string, { post: Described }>;
  components: {
    securitySchemes: Record<string, { description: string; in?: string; name?: string }>;
    schemas: Record<string, Schema>;
  };
};
