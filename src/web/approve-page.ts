import { html } from '../html.ts';
import type { Principal } from '../sessions/principal.ts';
import { renderPage } from './page.ts';

/** Who is signed in, what the app gets, and the one button that gives it. */
export function renderApprove(page: {
  person: Pick<Principal, 'name' | 'email' | 'orgName'>;
  clientName: string;
  /** The app gets a refresh token. */
  lasting: boolean;
  action: string;
  /** Names who saw this page. */
  seal: string;
}): string {
  const { name, email, orgName } = page.person;
  return renderPage({
    title: 'Sign in an app',
    body: html`<div class="card">
<h1>Sign in “${page.clientName}”?</h1>
<p>You are signed in as <strong>${name || email}</strong>${name && ` (${email})`} of ${orgName}.</p>
<p>The app will act as you${page.lasting ? ' until you sign it out' : ' for a few minutes'}, and learns your name and e-mail address. Go on only if you started this yourself, just now, in the app; otherwise close this page, and it gets nothing.</p>
<form method="post" action="${page.action}">
<input type="hidden" name="seal" value="${page.seal}">
<p class="actions"><button type="submit">Yes, sign it in</button></p>
</form>
</div>`,
  });
}
