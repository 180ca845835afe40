import { html } from '../html.ts';
import type { Look } from '../orgs/looks.ts';
import type { Texts } from '../texts/texts.ts';
import { renderPage } from './page.ts';

export type SignInPage = Readonly<{
  /** The path of ours that the sign-in ends at. */
  returnTo: string;
  /** Only a new authentication at the identity provider will do. */
  anew: boolean;
  /** How the organisation looks that the visit names. */
  look?: Look | null;
  /** The field that was wrong, with what was typed there. */
  wrong?: Readonly<{ field: 'username' | 'organisation'; typed: string; problem: keyof Texts['signIn']['problems'] }>;
}>;

/**
 * Sign-in by work e-mail; by the organisation's short name for guests with other addresses. The
 * forms need no script: whoever presses Enter early would otherwise send the address by GET.
 */
export function renderSignIn(texts: Texts, { returnTo, anew, look, wrong }: SignInPage): string {
  const words = texts.signIn;
  const field = (name: 'username' | 'organisation') => {
    const isWrong = wrong?.field === name;
    const focused = isWrong || (name === 'username' && !wrong);
    return {
      state: html` value="${isWrong && wrong.typed}"${isWrong && html` aria-invalid="true"`}${focused && html` autofocus`}`,
      problem: html`<p id="${name}-problem" class="problem" role="alert">${isWrong && words.problems[wrong.problem]}</p>`,
    };
  };
  const email = field('username');
  const organisation = field('organisation');
  const goal = html`<input type="hidden" name="returnTo" value="${returnTo}">${anew && html`<input type="hidden" name="prompt" value="login">`}${look && html`<input type="hidden" name="org" value="${look.slug}">`}`;
  return renderPage({
    texts,
    title: words.title,
    look,
    body: html`<div class="card">
<h1>${words.title}</h1>
<p>${look ? words.howAt({ org: look.name }) : words.how}</p>
<form method="post" action="/openid/start" novalidate>
${goal}
<label for="username">${words.email}</label>
<input id="username" name="username" type="email" autocomplete="username" inputmode="email" spellcheck="false" autocapitalize="none" maxlength="254" required aria-describedby="username-problem"${email.state}>
${email.problem}
<button type="submit">${words.continue}</button>
</form>
<details${wrong?.field === 'organisation' && html` open`}>
<summary>${words.otherWay}</summary>
<form method="post" action="/openid/start" novalidate>
${goal}
<label for="organisation">${words.organisation}</label>
<input id="organisation" name="organisation" type="text" autocomplete="organization" spellcheck="false" autocapitalize="none" maxlength="300" required aria-describedby="organisation-problem"${organisation.state}>
${organisation.problem}
<button type="submit" class="quiet">${words.toOrganisation}</button>
</form>
</details>
</div>`,
  });
}
