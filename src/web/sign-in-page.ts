import { html } from '../html.ts';
import { renderPage } from './page.ts';

/** Sign-in by work e-mail, or by the organisation's short name for guests whose address belongs elsewhere. */
export function renderSignIn(): string {
  return renderPage({
    title: 'Sign in',
    scripts: ['sign-in.js'],
    body: html`<div class="card">
<h1>Sign in</h1>
<p>With your work e-mail, through your organisation.</p>
<noscript><p class="note">Without JavaScript, use your organisation’s own sign-in link. Your administrator has it.</p></noscript>
<form id="by-email" novalidate>
<label for="username">Work e-mail</label>
<input id="username" name="username" type="email" autocomplete="username" inputmode="email" spellcheck="false" autocapitalize="none" maxlength="254" required aria-describedby="email-problem">
<p id="email-problem" class="problem" role="alert"></p>
<button type="submit">Continue</button>
</form>
<details>
<summary>I have a sign-in link or an organisation name</summary>
<form id="by-organisation" novalidate>
<label for="organisation">Organisation or link</label>
<input id="organisation" name="organisation" type="text" autocomplete="organization" spellcheck="false" autocapitalize="none" maxlength="300" required aria-describedby="organisation-problem">
<p id="organisation-problem" class="problem" role="alert"></p>
<button type="submit" class="quiet">Go to its sign-in</button>
</form>
</details>
<p id="status" class="status" role="status"></p>
</div>`,
  });
}
