import { accountStates } from '../accounts/account.ts';
import { accountPage } from '../admin/account-forms.ts';
import { may } from '../api/permissions.ts';
import { type Html, html } from '../html.ts';
import { inConsole } from './account-place.ts';
import { connectorName, renderAccountState, renderAccountTabs, renderAgo, type ShownAccount } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderEmpty, renderPager, renderSelect, renderTable } from './parts.ts';
import type { Screen, Visit } from './screen.ts';

/** The shared accounts of the organisation. */
export function accountListScreen(use: Use): Screen {
  const listAccounts = use('listAccounts', accountPage);
  const { root } = inConsole;
  return {
    path: root,
    id: 'showAccounts',
    summary: 'The shared accounts of the organisation',
    area: 'accounts',
    async show(visit) {
      const { texts, query, principal } = visit;
      const words = texts.console.accounts;
      const { search = '', state = '', cursor } = query;
      const asked = { ...(search && { search }), ...(state && { state }), ...(cursor && { cursor }) };
      const { items, next } = await listAccounts(visit, { query: asked });
      const mayAdd = may(principal.role, 'accounts.change');
      const add = { label: words.add, href: `${root}/new` };
      const isEmpty = items.length === 0 && !search && !state;
      return {
        title: words.title,
        body: html`<div class="heading"><h1>${words.title}</h1>${
          mayAdd &&
          html`<p class="actions">${!isEmpty && html`<a class="button" href="${add.href}">${add.label}</a> `}<a class="button quiet" href="${root}/import">${words.import}</a></p>`
        }</div>
${renderAccountTabs(texts, 'accounts')}
<p>${words.text}</p>
${
  !isEmpty &&
  html`<form method="get" class="filters" role="search" data-live="results">
<div class="field grow"><label for="search">${words.find}</label><input id="search" name="search" type="search" value="${search}" placeholder="${words.findHint}" autocomplete="off"></div>
${renderSelect({
  name: 'state',
  label: words.state,
  value: state,
  options: [
    { value: '', label: words.rotation.anyState },
    ...accountStates.map((value) => ({ value, label: words.states[value] })),
  ],
})}
<button class="quiet">${texts.console.search}</button>
</form>`
}
<div id="results">${
          items.length > 0
            ? renderAccounts(visit, items)
            : isEmpty
              ? renderEmpty(words.none, mayAdd ? add : undefined)
              : renderEmpty(words.noneFound)
        }${renderPager(visit, next)}</div>
${!isEmpty && may(principal.role, 'accounts.erase') && html`<p class="actions"><a class="button quiet small" href="${root}/erase">${words.erase}</a></p>`}`,
      };
    },
  };
}

function renderAccounts({ texts }: Visit, accounts: readonly ShownAccount[]): Html {
  const words = texts.console.accounts;
  return renderTable({
    caption: words.list,
    columns: [words.name, words.userName, words.place, words.connector, words.state, words.changed],
    rows: accounts.map((account) => [
      html`<a href="${inConsole.root}/${account.id}">${account.name}</a>`,
      html`<code>${account.userName}</code>`,
      account.place,
      connectorName(texts, account.connector),
      renderAccountState(texts, account),
      account.changedAt === null
        ? html`<span class="soft">${words.notYet}</span>`
        : renderAgo(texts, account.changedAt),
    ]),
  });
}
