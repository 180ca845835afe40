import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { PrismaClient } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import { jsonBody } from '../http/json-body.ts';
import { allowOnly } from '../http/problem.ts';
import { requireSession, signedInPrincipal } from '../sessions/session.ts';

// The workshop's client sends the whole todo back: members that aren't ours to change are ignored.
const newTodo = z.object({ task: z.string().trim().min(1).max(1000) });
const changedTodo = z.object({ task: newTodo.shape.task.optional(), completed: z.boolean().optional() });
const shown = { id: true, task: true, completed: true, createdAt: true, completedAt: true } as const;

/**
 * GET    /api/todos       the signed-in person's todos, oldest first: {todos: [{id, task, completed, createdAt, completedAt}]}
 * POST   /api/todos       {task}: 201 with the todo
 * PUT    /api/todos/:id   {task?, completed?}: the todo
 * DELETE /api/todos/:id   204
 */
export function createTodoRoutes({ prisma }: { prisma: PrismaClient }): Router {
  const list: RequestHandler = async (req, res) => {
    const todos = await prisma.todo.findMany({
      where: ownedBy(req),
      select: shown,
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    });
    res.json({ todos });
  };

  const create: RequestHandler = async (req, res) => {
    const { task } = parse(newTodo, req.body);
    const todo = await prisma.todo.create({ data: { ...ownedBy(req), id: newId('todo'), task }, select: shown });
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
