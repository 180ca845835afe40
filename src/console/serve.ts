import { setTimeout as delay } from 'node:timers/promises';
import express, { type Request, type RequestHandler, type Response } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Endpoint } from '../api/endpoint.ts';
import { requireRecentAuthentication } from '../api/operation.ts';
import { may, type Permission, requireRole } from '../api/permissions.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { noStore } from '../http/no-store.ts';
import { logFailure, toAppError } from '../http/problem.ts';
import { safeReturnTo } from '../http/return-to.ts';
import { type InTurn, inOwnTurn } from '../http/turns.ts';
import type { administrators } from '../me/administrators.ts';
import type { Feed } from '../notifications/feed.ts';
import { giveBack, isSettled, settle, spendNow } from '../revocation/once.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf } from '../sessions/session.ts';
import type { Texts } from '../texts/texts.ts';
import { textsFor } from '../web/language.ts';
import { whyOut } from '../web/routes.ts';
import { sendPage } from '../web/send-page.ts';
import { filesOf, readFormData } from './form-data.ts';
import { renderConsole, renderOwn } from './frame.ts';
import { givenOf, typed } from './given.ts';
import type { KeptForms } from './kept-forms.ts';
import { forgetNotice, leaveNotice, type Notice, readNotice } from './notice.ts';
import type { Ask } from './operations.ts';
import { homeOf, renderForMembers, viewForMembers, viewOfProblem, viewOfStepUp } from './problem-views.ts';
import { type Done, type Given, isChecked, type Screen, textOf, type View, type Visit } from './screen.ts';

export type ConsoleDeps = Readonly<{
  config: Config;
  pool: Pool;
  accessPool: Pool;
  inTurn: InTurn;
  feed: Feed;
  keptForms: KeptForms;
  log: Logger;
  /** For members, who are told whom to turn to. */
  listMyAdministrators: Ask<typeof administrators>;
}>;

const readFields = express.urlencoded({ extended: false, limit: '512kb', parameterLimit: 2_000 });
/**
 * Milliseconds in which a form that was sent twice is known. The mark of a page counts from when it
 * is sent, however long it lay open before. A form that leads on is in no history: it comes twice by
 * a second click, or by a browser that tries again or still has the page in memory, for minutes. An
 * answer that is shown once is the answer to a post: a reload, or a browser that opens its tabs again
 * the next morning, sends that anew. A mark takes 300 bytes.
 */
const onceLifetime = { leadsOn: 3_600_000, shownOnce: 24 * 3_600_000 } as const;

/** Pages that say why not; they stand in the frame wherever it is known who asks. */
const refusals = [400, 401, 403, 404, 409, 413, 429].map((status) => ({
  status,
  description: 'The page says why not, and what was typed.',
  contentTypes: ['text/html'],
}));
const form = z
  .looseObject({
    do: z
      .string()
      .describe('The button.')
      .meta({ examples: ['save'] }),
    once: z
      .string()
      .describe('The mark of the form as it was shown.')
      .meta({ examples: ['0b7c1f9e-5d55-4f0a-9d0c-6f2a8a3e1b47'] }),
  })
  .meta({ id: 'ConsoleForm' });

/**
 * Makes the routes of a screen: GET shows it, POST carries out what one of its buttons does and
 * leads on (a reload repeats nothing), or shows it again with what was typed and why not.
 */
export function toConsoleEndpoints(deps: ConsoleDeps, screen: Screen): readonly Endpoint[] {
  const names = [...screen.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, z.string()]);
  const documented = {
    path: screen.path,
    ...(names.length > 0 && { params: z.object(Object.fromEntries(names)) }),
    tag: 'Pages',
    description: screen.area === null ? 'A page of one’s own.' : 'A page of the console, for administrators.',
    security: ['session'],
    securityOptional: true,
  } as const;
  const page = { status: 200, description: 'The page.', contentTypes: ['text/html'] };
  const shown: Endpoint = {
    ...documented,
    method: 'get',
    id: screen.id,
    summary: screen.summary,
    success: page,
    also: [{ status: 303, description: 'To the sign-in.' }, ...refusals],
    handlers: [noStore, open(deps, screen)],
  };
  if (!screen.acts) return [shown];
  return [
    shown,
    {
      ...documented,
      method: 'post',
      id: `${screen.id}Act`,
      summary: `${screen.summary}: its forms`,
      description: 'The button’s `do` says what to do; `once` is the form’s own mark, which counts once.',
      bodyType: screen.uploads ? 'multipart/form-data' : 'application/x-www-form-urlencoded',
      body: form,
      success: { status: 303, description: 'Done; to the page that shows it.' },
      also: [page, ...refusals],
      handlers: [noStore, ...(screen.uploads ? readFormData(permissionOf(screen)) : [readFields]), send(deps, screen)],
    },
  ];
}

function open(deps: ConsoleDeps, screen: Screen): RequestHandler {
  return async (req, res) => {
    const principal = principalOf(req);
    if (!principal) return res.redirect(303, toSignIn(req));
    await guarded(deps, screen, visitOf(req, res, principal), async (visit) => {
      if (screen.recent) await requireRecentAuthentication(deps.pool, req);
      // What counts once is for the page that a person opens, not for a script that looks again.
      const isOpened =
        req.method === 'GET' &&
        (req.get('sec-fetch-dest') ?? 'document') === 'document' &&
        req.get('sec-purpose') === undefined;
      const kept = screen.acts && isOpened ? await deps.keptForms.take(principal, wayBack(req)) : null;
      const { notice, savedIn } = readNotice(req, visit.texts);
      const view = await lookAt(deps, screen, { ...visit, given: kept ?? {}, savedIn: isOpened ? savedIn : null });
      if (isOpened) forgetNotice(req, res);
      await show(deps, screen, visit, view, kept ? noticeOf(kept, screen) : isOpened ? notice : null);
    });
  };
}

/** Works in a turn of the org's lists, or of the person's own, where the screen's operations take none themselves. */
const inListTurn = <T>({ inTurn }: ConsoleDeps, screen: Screen, { principal, res }: Visit, work: () => Promise<T>) => {
  if (screen.turn === false) return work();
  return screen.area === null ? inOwnTurn(inTurn, principal, work, res) : inTurn('lists', principal.orgId, work, res);
};

const lookAt = (deps: ConsoleDeps, screen: Screen, visit: Visit): Promise<View> =>
  inListTurn(deps, screen, visit, () => screen.show(visit));

const permissionOf = ({ permission = 'org.read' }: Screen): Permission => permission;

/** Whether somebody had typed into the form, or had only pressed its button. */
const noticeOf = (kept: Given, { untyped = [] }: Screen): Notice =>
  Object.keys(kept).some((name) => name !== 'do' && !name.startsWith('was-') && !untyped.includes(name))
    ? 'kept'
    : 'keptButton';

/** Where a form's page is, as the browser has it: its query may say whom it is about. */
const wayBack = (req: Request): string => safeReturnTo(req.originalUrl) ?? req.path;

function toSignIn(req: Request): string {
  if (req.sessionEnd) return whyOut(req.sessionEnd, req.originalUrl);
  const returnTo = safeReturnTo(req.originalUrl);
  return returnTo === null ? '/' : `/?${new URLSearchParams({ returnTo }).toString()}`;
}

function send(deps: ConsoleDeps, screen: Screen): RequestHandler {
  return async (req, res) => {
    const given = givenOf(req.body);
    const principal = principalOf(req);
    const texts = textsFor(req, res);
    if (!principal)
      return sendPage(res, 401, () =>
        renderForMembers(texts, null, viewOfProblem(texts, signedOut(texts), typed(screen, given))),
      );
    const visit = { ...visitOf(req, res, principal), given };
    await guarded(deps, screen, visit, async () => {
      const name = textOf(given, 'do');
      const act = Object.hasOwn(screen.acts ?? {}, name) && screen.acts?.[name];
      if (!act) throw new AppError('invalid_request', texts.console.problems.unknownButton);
      const mark = { kind: 'form', id: textOf(given, 'once') } as const;
      const counts = !screen.looks?.includes(name);
      const lifetime = onceLifetime[isShownOnce(screen, given) ? 'shownOnce' : 'leadsOn'];
      if (counts && !(await isFirst(deps, visit, mark.id, lifetime)))
        return await sentBefore(deps, screen, visit, mark);
      try {
        // What only looks reads as much as the page itself does.
        const result = await (counts ? act(visit) : inListTurn(deps, screen, visit, () => act(visit)));
        const isDone = 'to' in result || isShownOnce(screen, given);
        // A page that only asks has done nothing: whoever goes back to the form may send it again.
        // What was done is done, also where this can't be noted.
        if (counts)
          await (isDone ? settle : giveBack)(deps.pool, principal.orgId, mark).catch((err: unknown) =>
            deps.log.warn({ err, requestId: req.id }, 'whether a form was carried out could not be noted'),
          );
        if ('to' in result) return leadOn(deps, res, result);
        await show(deps, screen, visit, result, null);
      } catch (error) {
        const problem = toAppError(error);
        if (problem.status >= 500) throw error;
        if (counts) await giveBack(deps.pool, principal.orgId, mark);
        if (problem.code === 'reauthentication_required') throw error;
        const view = await lookAt(deps, screen, { ...visit, problem });
        await show(deps, screen, { ...visit, problem }, { ...view, status: problem.status }, null);
      }
    });
  };
}

/**
 * Answers a form that was sent before. If it was carried out, as by a double click, the page shows
 * how things are. Else the answer to the first one was lost, and nobody knows: what was typed stays.
 */
async function sentBefore(
  deps: ConsoleDeps,
  screen: Screen,
  visit: Visit,
  mark: Readonly<{ kind: 'form'; id: string }>,
): Promise<void> {
  const { orgId } = visit.principal;
  // The first one may be under way just now.
  for (let waits = 0; waits < 10; waits++) {
    if (await isSettled(deps.pool, orgId, mark)) {
      const notice = isShownOnce(screen, visit.given) ? (screen.shownBefore ?? 'shownBefore') : 'sentBefore';
      return leadOn(deps, visit.res, { to: visit.req.originalUrl, notice });
    }
    await delay(200);
  }
  const view = await lookAt(deps, screen, visit);
  await show(deps, screen, visit, { ...view, status: 409 }, 'maybeDone');
}

const isShownOnce = ({ shownOnce = [] }: Screen, given: Given): boolean =>
  typeof shownOnce === 'function' ? shownOnce(given) : shownOnce.includes(textOf(given, 'do'));

/** Whether a form is sent for the first time, by its mark. @throws AppError invalid_request without one */
async function isFirst(
  { pool }: ConsoleDeps,
  { principal: { orgId }, texts }: Visit,
  once: string,
  lifetime: number,
): Promise<boolean> {
  if (!/^[\w-]{8,64}$/.test(once)) throw new AppError('invalid_request', texts.console.problems.brokenForm);
  const expiresAt = new Date(Date.now() + lifetime);
  return spendNow(pool, orgId, { kind: 'form', id: once, expiresAt });
}

/** Lets only those in who may, and shows what goes wrong in the console's own frame. */
async function guarded(
  deps: ConsoleDeps,
  screen: Screen,
  visit: Visit,
  work: (visit: Visit) => Promise<void>,
): Promise<void> {
  const { req, res, principal, texts } = visit;
  try {
    if (screen.area !== null) requireRole(principal.role, permissionOf(screen));
    await work(visit);
  } catch (error) {
    const problem = toAppError(error);
    if (res.headersSent || problem.code === 'internal_error') throw error;
    if (screen.area !== null && !may(principal.role, 'org.read')) return await showAdministrators(deps, screen, visit);
    logFailure(deps.log, req, problem, error);
    res.set(problem.headers);
    const given = typed(screen, visit.given);
    if (problem.code !== 'reauthentication_required')
      return await show(
        deps,
        screen,
        visit,
        { ...viewOfProblem(texts, problem, given, homeOf(texts, screen)), status: problem.status },
        null,
      );
    const isKept = !isSent(visit.given) || (await deps.keptForms.keep(principal, wayBack(req), given));
    const view = viewOfStepUp(texts, screen, principal, wayBack(req), isKept ? null : given);
    await show(deps, screen, visit, { ...view, status: problem.status }, null);
  }
}

/** For members, and for whoever has become one while they typed. */
async function showAdministrators(deps: ConsoleDeps, screen: Screen, visit: Visit): Promise<void> {
  const { res, principal, texts } = visit;
  const { items } = await inOwnTurn(deps.inTurn, principal, () => deps.listMyAdministrators(visit), res);
  const view = viewForMembers(texts, principal, items, typed(screen, visit.given));
  sendPage(res, 403, () => renderForMembers(texts, principal, view));
}

export async function show(
  deps: ConsoleDeps,
  { area }: Pick<Screen, 'area'>,
  visit: Visit,
  view: View,
  notice: Notice | null,
): Promise<void> {
  const { principal, texts, res } = visit;
  if (area === null) {
    const { status = 200 } = view;
    return sendPage(res, status, () => renderOwn(texts, { principal, view, notice, problem: visit.problem }));
  }
  // The number on the bell is no reason for a page to fail.
  const unread = await deps.feed.state(principal.orgId, principal.userId).then(
    ({ unreadCount }) => unreadCount,
    () => null,
  );
  sendPage(res, view.status ?? 200, () =>
    renderConsole(texts, { principal, view, area, notice, unread, problem: visit.problem }),
  );
}

export function visitOf(req: Request, res: Response, principal: Principal): Visit {
  const query = Object.entries(req.query).map(([name, value]) => [name, String([value].flat().at(-1))]);
  return {
    req,
    res,
    principal,
    texts: textsFor(req, res),
    params: req.params as Record<string, string>,
    query: Object.fromEntries(query),
    given: {},
    files: filesOf(req),
    problem: null,
    savedIn: null,
  };
}

const isSent = (given: Given) => isChecked(given, 'do');

const signedOut = (texts: Texts) => new AppError('not_signed_in', texts.console.problems.signedOutMeanwhile);

function leadOn({ config }: ConsoleDeps, res: Response, done: Done): void {
  leaveNotice(config, res, done);
  res.redirect(303, done.to);
}
