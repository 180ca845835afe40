import type { z } from 'zod';
import { accountForReader, accountTest } from '../admin/account-forms.ts';
import { html } from '../html.ts';
import type { Place } from './account-place.ts';
import { type ReadAccount, trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderForm } from './parts.ts';
import { whyNotYet } from './rotation-view.ts';
import type { Act, View, Visit } from './screen.ts';

/** What the button does that tries the current password at the system. */
export function createTestAct(use: Use, place: Place): Act {
  const getAccount = use('getAccount', accountForReader);
  const testAccount = use('testAccount', accountTest);
  return async (visit) => {
    const tested = await testAccount(visit, { params: visit.params });
    return viewOfTest(visit, await getAccount(visit, { params: visit.params }), tested, place);
  };
}

/** What came of signing in with the current password: shown once; a reload tries again. */
function viewOfTest(visit: Visit, found: ReadAccount, tested: z.output<typeof accountTest>, place: Place): View {
  const { texts } = visit;
  const words = texts.console.accounts;
  const isGood = tested.result === 'accepted';
  const why = whyNotYet(texts, tested.error);
  return {
    title: words.testTitle,
    trail: trailOfAccounts(texts, place, found),
    body: html`<div class="narrow"><h1>${words.tested}</h1>
<p class="${isGood ? 'notice' : 'warning'}" role="status">${words.testResults[tested.result]}${why && html`<span class="sub">${why}</span>`}</p>
${tested.administrator && renderAdministrator(visit, tested.administrator)}
<div class="actions">${renderForm(visit, { do: 'test', button: words.test, quiet: true, inline: true })}<a class="button" href="${place.root}/${found.id}">${words.back}</a></div></div>`,
  };
}

/** Whether the one who changes the password there is let in. */
function renderAdministrator(
  { texts }: Visit,
  { result, error }: NonNullable<z.output<typeof accountTest>['administrator']>,
) {
  const words = texts.console.accounts;
  const why = whyNotYet(texts, error);
  return html`<p class="${result === 'accepted' ? 'notice' : 'warning'}">${words.administratorResults[result]}${why && html`<span class="sub">${why}</span>`}</p>`;
}
