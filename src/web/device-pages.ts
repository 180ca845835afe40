import { html } from '../html.ts';
import { renderPage } from './page.ts';

/** Where a person types the code that an app shows (RFC 8628 §3.3). `problem` is shown beside the field. */
export function renderDeviceCode(page: { xsrf: string; code: string; problem: string | null }): string {
  return renderPage({
    title: 'Sign in an app',
    body: html`<div class="card">
<h1>Sign in an app</h1>
<p>Enter the code that the app or command line shows you.</p>
<form method="post" action="/oauth/device" autocomplete="off">
<input type="hidden" name="xsrf" value="${page.xsrf}">
<label for="user_code">Code</label>
<input id="user_code" name="user_code" type="text" class="code" value="${page.code}" maxlength="40" spellcheck="false" autocapitalize="characters" autocomplete="off" required autofocus aria-describedby="code-problem"${page.problem && html` aria-invalid="true"`}>
<p id="code-problem" class="problem" role="alert">${page.problem}</p>
<button type="submit">Continue</button>
</form>
</div>`,
  });
}

/** The person compares the code, and decides. Only this form gives an app access. */
export function renderDeviceConfirm(page: {
  xsrf: string;
  code: string;
  clientName: string;
  /** It asks to act as an administrator. */
  administers: boolean;
}): string {
  return renderPage({
    title: 'Sign in an app',
    body: html`<div class="card">
<h1>Sign in “${page.clientName}”?</h1>
<p>Go on only if you started this yourself, just now, and your screen shows exactly this code:</p>
<p class="code">${page.code}</p>
${page.administers && html`<p class="problem"><strong>It asks to administer your organisation:</strong> to end people’s access and to change roles and settings, as far as your own role allows.</p>\n`}<p>The app will act as you until you sign it out. Nobody from your organisation or from us ever sends you such a code.</p>
<form method="post" action="/oauth/device">
<input type="hidden" name="xsrf" value="${page.xsrf}">
<input type="hidden" name="user_code" value="${page.code}">
<p class="actions"><button type="submit" name="confirm" value="yes">Yes, sign it in</button>
<button type="submit" name="abort" value="yes" class="quiet">No, refuse</button></p>
</form>
</div>`,
  });
}
