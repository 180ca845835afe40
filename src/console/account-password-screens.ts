import { accountForReader, accountPasswordGiven } from '../admin/account-forms.ts';
import { html } from '../html.ts';
import type { Place } from './account-place.ts';
import { trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderField, renderForm } from './parts.ts';
import type { Screen, Visit } from './screen.ts';
import { fieldOfProblem, whyWrong, withoutFieldProblem } from './wrong-fields.ts';

/** What people tell of a password: which one signs in now, and which one they have set by hand. */
export function accountPasswordScreens(use: Use, place: Place): readonly Screen[] {
  const getAccount = use('getAccount', accountForReader);
  const givePassword = use('giveAccountPassword', accountPasswordGiven);
  const pageOf = ({ params }: Visit) => `${place.root}/${params.id}`;

  return [
    {
      path: `${place.root}/{id}/password`,
      id: place.idOf('AccountPassword'),
      summary: 'Say which password of a shared account signs in now',
      area: place.area,
      recent: true,
      secrets: ['password'],
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.accounts;
        const found = await getAccount(visit, { params });
        return {
          title: words.giveTitlePassword,
          trail: trailOfAccounts(texts, place, found),
          body: html`<div class="narrow"><h1>${words.givePasswordOf(found)}</h1>
<p>${words.givePasswordText}</p>
${renderPasswordForm(visit, { act: 'give', label: words.currentPassword, button: words.keep, back: pageOf(visit) })}</div>`,
        };
      },
      acts: {
        give: async (visit) => {
          await givePassword(visit, { params: visit.params, body: { password: passwordIn(visit) } });
          return { to: pageOf(visit), notice: 'passwordKept' };
        },
      },
    },
  ];
}

/** As it was typed: spaces may belong to it. */
const passwordIn = ({ given }: Visit): string => given.password?.[0] ?? '';

function renderPasswordForm(
  visit: Visit,
  form: Readonly<{ act: string; label: string; button: string; back: string }>,
) {
  const wrong = fieldOfProblem(visit, form.act, ['password']);
  const why = wrong && whyWrong(visit, wrong);
  return renderForm(withoutFieldProblem(visit, ['password']), {
    do: form.act,
    button: form.button,
    content: renderField({
      name: 'password',
      label: form.label,
      type: 'password',
      most: 4_096,
      required: true,
      autofocus: true,
      problem: why && visit.texts.console.apps.wrong({ why }),
    }),
    beside: html` <a class="button quiet" href="${form.back}">${visit.texts.console.cancel}</a>`,
  });
}
