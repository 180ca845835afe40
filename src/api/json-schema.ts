import { z } from 'zod';

export type Json = Record<string, unknown>;
type Io = 'input' | 'output';

/**
 * Turns zod's forms into the JSON Schema of OpenAPI 3.1. A form with a name becomes a component,
 * written once. The name comes from `meta({ id })`; a whole body or answer without it is named by
 * its operation (`name`).
 */
export function createSchemas() {
  const components: Record<string, Json> = {};
  const names = new Map<unknown, string>();
  const metadata = {
    has: (schema: z.ZodType) => names.has(schema) || z.globalRegistry.has(schema),
    get(schema: z.ZodType) {
      const meta = z.globalRegistry.get(schema);
      return names.has(schema) ? { ...meta, id: names.get(schema) } : meta;
    },
  } as unknown as typeof z.globalRegistry;

  return {
    components,
    of(schema: z.ZodType, io: Io, name?: string): Json {
      if (name && isNameless(schema)) names.set(schema, names.get(schema) ?? name);
      const {
        $schema: _,
        $defs,
        ...written
      } = toComponents(z.toJSONSchema(schema, { io, unrepresentable: 'any', override, metadata }));
      for (const [id, { id: _id, ...definition }] of Object.entries(($defs ?? {}) as Record<string, Json>)) {
        if (components[id] && JSON.stringify(components[id]) !== JSON.stringify(definition))
          throw new Error(`the schema "${id}" has two meanings`);
        components[id] = definition;
      }
      return written;
    },
  };
}

export type Schemas = ReturnType<typeof createSchemas>;

function isNameless(schema: z.ZodType): boolean {
  const { type } = schema.def;
  return (type === 'object' || type === 'union') && z.globalRegistry.get(schema)?.id === undefined;
}

const toComponents = (schema: unknown): Json =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));

type Override = { zodSchema: z.core.$ZodTypes; jsonSchema: z.core.JSONSchema.BaseSchema };

function override({ zodSchema, jsonSchema }: Override): void {
  // JSON has no dates: they are sent as ISO 8601.
  if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
  // These bounds are every integer's: they say nothing.
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  // The pattern repeats the format at length. Times without an offset are in UTC.
  if (jsonSchema.format === 'date-time' && jsonSchema.pattern) {
    if (jsonSchema.pattern.includes('[+-]')) delete jsonSchema.pattern;
    else jsonSchema.pattern = 'Z$';
  }
  describeFlags(zodSchema, jsonSchema);
}

/**
 * A pattern in a document has no flags: some readers compile it with `u`, some without, and none
 * with `i`. Where an expression needs a flag, its message stands in the description instead.
 */
function describeFlags(zodSchema: z.core.$ZodTypes, jsonSchema: z.core.JSONSchema.BaseSchema): void {
  const checks = (zodSchema._zod.def.checks ?? []).map((check) => check._zod.def as unknown as Check);
  const flagged = checks.filter(({ pattern }) => pattern && pattern.flags !== '');
  if (flagged.length === 0) return;
  const isFlagged = (source: unknown) => flagged.some(({ pattern }) => pattern?.source === source);
  if (isFlagged(jsonSchema.pattern)) delete jsonSchema.pattern;
  const others = jsonSchema.allOf?.filter(({ pattern }) => !isFlagged(pattern));
  if (others) jsonSchema.allOf = others;
  const said = jsonSchema.description ?? '';
  const messages = flagged.flatMap(({ error }) => error?.({}) ?? []).map((message) => `It ${message}.`);
  const description = [said, ...messages.filter((message) => !said.includes(message))].filter(Boolean).join(' ');
  if (description) jsonSchema.description = description;
}

type Check = { pattern?: RegExp; error?: (issue: object) => string };
