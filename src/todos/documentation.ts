import { z } from 'zod';
import type { Documented } from '../api/operation.ts';
import { pageQuery } from '../api/page.ts';

/** What one person may have, and what a list holds that asks for no pages: the workshop's client knows none. */
export const mostTodos = 1_000;

export const listQuery = z.object({
  ...pageQuery,
  limit: z.coerce.number().int().min(1).max(mostTodos).default(mostTodos).describe('Todos of a page.'),
});

const todo = z
  .object({
    id: z.string().meta({ examples: ['tod_01k9…'] }),
    task: z.string(),
    completed: z.boolean(),
    createdAt: z.date(),
    completedAt: z.date().nullable(),
  })
  .meta({ id: 'Todo' });
const params = z.object({ id: z.string() });
const tag = 'Todos';

export const todosDocumentation: readonly Documented[] = [
  {
    method: 'get',
    path: '/api/todos',
    id: 'listTodos',
    tag,
    summary: 'Your todos, oldest first',
    description: 'All at once, or page by page with `limit` and `cursor`.',
    query: listQuery,
    success: {
      status: 200,
      description: 'All of them, or a page; `next` is the cursor of the one after it; there is none at the end.',
      schema: z.object({ todos: z.array(todo), next: z.string().optional() }),
    },
    problems: ['invalid_request', 'too_many_requests'],
  },
  {
    method: 'post',
    path: '/api/todos',
    id: 'addTodo',
    tag,
    summary: 'Add a todo',
    description: `A person may have ${mostTodos} of them.`,
    body: z.object({ task: z.string().min(1).max(1000) }),
    bodyExample: { task: 'Follow the white rabbit' },
    success: { status: 201, description: 'The new one.', schema: todo },
    problems: ['conflict', 'too_many_requests'],
  },
  {
    method: 'put',
    path: '/api/todos/{id}',
    id: 'changeTodo',
    tag,
    summary: 'Change a todo',
    description: 'Changes what is given; other members are ignored.',
    params,
    body: z.object({ task: z.string().min(1).max(1000).optional(), completed: z.boolean().optional() }),
    bodyExample: { completed: true },
    success: { status: 200, description: 'As it is now.', schema: todo },
    problems: ['not_found'],
  },
  {
    method: 'delete',
    path: '/api/todos/{id}',
    id: 'removeTodo',
    tag,
    summary: 'Remove a todo',
    description: 'It cannot be had back.',
    params,
    success: { status: 204, description: 'It is gone.' },
    problems: ['not_found'],
  },
];
