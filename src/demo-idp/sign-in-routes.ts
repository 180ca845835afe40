import express, { type Request, type Response, Router } from 'express';
import { errors } from 'oidc-provider';
import { errorPage, sendPage, signInPage } from './pages.ts';
import type { DemoTenant } from './tenant.ts';

/** A tenant's sign-in form, at `/<path>/sign-in/<interaction>`. */
export function createSignInRoutes({ path, name, provider, store, users, byEmail }: DemoTenant): Router {
  const form = (request: Request, fields: { email: string; password: string; message?: string }) =>
    signInPage({ org: name, path, action: `/${path}/sign-in/${request.params.uid}`, people: users(), ...fields });

  async function showSignIn(request: Request, response: Response) {
    const { params } = await provider().interactionDetails(request, response);
    const chosen = typeof request.query.as === 'string' ? byEmail(request.query.as) : undefined;
    const hint = typeof params.login_hint === 'string' ? params.login_hint : '';
    sendPage(response, 200, form(request, { email: chosen?.email ?? hint, password: chosen?.password ?? '' }));
  }

  async function signIn(request: Request, response: Response) {
    const interaction = await provider().interactionDetails(request, response);
    const body: Record<string, unknown> = request.body ?? {};
    const email = typeof body.email === 'string' ? body.email : '';
    const user = byEmail(email);
    if (!user || user.password !== body.password) {
      const message = 'That e-mail address and password do not belong together. The list below has the right ones.';
      return sendPage(response, 401, form(request, { email, password: '', message }));
    }
    // For a second person the library would ask in a page with a script. Here the person who has
    // just typed a password is the one who is signed in.
    const before = interaction.session;
    if (before && before.accountId !== user.subject) {
      await store.adapter('Session').destroy(before.cookie);
      interaction.session = undefined;
      await interaction.persist();
    }
    await provider().interactionFinished(request, response, { login: { accountId: user.subject, amr: ['pwd'] } });
  }

  const router = Router();
  router.get('/:uid', showSignIn);
  router.post('/:uid', express.urlencoded({ extended: false, limit: '10kb' }), signIn);
  router.use((error: unknown, _request: Request, response: Response, next: (error: unknown) => void) => {
    if (!(error instanceof errors.SessionNotFound)) return next(error);
    const message = 'This sign-in took too long or was finished in another window.';
    sendPage(response, 400, errorPage(name, error.error, message));
  });
  return router;
}
