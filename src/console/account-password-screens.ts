import {
  accountForReader,
  accountPasswordGiven,
  accountRotationPage,
  confirmedRotation,
} from '../admin/account-forms.ts';
import { AppError } from '../errors.ts';
import { html } from '../html.ts';
import type { Place } from './account-place.ts';
import { trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { formatNumber, renderEmpty, renderField, renderForm } from './parts.ts';
import { renderDue } from './rotation-view.ts';
import type { Screen, Visit } from './screen.ts';
import { fieldOfProblem, whyWrong, withoutFieldProblem } from './wrong-fields.ts';

/** What people tell of a password: which one signs in now, and which one they have set by hand. */
export function accountPasswordScreens(use: Use, place: Place): readonly Screen[] {
  const getAccount = use('getAccount', accountForReader);
  const givePassword = use('giveAccountPassword', accountPasswordGiven);
  const listRotations = use('listRotationsOfAccount', accountRotationPage);
  const confirmRotation = use('confirmRotation', confirmedRotation);
  const pageOf = ({ params }: Visit) => `${place.root}/${params.id}`;

  /** The rotation that waits for people; null where none does. */
  async function waiting(visit: Visit) {
    const { items } = await listRotations(visit, {
      params: { id: visit.params.id },
      query: { state: 'manual', limit: 1 },
    });
    return items[0] ?? null;
  }

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
    {
      path: `${place.root}/{id}/confirm`,
      id: place.idOf('AccountConfirm'),
      summary: 'Confirm that the password of a shared account was changed by hand',
      area: place.area,
      recent: true,
      secrets: ['password'],
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.accounts;
        const found = await getAccount(visit, { params });
        const rotation = await waiting(visit);
        const title = words.confirmTitle;
        return {
          title,
          trail: trailOfAccounts(texts, place, found),
          body: rotation
            ? html`<div class="narrow"><h1>${words.confirmAsk(found)}</h1>
<p>${words.confirmText}</p>
${rotation.candidate !== null && html`<p>${words.confirmMade({ n: formatNumber(texts, rotation.candidate) })}</p>`}
<p class="soft">${renderDue(texts, rotation)}</p>
${renderPasswordForm(visit, { act: 'confirm', label: words.newPassword, button: words.confirmButton, back: pageOf(visit), required: rotation.candidate === null })}</div>`
            : html`<h1>${title}</h1>${renderEmpty(words.nothingToConfirm, { label: words.back, href: pageOf(visit) })}`,
        };
      },
      acts: {
        confirm: async (visit) => {
          const rotation = await waiting(visit);
          if (!rotation) throw new AppError('conflict', ({ console }) => console.accounts.nothingToConfirm);
          const params = { id: visit.params.id, rotation: rotation.id };
          const password = passwordIn(visit);
          const isMade = password === '' && rotation.candidate !== null;
          await confirmRotation(visit, { params, body: isMade ? { candidate: true } : { password } });
          return { to: pageOf(visit), notice: 'confirmed' };
        },
      },
    },
  ];
}

/** As it was typed: spaces may belong to it. */
const passwordIn = ({ given }: Visit): string => given.password?.[0] ?? '';

function renderPasswordForm(
  visit: Visit,
  form: Readonly<{ act: string; label: string; button: string; back: string; required?: boolean }>,
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
      required: form.required ?? true,
      autofocus: true,
      problem: why && visit.texts.console.apps.wrong({ why }),
    }),
    beside: html` <a class="button quiet" href="${form.back}">${visit.texts.console.cancel}</a>`,
  });
}
