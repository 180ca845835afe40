import { generateKeyPairSync, randomUUID } from 'node:crypto';
import express, { type Request, type Response, Router } from 'express';
import type { JWK } from 'jose';
import { errors, type Provider } from 'oidc-provider';
import { errorPage, type HtmlPage, signInPage } from './pages.ts';
import { createProvider, type DemoClient } from './provider.ts';
import { createStore } from './store.ts';

export type DemoUser = { subject: string; email: string; emailVerified?: boolean; name: string; password: string };

export type DemoTenantOptions = {
  /** One path segment: the issuer is `<url>/<path>`. */
  path: string;
  name: string;
  client: DemoClient;
  users: DemoUser[];
};

export type DemoTenant = ReturnType<typeof createTenant>;

/** One organisation's identity provider at `/<path>`: a real OpenID provider, its people and its sign-in page. */
export function createTenant(url: string, options: DemoTenantOptions, log: (message: string) => void) {
  const { path, name } = options;
  const issuer = `${url}/${path}`;
  const users = new Map(options.users.map((user) => [user.subject, { ...user }]));
  const store = createStore();
  let client = options.client;
  let keys = [newKey()];
  let provider: Provider;
  let handle: ReturnType<Provider['callback']>;

  // The library fixes keys and clients at construction; everything that lasts is in the store.
  const rebuild = () => {
    const findUser = (subject: string) => {
      const user = users.get(subject);
      return user && { ...user, emailVerified: user.emailVerified ?? true };
    };
    provider = createProvider({ issuer, path, name, client, keys, store, findUser, log });
    handle = provider.callback();
  };
  rebuild();

  const byEmail = (email: string) =>
    [...users.values()].find((user) => user.email.toLowerCase() === email.trim().toLowerCase());

  const form = (request: Request, fields: { email: string; password: string; message?: string }) =>
    signInPage({ org: name, action: `/${path}/sign-in/${request.params.uid}`, people: [...users.values()], ...fields });

  async function showSignIn(request: Request, response: Response) {
    const { params } = await provider.interactionDetails(request, response);
    const chosen = typeof request.query.as === 'string' ? byEmail(request.query.as) : undefined;
    const hint = typeof params.login_hint === 'string' ? params.login_hint : '';
    sendPage(response, 200, form(request, { email: chosen?.email ?? hint, password: chosen?.password ?? '' }));
  }

  async function signIn(request: Request, response: Response) {
    const interaction = await provider.interactionDetails(request, response);
    const body: Record<string, unknown> = request.body ?? {};
    const email = typeof body.email === 'string' ? body.email : '';
    const user = byEmail(email);
    if (!user || user.password !== body.password) {
      const message = 'That e-mail address and password do not belong together. The list below has the right ones.';
      return sendPage(response, 401, form(request, { email, password: '', message }));
    }
    // Where another person signs in, the library would ask in a page with a script. Whoever has just typed a password
    // is the one who is signed in.
    const before = interaction.session;
    if (before && before.accountId !== user.subject) {
      await store.adapter('Session').destroy(before.cookie);
      interaction.session = undefined;
      await interaction.persist();
    }
    await provider.interactionFinished(request, response, { login: { accountId: user.subject, amr: ['pwd'] } });
  }

  const router = Router();
  router.get('/sign-in/:uid', showSignIn);
  router.post('/sign-in/:uid', express.urlencoded({ extended: false, limit: '10kb' }), signIn);
  router.use((error: unknown, _request: Request, response: Response, next: (error: unknown) => void) => {
    if (!(error instanceof errors.SessionNotFound)) return next(error);
    sendPage(
      response,
      400,
      errorPage(name, error.error, 'This sign-in took too long or was finished in another window.'),
    );
  });
  router.use((request, response) => handle(request, response));

  return {
    path,
    name,
    issuer,
    router,
    users: (): DemoUser[] => [...users.values()],
    /** Adds a person, or replaces who had this subject. */
    setUser(user: DemoUser) {
      users.set(user.subject, { ...user });
    },
    /** @throws Error if the subject is taken. */
    addUser(user: DemoUser) {
      if (users.has(user.subject)) throw new Error(`${path} already has a user ${user.subject}`);
      users.set(user.subject, { ...user });
    },
    /** Changes some members of a person; counts from the next ID token. @throws Error if there is no such subject. */
    updateUser(subject: string, changes: Partial<Omit<DemoUser, 'subject'>>) {
      const user = users.get(subject);
      if (!user) throw new Error(`${path} has no user ${subject}`);
      users.set(subject, { ...user, ...changes });
    },
    /** Ends the person's sessions at this provider: the next sign-in asks for the password. Returns how many ended. */
    endSessions: (subject: string): number => store.endSessions(subject),
    /** Signs with a new key from now on. The old ones stay published unless `keepOld` is false. */
    rotateKeys({ keepOld = true }: { keepOld?: boolean } = {}) {
      keys = [newKey(), ...(keepOld ? keys : [])];
      rebuild();
    },
    /** Changes the registered client, e.g. its redirect URIs. */
    updateClient(changes: Partial<DemoClient>) {
      client = { ...client, ...changes };
      rebuild();
    },
  };
}

function newKey(): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
}

function sendPage(response: Response, status: number, page: HtmlPage): void {
  response.status(status).set(page.headers).type('html').send(page.html);
}
