import type { KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { DemoApp } from './assigned-app.ts';
import { createDemoProvider, type DemoClient } from './provider.ts';
import { createSignals } from './signals.ts';
import { createSigningKeys } from './signing-keys.ts';
import { createStore, type DemoSession } from './store.ts';

export type DemoUser = {
  subject: string;
  email: string;
  emailVerified?: boolean;
  name: string;
  givenName?: string;
  familyName?: string;
  password: string;
};

export type DemoTenantOptions = {
  /** One path segment: the issuer is `<url>/<path>`. */
  path: string;
  name: string;
  client: DemoClient;
  users: DemoUser[];
  /** Its first signing key; default a new one. */
  signingKey?: KeyObject;
  /** The app behind `client`, which receives the console's calls. */
  app?: DemoApp;
};

export type DemoTenant = ReturnType<typeof createTenant>;

/**
 * One organisation's identity provider: a real OpenID provider, its people, and their assigned app.
 */
export function createTenant(url: string, options: DemoTenantOptions, log: (message: string) => void) {
  const { path, name } = options;
  const issuer = `${url}/${path}`;
  const users = new Map(options.users.map((user) => [user.subject, { ...user }]));
  const store = createStore();
  const keys = createSigningKeys(options.signingKey);
  let { client, app } = options;
  let provider: Provider;
  let handle: ReturnType<Provider['callback']>;

  const byEmail = (email: string) =>
    [...users.values()].find((user) => user.email.toLowerCase() === email.trim().toLowerCase());
  const person = (who: string): DemoUser => {
    const found = users.get(who) ?? byEmail(who);
    if (!found) throw new Error(`${path} has no user ${who}`);
    return found;
  };
  const assignedApp = (): DemoApp => {
    if (!app) throw new Error(`${path} has no app`);
    return app;
  };

  const { followSignOut, ...signals } = createSignals({
    issuer,
    keys,
    store,
    clientId: () => client.id,
    app: assignedApp,
    hasApp: () => app !== undefined,
    person,
  });

  // The library takes keys and clients at construction; lasting data is in the store.
  const rebuild = () => {
    const findUser = (subject: string) => {
      const user = users.get(subject);
      return user && { ...user, emailVerified: user.emailVerified ?? true };
    };
    const options = { issuer, path, name, client, keys: keys.jwks(), store, findUser, onSignOut: followSignOut, log };
    provider = createDemoProvider(options);
    handle = provider.callback();
  };
  rebuild();

  return {
    path,
    name,
    issuer,
    /** A rotation of keys makes a new one. */
    provider: () => provider,
    /** Answers the requests of OpenID Connect. */
    handle: (request: IncomingMessage, response: ServerResponse) => handle(request, response),
    store,
    users: (): DemoUser[] => [...users.values()],
    byEmail,
    /** Adds a person, or replaces the one with this subject. */
    setUser(user: DemoUser) {
      users.set(user.subject, { ...user });
    },
    /** @throws Error if the subject is taken. */
    addUser(user: DemoUser) {
      if (users.has(user.subject)) throw new Error(`${path} already has a user ${user.subject}`);
      users.set(user.subject, { ...user });
    },
    /** Changes members of a person, from the next ID token on. @throws Error without the subject */
    updateUser(subject: string, changes: Partial<Omit<DemoUser, 'subject'>>) {
      const user = users.get(subject);
      if (!user) throw new Error(`${path} has no user ${subject}`);
      users.set(subject, { ...user, ...changes });
    },
    /** The person's sessions at this provider, newest first. */
    sessions: (subject: string): DemoSession[] => store.sessions(subject, client.id),
    /** Ends the person's sessions here: the next sign-in asks for the password. How many ended. */
    endSessions: (subject: string): number => store.endSessions(subject),
    /** The keys that are published, newest first; the first signs. */
    signingKeys: keys.list,
    /** Signs with a new key from now on. The old ones stay published unless `keepOld` is false. */
    rotateKeys({ keepOld = true }: { keepOld?: boolean } = {}) {
      keys.rotate({ keepOld });
      rebuild();
    },
    /**
     * A JWS of exactly these claims, by the current key; `header` overrides. For hostile variants.
     */
    sign: keys.sign,
    /** Changes the registered client, e.g. its redirect URIs. */
    updateClient(changes: Partial<DemoClient>) {
      client = { ...client, ...changes };
      rebuild();
    },
    /** The assigned app, or null. */
    app: (): DemoApp | null => app ?? null,
    /** Changes the assigned app, e.g. how calls name people. @throws Error if there is none. */
    updateApp(changes: Partial<DemoApp>) {
      app = { ...assignedApp(), ...changes };
    },
    ...signals,
  };
}
