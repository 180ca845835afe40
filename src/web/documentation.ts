import { z } from 'zod';
import type { Documented, Success } from '../api/operation.ts';

const shown: Success = { status: 200, description: 'The page.', contentTypes: ['text/html'] };
const elsewhere: Success = {
  status: 303,
  description: 'To the sign-in, or to what is next.',
  headers: { Location: 'Where to.' },
};

const page = (
  path: string,
  id: string,
  [summary, description]: readonly [string, string],
  more: Partial<Documented> = {},
): Documented => ({
  method: 'get',
  path,
  id,
  tag: 'Pages',
  summary,
  description,
  security: [],
  success: shown,
  ...more,
});
const personal = { security: ['session'], securityOptional: true, also: [elsewhere] } as const;

export const webDocumentation: readonly Documented[] = [
  page(
    '/',
    'showStart',
    [
      'Sign in',
      'Asks for a work address, and leads to the identity provider of its organisation. Whoever is signed in goes on to their todos.',
    ],
    personal,
  ),
  page('/todos', 'showTodos', ['Your todos', 'Closes by itself the moment that its session ends.'], personal),
  page(
    '/devices',
    'showDevices',
    ['Where you are signed in', 'Browsers and apps, each with a button that ends it.'],
    personal,
  ),
  page(
    '/signed-out',
    'showSignedOut',
    ['Why you were signed out', 'Says when and by whom. Nothing on it is personal.'],
    {
      query: z.object({ reason: z.string().optional(), at: z.string().optional() }),
    },
  ),
  page('/problems', 'listProblems', [
    'Every problem that an answer may name',
    'The codes of problem details (RFC 9457).',
  ]),
  page(
    '/problems/{code}',
    'showProblem',
    ['What a problem means, and how to go on', 'The `type` of problem details leads here.'],
    {
      params: z.object({ code: z.string() }),
      also: [{ status: 404, description: 'There is no such problem.', contentTypes: ['text/html'] }],
    },
  ),
];
