import { z } from 'zod';
import type { Documented } from '../api/operation.ts';

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
    success: { status: 200, description: 'All of them.', schema: z.object({ todos: z.array(todo) }) },
  },
  {
    method: 'post',
    path: '/api/todos',
    id: 'addTodo',
    tag,
    summary: 'Add a todo',
    body: z.object({ task: z.string().min(1).max(1000) }),
    bodyExample: { task: 'Follow the white rabbit' },
    success: { status: 201, description: 'The new one.', schema: todo },
  },
  {
    method: 'put',
    path: '/api/todos/{id}',
    id: 'changeTodo',
    tag,
    summary: 'Change a todo',
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
    params,
    success: { status: 204, description: 'It is gone.' },
    problems: ['not_found'],
  },
];
