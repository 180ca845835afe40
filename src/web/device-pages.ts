import { html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderPage } from './page.ts';

/** A person types the code that an app shows (RFC 8628 §3.3). `problem` stands beside the field. */
export function renderDeviceCode(texts: Texts, page: { xsrf: string; code: string; problem: string | null }): string {
  const words = texts.apps;
  return renderPage({
    texts,
    title: words.title,
    body: html`<div class="card">
<h1>${words.title}</h1>
<p>${words.enterCode}</p>
<form method="post" action="/oauth/device" autocomplete="off">
<input type="hidden" name="xsrf" value="${page.xsrf}">
<label for="user_code">${words.code}</label>
<input id="user_code" name="user_code" type="text" class="code" value="${page.code}" maxlength="40" spellcheck="false" autocapitalize="characters" autocomplete="off" required autofocus aria-describedby="code-problem"${page.problem && html` aria-invalid="true"`}>
<p id="code-problem" class="problem" role="alert">${page.problem}</p>
<button type="submit">${words.continue}</button>
</form>
</div>`,
  });
}

/** The person compares the code, and decides. Only this form gives an app access. */
export function renderDeviceConfirm(
  texts: Texts,
  page: {
    xsrf: string;
    code: string;
    clientName: string;
    /** The app asks to act as an administrator. */
    administers: boolean;
  },
): string {
  const words = texts.apps;
  return renderPage({
    texts,
    title: words.title,
    body: html`<div class="card">
<h1>${words.ask({ app: page.clientName })}</h1>
<p>${words.onlyIfSameCode}</p>
<p class="code">${page.code}</p>
${page.administers && html`<p class="problem"><strong>${words.administers}</strong> ${words.administersWhat}</p>\n`}<p>${words.untilSignedOut}</p>
<form method="post" action="/oauth/device">
<input type="hidden" name="xsrf" value="${page.xsrf}">
<input type="hidden" name="user_code" value="${page.code}">
<p class="actions"><button type="submit" name="confirm" value="yes">${words.yes}</button>
<button type="submit" name="abort" value="yes" class="quiet">${words.no}</button></p>
</form>
</div>`,
  });
}
