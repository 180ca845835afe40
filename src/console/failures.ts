import express, { type ErrorRequestHandler, type Request, type Response } from 'express';
import { may } from '../api/permissions.ts';
import { logFailure, toAppError } from '../http/problem.ts';
import { principalOf } from '../sessions/session.ts';
import { textsFor } from '../web/language.ts';
import { sendPage } from '../web/send-page.ts';
import { givenOf, typed } from './given.ts';
import { homeOf, renderForMembers, viewOfProblem } from './problem-views.ts';
import type { Given, Screen } from './screen.ts';
import { type ConsoleDeps, show, visitOf } from './serve.ts';

const readFields = express.urlencoded({ extended: false, limit: '512kb', parameterLimit: 2_000 });

/**
 * Answers a form of the console with a page, with what was typed, also where the form never reached
 * its screen: it is too large, or the database that knows the session is away.
 */
export function createFailures(deps: ConsoleDeps, screens: readonly Screen[]): ErrorRequestHandler {
  const routes = screens.map((screen) => ({
    screen,
    pattern: new RegExp(`^${screen.path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`),
  }));
  return async (error, req, res, next) => {
    const screen = routes.find(({ pattern }) => pattern.test(req.path))?.screen;
    const problem = toAppError(error);
    // What another site's page sent is not shown: it could be made to look like words of ours.
    if (!screen || req.method !== 'POST' || res.headersSent || problem.code === 'foreign_origin') return next(error);
    if (req.accepts(['html', 'json']) !== 'html') return next(error);
    logFailure(deps.log, req, problem, error);
    const { secrets = [], untyped = [] } = screen;
    const given = typed({ secrets: [...secrets, ...untyped] }, await givenIn(req, res));
    const principal = principalOf(req);
    const texts = textsFor(req, res);
    res.set(problem.headers);
    const view = viewOfProblem(texts, problem, given, homeOf(texts, screen));
    if (principal && (screen.area === null || may(principal.role, 'org.read')))
      await show(deps, screen, visitOf(req, res, principal), view, null);
    else sendPage(res, problem.status, () => renderForMembers(texts, principal, view));
  };
}

/** The fields, read now if the request didn't come so far; none where they can't be read. */
async function givenIn(req: Request, res: Response): Promise<Given> {
  if (req.body === undefined) await new Promise<void>((resolve) => readFields(req, res, () => resolve()));
  return givenOf(req.body);
}
