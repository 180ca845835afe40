import { account, accountForReader, accountPage } from '../admin/account-forms.ts';
import { may } from '../api/permissions.ts';
import { html } from '../html.ts';
import { bodyOf, namesOf, typedIn, valuesOf } from './account-fields.ts';
import { renderAccountFields, wrongField } from './account-form.ts';
import type { Place } from './account-place.ts';
import { type ShownAccount, trailOfAccounts } from './account-view.ts';
import { changesOf, formOf, renderTheirs, shownFields } from './changed-fields.ts';
import type { Use } from './operations.ts';
import { renderForm } from './parts.ts';
import type { Screen, Visit } from './screen.ts';

const act = 'save';
const mostAccounts = 200;

/** Changes an account: only what the person changed is sent; what somebody else changed is shown beside it. */
export function accountSettingsScreen(use: Use, place: Place): Screen {
  const getAccount = use('getAccount', accountForReader);
  const changeAccount = use('changeAccount', account);
  const listAccounts = use('listAccounts', accountPage);

  const mayNameOthers = ({ principal }: Visit) => place.area !== null && may(principal.role, 'accounts.change');

  /** Those that may administer this one; whoever may name none by their role sees the chosen one alone. */
  async function othersFor(visit: Visit, { id, administrator }: ShownAccount) {
    const chosen = administrator && 'accountId' in administrator ? administrator.accountId : null;
    const { items } = mayNameOthers(visit)
      ? await listAccounts(visit, { query: { limit: mostAccounts } })
      : { items: [] };
    const others = items.filter((other) => other.id !== id);
    const isThere = chosen === null || others.some((other) => other.id === chosen);
    return isThere ? others : [{ id: chosen, name: chosen }, ...others];
  }

  return {
    path: `${place.root}/{id}/settings`,
    id: place.idOf('AccountSettings'),
    summary: 'The settings of a shared account',
    area: place.area,
    recent: true,
    secrets: ['adminPassword', 'password'],
    async show(visit) {
      const { texts, given, params } = visit;
      const words = texts.console.accounts;
      const found = await getAccount(visit, { params });
      const kind = found.connector;
      const { values, theirs } = formOf(visit, act, typedIn(kind, given), valuesOf(found));
      const wrong = wrongField(visit, act, kind);
      const others = await othersFor(visit, found);
      return {
        title: words.settingsTitle,
        trail: trailOfAccounts(texts, place, found),
        body: html`<div class="narrow"><h1>${words.settings}</h1>
${renderForm(wrong ? { ...visit, problem: null } : visit, {
  do: act,
  button: texts.console.save,
  hidden: shownFields(valuesOf(found)),
  content: renderAccountFields(visit, {
    kind,
    values,
    others,
    mayNameOthers: mayNameOthers(visit),
    hasPassword: found.administrator !== null && 'userName' in found.administrator,
    problemOf: (name) => (wrong?.name === name ? wrong.why : null),
    renderTheirs: (name) => renderTheirs(texts, theirs[name]),
    ...(kind !== 'manual' && found.version !== null && { password: 'elsewhere' }),
  }),
  beside: html` <a class="button quiet" href="${place.root}/${found.id}">${texts.console.cancel}</a>`,
})}</div>`,
      };
    },
    acts: {
      [act]: async (visit) => {
        const { given, params } = visit;
        const found = await getAccount(visit, { params });
        const kind = found.connector;
        const now = valuesOf(found);
        const changes = changesOf(visit, typedIn(kind, given), now);
        const changed = namesOf(kind).filter((field) => field in changes);
        const password = given.password?.[0];
        const body = { ...bodyOf(kind, changed, { ...now, ...changes }, given), ...(password && { password }) };
        const to = `${place.root}/${found.id}`;
        if (Object.keys(body).length === 0) return { to };
        await changeAccount(visit, { params, body });
        return { to, notice: 'saved' };
      },
    },
  };
}
