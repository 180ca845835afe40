import { randomUUID } from 'node:crypto';
import { type DemoApp, findSecurityEventsUrl, type SubjectFormat } from './assigned-app.ts';
import { type SentCall, sendCall } from './send-call.ts';
import {
  logoutToken,
  revocationToken,
  type SecurityEventName,
  type SignalSubject,
  securityEvents,
  securityEventToken,
  subjectIdentifier,
  type UnsignedToken,
} from './signal-tokens.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { createStore } from './store.ts';

type DemoPerson = SignalSubject & { name: string };

/** An action on a person, and the app's answer. */
export type Signal = {
  id: string;
  at: Date;
  title: string;
  person: DemoPerson;
  /** How many sessions ended at this provider; null where the action ends none. */
  ended: number | null;
  /** null: nothing was sent. */
  call: SentCall | null;
};

type Deps = {
  issuer: string;
  keys: SigningKeys;
  store: ReturnType<typeof createStore>;
  clientId: () => string;
  /** @throws Error if there is no app. */
  app: () => DemoApp;
  hasApp: () => boolean;
  /** Finds by subject or e-mail address. @throws Error if there is no such person. */
  person: (who: string) => DemoPerson;
};

const remembered = 20;

/** The console's actions on people. Each returns the app's answer and stays in a short history. */
export function createSignals({ issuer, keys, store, clientId, app, hasApp, person }: Deps) {
  const history: Signal[] = [];

  function record(title: string, whom: DemoPerson, ended: number | null, call: SentCall | null): Signal {
    const { subject, email, name } = whom;
    const signal = { id: randomUUID(), at: new Date(), title, person: { subject, email, name }, ended, call };
    history.unshift(signal);
    history.length = Math.min(history.length, remembered);
    return signal;
  }

  async function post(
    { claims, header }: UnsignedToken,
    url: string,
    form: (token: string) => { headers: Record<string, string>; body: string },
  ): Promise<SentCall> {
    const token = await keys.sign(claims, header);
    return sendCall({ url, token, ...form(token) }, app().timeLimit);
  }

  function revoke(whom: DemoPerson): Promise<SentCall> {
    const { revocationEndpoint: url, subjectFormat = 'email' } = app();
    const body = JSON.stringify({ sub_id: subjectIdentifier(whom, subjectFormat, issuer) });
    return post(revocationToken(issuer, clientId(), url), url, (token) => ({
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body,
    }));
  }

  function logOut(whom: DemoPerson, sid?: string): Promise<SentCall> {
    return post(logoutToken(issuer, clientId(), whom, sid), app().backchannelLogoutUri, (token) => ({
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `logout_token=${token}`,
    }));
  }

  return {
    /** Newest first, the last 20. */
    history: (): readonly Signal[] => history,

    /**
     * "Clear user sessions": ends the person's sessions here, then, with `includeApps`, posts the
     * signed Global Token Revocation request to the app, as Okta does.
     */
    async clearSessions(who: string, { includeApps = false }: { includeApps?: boolean } = {}): Promise<Signal> {
      const whom = person(who);
      const ended = store.endSessions(whom.subject);
      return record('Clear user sessions', whom, ended, includeApps && hasApp() ? await revoke(whom) : null);
    },

    /**
     * Sends a logout token: with `sid` for that session here, without it for all of the person.
     * Ends the session or sessions here first, so that the token is true, unless `keepSessions` is
     * set.
     */
    async sendBackchannelLogout(
      who: string,
      { sid, keepSessions = false }: { sid?: string | undefined; keepSessions?: boolean } = {},
    ): Promise<Signal> {
      const whom = person(who);
      app();
      const ended = keepSessions
        ? null
        : store.endSessions(whom.subject, sid === undefined ? undefined : { sid, clientId: clientId() });
      return record('Back-channel logout', whom, ended, await logOut(whom, sid));
    },

    /** Sends the logout token after a sign-out here, which has ended the session itself. */
    async followSignOut(subject: string, sid?: string): Promise<void> {
      if (!hasApp()) return;
      const whom = person(subject);
      record('Back-channel logout after a sign-out here', whom, null, await logOut(whom, sid));
    },

    /**
     * Pushes a security event (RFC 8935). `subject`: how it names the person; default: the app's.
     */
    async sendSecurityEvent(
      who: string,
      event: SecurityEventName,
      { subject }: { subject?: SubjectFormat } = {},
    ): Promise<Signal> {
      const whom = person(who);
      const { subjectFormat = 'email' } = app();
      const url = await findSecurityEventsUrl(app());
      // Verification is about the stream and about nobody (SSF 1.0 §8.1.4.1).
      const subId =
        event === 'verification'
          ? { format: 'opaque', id: clientId() }
          : subjectIdentifier(whom, subject ?? subjectFormat, issuer);
      const call = await post(securityEventToken(issuer, url, event, subId), url, (token) => ({
        headers: { 'Content-Type': 'application/secevent+jwt', Accept: 'application/json' },
        body: token,
      }));
      return record(securityEvents[event].title, whom, null, call);
    },
  };
}
