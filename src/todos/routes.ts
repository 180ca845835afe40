import express, { type RequestHandler } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageQuery, readTimeCursor, toTimePage } from '../api/page.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { noStore } from '../http/no-store.ts';
import { type InTurn, inPersonTurn } from '../http/turns.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf } from '../sessions/session.ts';

/** Most todos of a person, and of a list without pages: the workshop's client knows no pages. */
const mostTodos = 1_000;

const todo = z
  .object({
    id: z.string().meta({ examples: ['tod_01k9…'] }),
    task: z.string(),
    completed: z.boolean(),
    createdAt: z.date(),
    completedAt: z.date().nullable(),
  })
  .meta({ id: 'Todo' });
const shown = { id: true, task: true, completed: true, createdAt: true, completedAt: true } as const;

/** JSON Schema knows no trimming: the pattern tells the readers of the document. */
const task = z.string().trim().min(1).max(1000).regex(/\S/);
const params = z.object({ id: z.string() });
const tag = 'Todos';

type Deps = Readonly<{ prisma: PrismaClient; pool: Pool; inTurn: InTurn }>;

/** A signed-in person's own todos. */
export function todoOperations(deps: Deps): readonly Operation[] {
  const { prisma, pool } = deps;
  return [
    operation({
      method: 'get',
      path: '/api/todos',
      id: 'listTodos',
      tag,
      summary: 'Your todos, oldest first',
      description: 'All at once, or page by page with `limit` and `cursor`.',
      query: z.object({
        ...pageQuery,
        limit: z.coerce.number().int().min(1).max(mostTodos).default(mostTodos).describe('Todos of a page.'),
      }),
      turn: 'own',
      success: {
        status: 200,
        description: 'All of them, or a page; `next` is the cursor of the one after it; there is none at the end.',
        schema: z.object({ todos: z.array(todo), next: z.string().optional() }),
      },
      problems: ['too_many_requests'],
      handle: async ({ principal, query: { limit, cursor } }) => {
        const { orgId, userId } = principal;
        const after = readTimeCursor(cursor);
        const values = [orgId, userId, after?.createdAt ?? null, after?.id ?? null, limit + 1];
        const { rows } = await pool.query({ name: 'list-todos', text: listSql, values });
        const { items, next } = toTimePage(rows, limit);
        // A whole list looks as it always did to clients that know no pages.
        return { todos: items, ...(next !== null && { next }) };
      },
    }),
    operation({
      method: 'post',
      path: '/api/todos',
      id: 'addTodo',
      tag,
      summary: 'Add a todo',
      description: `A person may have ${mostTodos} of them.`,
      body: z.object({ task, completed: z.boolean().default(false).describe('It is done already.') }),
      bodyExample: { task: 'Follow the white rabbit' },
      success: { status: 201, description: 'The new one.', schema: todo },
      problems: ['conflict', 'too_many_requests'],
      handle: ({ principal, body }) => addTodo(deps, principal, body),
    }),
    operation({
      method: 'put',
      path: '/api/todos/{id}',
      id: 'changeTodo',
      tag,
      summary: 'Change a todo',
      description: 'Changes what is given; other members are ignored.',
      params,
      // The workshop's client sends the whole todo back: other members are ignored.
      body: z.object({ task: task.optional(), completed: z.boolean().optional() }),
      bodyExample: { completed: true },
      success: { status: 200, description: 'As it is now.', schema: todo },
      problems: ['not_found'],
      handle: async ({ principal, params: { id }, body }) => {
        const { completed } = body;
        const where = { ...ownedBy(principal), id };
        const changed = await prisma.$transaction(async (transaction) => {
          if (body.task !== undefined) await transaction.todo.updateMany({ where, data: { task: body.task } });
          // Only a change of `completed` moves the time.
          if (completed !== undefined)
            await transaction.todo.updateMany({
              where: { ...where, completed: !completed },
              data: { completed, completedAt: completed ? new Date() : null },
            });
          return transaction.todo.findFirst({ where, select: shown });
        });
        if (!changed) throw noSuchTodo();
        return changed;
      },
    }),
    operation({
      method: 'delete',
      path: '/api/todos/{id}',
      id: 'removeTodo',
      tag,
      summary: 'Remove a todo',
      description: 'It cannot be had back.',
      params,
      success: { status: 204, description: 'It is gone.' },
      problems: ['not_found'],
      handle: async ({ principal, params: { id } }) => {
        const { count } = await prisma.todo.deleteMany({ where: { ...ownedBy(principal), id } });
        if (count === 0) throw noSuchTodo();
      },
    }),
  ];
}

/**
 * `POST /todos`: the form of the page of the list, for whoever presses Enter before its script has
 * come. Without a live session, or with an empty field, the page itself says what is next.
 */
export function todoFormEndpoint(deps: Deps): Endpoint {
  const addByForm: RequestHandler = async (req, res) => {
    const principal = principalOf(req);
    const form = z.object({ task }).safeParse(req.body ?? {});
    if (principal && form.success) await addTodo(deps, principal, { task: form.data.task, completed: false });
    res.redirect(303, '/todos');
  };
  return endpoint({
    method: 'post',
    path: '/todos',
    id: 'addTodoByForm',
    tag,
    summary: 'Add a todo by the form of the page',
    description: 'For browsers, before the page’s script has come.',
    bodyType: 'application/x-www-form-urlencoded',
    body: z.object({ task }),
    security: ['session'],
    securityOptional: true,
    success: { status: 303, description: 'To the list.', headers: { Location: 'The page.' } },
    problems: ['conflict', 'too_many_requests', 'foreign_origin', 'content_too_large'],
    handlers: [noStore, express.urlencoded({ extended: false, limit: '16kb', parameterLimit: 20 }), addByForm],
  });
}

async function addTodo(
  { pool, inTurn }: Deps,
  principal: Principal,
  { task, completed }: { task: string; completed: boolean },
): Promise<unknown> {
  const { orgId, userId } = principal;
  const added = await inPersonTurn(inTurn, principal, () =>
    transaction(pool, async (client) => {
      // A person's additions wait for each other, so that many at once keep the limit. No row
      // of the person is locked: a revocation would wait for it.
      await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`todos ${orgId} ${userId}`]);
      const { rows } = await client.query({
        name: 'add-todo',
        text: `INSERT INTO todos (org_id, id, user_id, task, completed, completed_at)
               SELECT $1, $2, $3, $4, $6, CASE WHEN $6 THEN now() END
               WHERE (SELECT count(*) FROM (SELECT FROM todos WHERE org_id = $1 AND user_id = $3 LIMIT $5) mine) < $5
               RETURNING ${columns}`,
        values: [orgId, newId('todo'), userId, task, mostTodos, completed],
      });
      return rows[0];
    }),
  );
  if (!added) throw new AppError('conflict', `You have ${mostTodos} todos, the most one may have. Remove some first.`);
  return added;
}

const columns = 'id, task, completed, created_at AS "createdAt", completed_at AS "completedAt"';

// A thousand todos through Prisma take Node several times as long, and everybody waits for Node.
const listSql = `
  SELECT ${columns} FROM todos
  WHERE org_id = $1 AND user_id = $2 AND ($3::timestamptz IS NULL OR (created_at, id) > ($3, $4))
  ORDER BY created_at, id LIMIT $5`;

const ownedBy = ({ orgId, userId }: Principal) => ({ orgId, userId });

/** Another person's todo looks exactly like one that doesn't exist. */
function noSuchTodo(): AppError {
  return new AppError('not_found', 'You have no todo with this id.');
}
