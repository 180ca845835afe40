import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { sendPage } from '../pages.ts';
import { type SecurityEventName, securityEvents } from '../signal-tokens.ts';
import type { Signal } from '../signals.ts';
import type { DemoTenant, DemoUser } from '../tenant.ts';
import { callsPage } from './calls-page.ts';
import { type PersonForm, personForms } from './forms.ts';
import { createGuard } from './guard.ts';
import { adminPath, personPath, problemPage } from './layout.ts';
import { peoplePage } from './people-page.ts';
import { personFormPage, personPage } from './person-page.ts';
import { settingsPage } from './settings-page.ts';

class ConsoleRefusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Fields = Record<string, unknown>;

/** A tenant's admin console, for development: no sign-in, loopback only; only its own forms act. */
export function createAdminRoutes(tenant: DemoTenant): Router {
  const refusalOf = createGuard(tenant.issuer);
  const router = Router();

  router.use(guard);
  router.get('/', (_request, response) => sendPage(response, 200, peoplePage(tenant)));
  router.get('/people/:subject', showPerson);
  router.get('/people/:subject/:form', showForm);
  router.post('/people/:subject/:form', readForm, act);
  router.get('/calls', (_request, response) => sendPage(response, 200, callsPage(tenant)));
  router.get('/settings', showSettings);
  router.post('/settings/rotate-keys', readForm, rotateKeys);
  router.post('/settings/subject', readForm, nameBy);
  router.use(() => {
    throw new ConsoleRefusal(404, 'The console has no such page.');
  });
  router.use(showProblem);
  return router;

  function guard(request: Request, _response: Response, next: NextFunction) {
    const refusal = refusalOf(request);
    if (refusal) throw new ConsoleRefusal(403, refusal);
    next();
  }

  function showPerson(request: Request, response: Response) {
    const user = find(request);
    const done = tenant
      .history()
      .find(({ id, person }) => id === request.query.done && person.subject === user.subject);
    sendPage(response, 200, personPage(tenant, user, done));
  }

  function showForm(request: Request, response: Response) {
    sendPage(response, 200, personFormPage(tenant, find(request), findForm(request)));
  }

  async function act(request: Request, response: Response) {
    const user = find(request);
    const form = findForm(request);
    const { id } = await carryOut(form.id, user, request.body ?? {});
    response.redirect(303, `${personPath(tenant, user.subject)}?done=${id}`);
  }

  function carryOut(form: string, { subject }: DemoUser, fields: Fields): Promise<Signal> {
    if (form === 'clear-sessions') return tenant.clearSessions(subject, { includeApps: fields.includeApps === 'yes' });
    if (form === 'backchannel-logout') {
      const sid = typeof fields.sid === 'string' && fields.sid !== '' ? fields.sid : undefined;
      return tenant.sendBackchannelLogout(subject, { sid, keepSessions: fields.endHere !== 'yes' });
    }
    return tenant
      .sendSecurityEvent(subject, knownEvent(fields.event), { subject: knownFormat(fields.subject) })
      .catch((error: unknown) => {
        // The receiver's address is looked up at the app, which may not have an address yet.
        throw new ConsoleRefusal(409, error instanceof Error ? error.message : String(error));
      });
  }

  function showSettings({ query: { done } }: Request, response: Response) {
    sendPage(response, 200, settingsPage(tenant, done === 'rotated' || done === 'saved' ? done : undefined));
  }

  function rotateKeys(request: Request, response: Response) {
    const fields: Fields = request.body ?? {};
    tenant.rotateKeys({ keepOld: fields.dropOld !== 'yes' });
    response.redirect(303, `${adminPath(tenant)}/settings?done=rotated`);
  }

  function nameBy(request: Request, response: Response) {
    if (!tenant.app()) throw new ConsoleRefusal(409, 'No app is assigned.');
    tenant.updateApp({ subjectFormat: knownFormat(request.body?.subject) });
    response.redirect(303, `${adminPath(tenant)}/settings?done=saved`);
  }

  function find(request: Request): DemoUser {
    const user = tenant.users().find(({ subject }) => subject === request.params.subject);
    if (!user) throw new ConsoleRefusal(404, 'Nobody in this directory has that subject.');
    return user;
  }

  function findForm(request: Request): PersonForm {
    const form = personForms.find(({ id }) => id === request.params.form);
    if (!form) throw new ConsoleRefusal(404, 'The console has no such page.');
    if (form.needsApp && !tenant.app())
      throw new ConsoleRefusal(409, 'No app is assigned: there is nobody to send it to.');
    return form;
  }

  function showProblem(error: unknown, _request: Request, response: Response, next: NextFunction) {
    const status = error instanceof Error && 'status' in error ? Number(error.status) : 500;
    if (!(error instanceof Error) || status >= 500) return next(error);
    sendPage(response, status, problemPage(tenant, `This did not work (${status})`, error.message));
  }
}

const readForm = express.urlencoded({ extended: false, limit: '10kb' });

function knownEvent(event: unknown): SecurityEventName {
  if (typeof event !== 'string' || !Object.hasOwn(securityEvents, event))
    throw new ConsoleRefusal(400, 'No such event.');
  return event as SecurityEventName;
}

function knownFormat(format: unknown): 'email' | 'iss_sub' {
  if (format !== 'email' && format !== 'iss_sub') throw new ConsoleRefusal(400, 'No such way to name a person.');
  return format;
}
