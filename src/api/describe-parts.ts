import type { z } from 'zod';
import { exampleInPath, exampleOf } from './examples.ts';
import type { Json, Schemas } from './json-schema.ts';

export const withExample = (schema: Json, { components }: Schemas, example = exampleOf(schema, components)): Json => ({
  schema,
  example,
});

type Place = Readonly<{ where: 'path'; path: string } | { where: 'query' | 'header' }>;

/** The members of a form as parameters of a route. */
export function parameters(form: z.ZodObject | undefined, place: Place, schemas: Schemas): Json[] {
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
