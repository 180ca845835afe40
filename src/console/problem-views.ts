import type { z } from 'zod';
import type { AppError } from '../errors.ts';
import { type Html, html } from '../html.ts';
import type { administrators as administratorsForm } from '../me/administrators.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Texts } from '../texts/texts.ts';
import { renderPage } from '../web/page.ts';
import { renderPerson } from '../web/person.ts';
import { renderProblem } from './parts.ts';
import { labelOfField, sayProblem } from './say-problem.ts';
import type { Given, Screen, View } from './screen.ts';

/** What went wrong in place of a page; what was typed isn't lost. */
export function viewOfProblem(
  texts: Texts,
  problem: AppError,
  given: Given,
  home: Readonly<{ label: string; href: string }> = homeOf(texts, { area: 'overview' }),
): View {
  const words = texts.console.problems;
  const title = words.titles[problem.code as keyof typeof words.titles] ?? words.title;
  return {
    title,
    status: problem.status,
    body: html`<h1>${title}</h1>
${renderProblem(sayProblem(texts, problem))}
${renderTyped(texts, given)}
<p class="actions">${
      isSignedOut(problem) &&
      html`<a class="button" href="">${words.signInAgain}</a>
`
    }<a class="button quiet" href="${home.href}">${home.label}</a></p>`,
  };
}

/** Where somebody goes on from a page that shows nothing. */
export const homeOf = (texts: Texts, { area }: Pick<Screen, 'area'>) =>
  area === null
    ? { label: texts.accounts.title, href: '/accounts' }
    : { label: texts.console.areas.overview, href: '/admin' };

/** Fields that were filled in; what a form had shown beside them was typed by nobody. */
function renderTyped(texts: Texts, given: Given): Html | false {
  const words = texts.console.problems;
  const lines = Object.entries(given).filter(([name, values]) => isTyped(name) && values.some((text) => text !== ''));
  return (
    lines.length > 0 &&
    html`<h2>${words.typed}</h2>
<p>${words.typedText}</p>
<dl class="facts">${lines.map(([name, values]) => html`<div><dt>${labelOfField(texts, name)}</dt><dd class="typed">${values.join('\n')}</dd></div>`)}</dl>`
  );
}

/** The page then leads by its own address, which is the form's, to the sign-in and back. */
const isSignedOut = ({ code }: AppError) => code === 'not_signed_in' || code.startsWith('session_');

const isTyped = (name: string) => name !== 'do' && !name.startsWith('was-');

const mailTo = (email: string) => `mailto:${encodeURIComponent(email).replaceAll('%40', '@')}`;

/** Whom a member turns to; the console is not theirs. */
export function viewForMembers(
  texts: Texts,
  principal: Principal,
  administrators: z.infer<typeof administratorsForm>['items'],
  given: Given,
): View {
  const words = texts.console.members;
  return {
    title: words.title,
    body: html`<h1>${words.title}</h1>
<p>${words[administrators.length > 0 ? 'text' : 'nobody']({ org: principal.orgName })}</p>
${
  administrators.length > 0 &&
  html`<ul class="people">${administrators.map(({ name, email, role }) => html`<li><strong>${name || email}</strong> <span class="soft">${texts.console.roles[role]}</span><br><a href="${mailTo(email)}">${email}</a></li>`)}</ul>`
}
${renderTyped(texts, given)}`,
  };
}

/** Asks for a recent authentication by a link: after a form's post browsers follow no redirect to an IdP. */
export function viewOfStepUp(
  texts: Texts,
  { area }: Pick<Screen, 'area'>,
  principal: Principal,
  returnTo: string,
  notKept: Given | null,
): View {
  const words = texts.console.stepUp;
  const why = area === null ? texts.accounts.stepUp : words.text;
  const query = new URLSearchParams({ prompt: 'login', returnTo });
  return {
    title: words.title,
    body: html`<div class="narrow"><h1>${words.title}</h1>
<p>${why({ org: principal.orgName })}</p>
${!notKept && html`<p>${words.kept}</p>`}
<p class="actions"><a class="button" id="step-up" href="/openid/start/${principal.orgSlug}?${query.toString()}">${words.go}</a>
<a class="button quiet" href="${returnTo}">${texts.console.cancel}</a></p>
${notKept && renderTyped(texts, notKept)}</div>`,
  };
}

/** For people who don't administer, and for nobody: no menu, since none of it is theirs. */
export function renderForMembers(texts: Texts, principal: Principal | null, view: View): string {
  return renderPage({
    texts,
    title: view.title,
    styles: ['console.css'],
    aside: principal ? renderPerson(texts, principal, null) : undefined,
    body: html`<div class="sheet">${view.body}</div>`,
  });
}
