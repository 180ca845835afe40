import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { readCursor, toPage } from '../api/page.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import { jsonBody } from '../http/json-body.ts';
import { allowOnly } from '../http/problem.ts';
import { requireSession, signedInPrincipal } from '../sessions/session.ts';

// The workshop's client sends the whole todo back: members that aren't ours to change are ignored.
const newTodo = z.object({ task: z.string().trim().min(1).max(1000) });
const changedTodo = z.object({ task: newTodo.shape.task.optional(), completed: z.boolean().optional() });
/** A client that knows no pages gets all that a person may have. */
export const mostTodos = 1000;
export const todoPage = z.object({
  limit: z.coerce.number().int().min(1).max(mostTodos).default(mostTodos).describe('Rows of a page.'),
  cursor: z.string().max(1024).optional().describe('`next` of the page before.'),
});
const shown = { id: true, task: true, completed: true, createdAt: true, completedAt: true } as const;

/**
 * GET    /api/todos       the signed-in person's todos, oldest first, a page: {todos: [{id, task, completed, createdAt, completedAt}], next}
 * POST   /api/todos       {task}: 201 with the todo; 409 for one more than 1,000
 * PUT    /api/todos/:id   {task?, completed?}: the todo
 * DELETE /api/todos/:id   204
 */
export function createTodoRoutes({ prisma }: { prisma: PrismaClient }): Router {
  const list: RequestHandler = async (req, res) => {
    const { limit, cursor } = parse(todoPage, req.query);
    const [createdAt, id = ''] = readCursor(cursor, 2) ?? [];
    const after = createdAt === undefined ? null : new Date(createdAt);
    if (after && Number.isNaN(after.getTime())) throw new AppError('invalid_request', '"cursor" names no page.');
    const rows = await prisma.todo.findMany({
      where: {
        ...ownedBy(req),
        ...(after ? { OR: [{ createdAt: { gt: after } }, { createdAt: after, id: { gt: id } }] } : {}),
      },
      select: shown,
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      take: limit + 1,
    });
    const { items, next } = toPage(rows, limit, (todo) => [todo.createdAt.toISOString(), todo.id]);
    // A list that is whole looks as it does to clients that know no pages.
    res.json({ todos: items, ...(next ? { next } : {}) });
  };

  const create: RequestHandler = async (req, res) => {
    const { task } = parse(newTodo, req.body);
    const owner = ownedBy(req);
    const todo = await prisma.$transaction(async (transaction) => {
      // One at a time of a person, so that many at once don't pass the limit together. Not the user's row: revocations need it.
      await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`todos ${owner.orgId} ${owner.userId}`}, 0))::text`;
      if ((await transaction.todo.count({ where: owner, take: mostTodos })) >= mostTodos)
        throw new AppError(
          'conflict',
          `You have ${mostTodos} todos, which is the most there can be. Remove some first.`,
        );
      return transaction.todo.create({ data: { ...owner, id: newId('todo'), task }, select: shown });
    });
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

function parse<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new AppError('invalid_request', wrong.join('; '));
}

/** Another person's todo looks exactly like one that doesn't exist. */
function noSuchTodo(): AppError {
  return new AppError('not_found', 'You have no todo with this id.');
}
