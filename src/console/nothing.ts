import type { RequestHandler } from 'express';
import { may } from '../api/permissions.ts';
import { AppError } from '../errors.ts';
import { principalOf } from '../sessions/session.ts';
import { viewOfProblem } from './problem-views.ts';
import { type ConsoleDeps, show, visitOf } from './serve.ts';

/** Answers an address below /admin that no page has: whoever administers keeps the menu. */
export function createShowNothing(deps: ConsoleDeps): RequestHandler {
  return async (req, res, next) => {
    const principal = principalOf(req);
    if (req.method !== 'GET' || !req.path.startsWith('/admin/') || req.accepts(['json', 'html']) !== 'html')
      return next();
    if (!principal || !may(principal.role, 'org.read')) return next();
    const visit = visitOf(req, res, principal);
    const { console: words } = visit.texts;
    const view = viewOfProblem(visit.texts, new AppError('not_found', words.problems.noPage), {});
    const trail = [{ label: words.areas.overview, href: '/admin' }];
    await show(deps, { area: 'overview' }, visit, { ...view, trail }, null);
  };
}
