import { z } from 'zod';
import type { Documented, Success } from '../api/endpoint.ts';

const shown: Success = { status: 200, description: 'The page.', contentTypes: ['text/html'] };
const elsewhere: Success = {
  status: 303,
  description: 'To the sign-in, or to what is next.',
  headers: { Location: 'Where to.' },
};

const page = (path: string, id: string, summary: string, more: Partial<Documented> = {}): Documented => ({
  method: 'get',
  path,
  id,
  tag: 'Pages',
  summary,
  security: [],
  success: shown,
  ...more,
});
const personal = { security: ['session'], securityOptional: true, also: [elsewhere] } as const;

export const webDocumentation: readonly Documented[] = [
  page('/', 'showStart', 'Sign in', personal),
  page('/todos', 'showTodos', 'Your todos', personal),
  page('/devices', 'showDevices', 'Where you are signed in', personal),
  page('/signed-out', 'showSignedOut', 'Why you were signed out', {
    query: z.object({ reason: z.string().optional(), at: z.string().optional() }),
  }),
  page('/problems', 'listProblems', 'Every problem that an answer may name'),
  page('/problems/{code}', 'showProblem', 'What a problem means, and how to go on', {
    params: z.object({ code: z.string() }),
    also: [{ status: 404, description: 'There is no such problem.', contentTypes: ['text/html'] }],
  }),
];
