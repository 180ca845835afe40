import { accountForReader, accountRight } from '../admin/account-forms.ts';
import { may } from '../api/permissions.ts';
import { AppError } from '../errors.ts';
import { html } from '../html.ts';
import { createGroupChoice } from './account-choice.ts';
import type { Place } from './account-place.ts';
import { trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderChoices, renderField, renderForm, renderSelect, valueIn } from './parts.ts';
import { type Screen, textOf } from './screen.ts';

const act = 'give';

/** Gives a person or a group access to an account. */
export function accountAccessScreen(use: Use, place: Place): Screen {
  const getAccount = use('getAccount', accountForReader);
  const giveRight = use('giveAccountRight', accountRight);
  const groupChoice = createGroupChoice(use);
  return {
    path: `${place.root}/{id}/access`,
    id: place.idOf('AccountAccess'),
    summary: 'Give access to a shared account',
    area: place.area,
    recent: true,
    async show(visit) {
      const { texts, params, principal } = visit;
      const words = texts.console.accounts;
      const found = await getAccount(visit, { params });
      // Groups are seen by whoever administers.
      const seesGroups = place.area !== null && may(principal.role, 'org.read');
      const groups = seesGroups ? await groupChoice.offer(visit) : { items: [], more: false };
      return {
        title: words.give,
        trail: trailOfAccounts(texts, place, found),
        body: html`<div class="narrow"><h1>${words.giveTitle({ account: found.name })}</h1>
${renderForm(visit, {
  do: act,
  button: words.give,
  content: html`${renderField({ name: 'who', label: words.givePerson, value: valueIn(visit, act, 'who'), most: 320, autofocus: true })}
${
  groups.more
    ? renderField({ name: 'group', label: words.giveGroupNamed, value: valueIn(visit, act, 'group'), most: 200 })
    : groups.items.length > 0 &&
      renderSelect({
        name: 'group',
        label: words.giveGroup,
        value: valueIn(visit, act, 'group'),
        options: [
          { value: '', label: words.noGroup },
          ...groups.items.map(({ id, name }) => ({ value: id, label: name })),
        ],
      })
}
${renderChoices({
  name: 'right',
  legend: words.right,
  value: valueIn(visit, act, 'right', 'use'),
  options: (['use', 'manage'] as const).map((value) => ({
    value,
    label: words.rights[value],
    hint: words.rightHints[value],
  })),
})}`,
  beside: html` <a class="button quiet" href="${place.root}/${found.id}">${texts.console.cancel}</a>`,
})}</div>`,
      };
    },
    acts: {
      [act]: async (visit) => {
        const { given, params } = visit;
        const [who, group, right] = [textOf(given, 'who'), textOf(given, 'group'), textOf(given, 'right')];
        if ((who === '') === (group === ''))
          throw new AppError('invalid_request', ({ console }) => console.accounts[who === '' ? 'noOne' : 'oneOnly']);
        const groupId = group && (await groupChoice.idOf(visit, group));
        await giveRight(visit, { params, body: { ...(who === '' ? { groupId } : { who }), right } });
        return { to: `${place.root}/${params.id}`, notice: 'accessGiven' };
      },
    },
  };
}
