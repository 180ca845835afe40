import type { Request, Response } from 'express';
import type { Pool } from 'pg';
import type { z } from 'zod';
import { createWork, type Input, type Operation, wrongInQuery } from '../api/operation.ts';
import { isForeignCursor } from '../api/page.ts';
import type { InTurn } from '../http/turns.ts';
import { signedInPrincipal } from '../sessions/session.ts';
import { markOfOperation } from './say-problem.ts';

/** Asks an operation of the API in this process; the answer is what its route would send. */
export type Ask<Schema extends z.ZodType | null> = (
  visit: Readonly<{ req: Request; res: Response }>,
  input?: Input,
) => Promise<Schema extends z.ZodType ? z.output<Schema> : undefined>;

/**
 * `id`: the operation's; `schema`: the very one of its answer, or null where it has none. With
 * `takesTurn` it waits for a turn of its own, for screens that take none.
 */
export type Use = <Schema extends z.ZodType | null>(
  id: string,
  schema: Schema,
  options?: Readonly<{ takesTurn?: true }>,
) => Ask<Schema>;

/**
 * The console's way to the operations of the API: the same rights, forms and record, and no second
 * logic. An operation runs outside of any turn: a page that reads takes one for all of them.
 */
export function createUse({ pool, inTurn }: { pool: Pool; inTurn: InTurn }, operations: readonly Operation[]): Use {
  return ((id: string, schema: z.ZodType | null, { takesTurn }: { takesTurn?: true } = {}) => {
    const definition = operations.find((operation) => operation.id === id);
    if (!definition || (definition.success.schema ?? null) !== schema)
      throw new Error(`no operation "${id}" answers in this form`);
    const { allow, carryOut } = createWork({ pool }, definition);

    /** An old address still shows its list: what it asks for that isn't there any more is let go. */
    const look = (req: Request, res: Response, input: Input) => {
      const asked = { ...(input.query as Record<string, unknown>) };
      for (const name of wrongInQuery(definition, asked)) if (asked[name] === inAddress(req, name)) delete asked[name];
      const { cursor, ...query } = asked;
      const first = () => carryOut(req, res, { ...input, query });
      if (cursor === undefined) return first();
      return carryOut(req, res, { ...input, query: { ...query, cursor } }).catch((error) => {
        if (isForeignCursor(error)) return first();
        throw error;
      });
    };

    return async ({ req, res }: { req: Request; res: Response }, input: Input = {}) => {
      const asked = { params: {}, query: {}, ...input };
      try {
        await allow(req, asked.params);
        const work = () => (definition.method === 'get' ? look(req, res, asked) : carryOut(req, res, asked));
        const answer = await (takesTurn ? inTurn('lists', signedInPrincipal(req).orgId, work, res) : work());
        // Times become texts, as for every other client of the API.
        return schema ? JSON.parse(JSON.stringify(answer)) : undefined;
      } catch (error) {
        markOfOperation(error);
        throw error;
      }
    };
  }) as Use;
}

/** What the page's own address says; what a page looks for by itself is never widened. */
const inAddress = ({ query }: Request, name: string): unknown => [query[name]].flat().at(-1);
