import { type RequestHandler, Router } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import { readCursor, toPage } from '../api/page.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { jsonBody } from '../http/json-body.ts';
import { allowOnly } from '../http/problem.ts';
import { type InTurn, inOwnTurn, queueOfPerson } from '../http/turns.ts';
import { requireSession, signedInPrincipal } from '../sessions/session.ts';
import { listQuery, mostTodos } from './documentation.ts';

// The workshop's client sends the whole todo back: members that aren't ours to change are ignored.
const newTodo = z.object({ task: z.string().trim().min(1).max(1000) });
const changedTodo = z.object({ task: newTodo.shape.task.optional(), completed: z.boolean().optional() });
const when = z.iso.datetime({ precision: 3 });
const shown = { id: true, task: true, completed: true, createdAt: true, completedAt: true } as const;

/**
 * GET    /api/todos       the signed-in person's todos, oldest first: {todos: [{id, task, completed, createdAt, completedAt}],
 *                         next}, with `limit` and `cursor` a page of them
 * POST   /api/todos       {task}: 201 with the todo; 409 for whoever has as many as one may have
 * PUT    /api/todos/:id   {task?, completed?}: the todo
 * DELETE /api/todos/:id   204
 */
export function createTodoRoutes(deps: { prisma: PrismaClient; pool: Pool; inTurn: InTurn }): Router {
  const { prisma, pool, inTurn } = deps;
  const list: RequestHandler = async (req, res) => {
    const { limit, cursor } = parse(listQuery, req.query);
    const after = readAfter(cursor);
    const rows = await inOwnTurn(inTurn, ownedBy(req), () =>
      prisma.todo.findMany({
        where: {
          ...ownedBy(req),
          ...(after && {
            createdAt: { gte: after.createdAt },
            NOT: { createdAt: after.createdAt, id: { lte: after.id } },
          }),
        },
        select: shown,
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        take: limit + 1,
      }),
    );
    const { items, next } = toPage(rows, limit, ({ createdAt, id }) => [createdAt.toISOString(), id]);
    // A whole list looks as it always did to clients that know no pages.
    res.json({ todos: items, ...(next === null ? {} : { next }) });
  };

  const create: RequestHandler = async (req, res) => {
    const { task } = parse(newTodo, req.body);
    const { orgId, userId } = ownedBy(req);
    const todo = await inTurn(queueOfPerson({ orgId, userId }), () =>
      transaction(pool, async (client) => {
        // One at a time of a person's, so that of many at once none goes beyond the limit. No row of theirs is held: a revocation
        // would wait for it.
        await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`todos ${orgId} ${userId}`]);
        const { rows } = await client.query({
          name: 'add-todo',
          text: `INSERT INTO todos (org_id, id, user_id, task)
               SELECT $1, $2, $3, $4
               WHERE (SELECT count(*) FROM (SELECT FROM todos WHERE org_id = $1 AND user_id = $3 LIMIT $5) mine) < $5
               RETURNING id, task, completed, created_at AS "createdAt", completed_at AS "completedAt"`,
          values: [orgId, newId('todo'), userId, task, mostTodos],
        });
        return rows[0];
      }),
    );
    if (!todo) throw new AppError('conflict', `You have ${mostTodos} todos, the most one may have. Remove some first.`);
    res.status(201).json(todo);
  };

  const change: RequestHandler = async (req, res) => {
    const { task, completed } = parse(changedTodo, req.body);
    const where = { ...ownedBy(req), id: String(req.params.id) };
    const todo = await prisma.$transaction(async (transaction) => {
      if (task !== undefined) await transaction.todo.updateMany({ where, data: { task } });
      // Only a change of `completed` moves the time.
      if (completed !== undefined)
        await transaction.todo.updateMany({
          where: { ...where, completed: !completed },
          data: { completed, completedAt: completed ? new Date() : null },
        });
      return transaction.todo.findFirst({ where, select: shown });
    });
    if (!todo) throw noSuchTodo();
    res.json(todo);
  };

  const remove: RequestHandler = async (req, res) => {
    const { count } = await prisma.todo.deleteMany({ where: { ...ownedBy(req), id: String(req.params.id) } });
    if (count === 0) throw noSuchTodo();
    res.status(204).end();
  };

  const router = Router();
  router
    .route('/')
    .all(requireSession)
    .get(list)
    .post(jsonBody(), create)
    .all(allowOnly('GET', 'HEAD', 'POST'));
  router.route('/:id').all(requireSession).put(jsonBody(), change).delete(remove).all(allowOnly('PUT', 'DELETE'));
  return router;
}

function ownedBy(req: Parameters<RequestHandler>[0]) {
  const { orgId, userId } = signedInPrincipal(req);
  return { orgId, userId };
}

/** @throws AppError invalid_request */
function readAfter(cursor: string | undefined): { createdAt: Date; id: string } | null {
  const [time, id] = readCursor(cursor, 2) ?? [];
  if (time === undefined || id === undefined) return null;
  return { createdAt: new Date(parse(when, time)), id };
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new AppError('invalid_request', wrong.join('; '));
}

/** Another person's todo looks exactly like one that doesn't exist. */
function noSuchTodo(): AppError {
  return new AppError('not_found', 'You have no todo with this id.');
}
