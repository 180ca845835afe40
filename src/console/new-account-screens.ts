import { connectorKinds } from '../accounts/connectors/all.ts';
import { account, accountPage } from '../admin/account-forms.ts';
import { html } from '../html.ts';
import { bodyOf, namesOf, startValuesOf, typedIn } from './account-fields.ts';
import { renderAccountFields, wrongField } from './account-form.ts';
import { inConsole } from './account-place.ts';
import { connectorName, trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderForm } from './parts.ts';
import { type Screen, textOf } from './screen.ts';

const path = `${inConsole.root}/new`;
const act = 'add';
const mostAccounts = 200;

/** An account is added in two steps: what kind of system it is at, and what that needs. */
export function newAccountScreens(use: Use): readonly Screen[] {
  const addAccount = use('addAccount', account);
  const listAccounts = use('listAccounts', accountPage);
  return [
    {
      path,
      id: 'showNewAccount',
      summary: 'Add a shared account: what kind of system it is at',
      area: 'accounts',
      permission: 'accounts.change',
      async show({ texts }) {
        const words = texts.console.accounts;
        const hints: Readonly<Record<string, string>> = words.connectorHints;
        return {
          title: words.add,
          trail: trailOfAccounts(texts, inConsole),
          body: html`<h1>${words.add}</h1>
<h2>${words.chooseConnector}</h2>
<ul class="cards">${connectorKinds.map((kind) => html`<li><a href="${path}/${kind}">${connectorName(texts, kind)}</a><p>${hints[kind]}</p></li>`)}</ul>`,
        };
      },
    },
    ...connectorKinds.map(
      (kind): Screen => ({
        path: `${path}/${kind}`,
        id: `showNewAccount${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
        summary: `Add a shared account: ${kind}`,
        area: 'accounts',
        permission: 'accounts.change',
        recent: true,
        secrets: ['password', 'adminPassword'],
        async show(visit) {
          const { texts, given } = visit;
          const words = texts.console.accounts;
          const hints: Readonly<Record<string, string>> = words.connectorHints;
          const { items } = await listAccounts(visit, { query: { limit: mostAccounts } });
          const isBack = textOf(given, 'do') === act;
          const wrong = wrongField(visit, act, kind);
          const title = words.addTitle({ kind: connectorName(texts, kind) });
          return {
            title,
            trail: [...trailOfAccounts(texts, inConsole), { label: words.add, href: path }],
            body: html`<div class="narrow"><h1>${title}</h1>
<p>${hints[kind]}</p>
${renderForm(wrong ? { ...visit, problem: null } : visit, {
  do: act,
  button: words.add,
  content: renderAccountFields(visit, {
    kind,
    values: isBack ? typedIn(kind, given) : startValuesOf(kind),
    others: items,
    mayNameOthers: true,
    hasPassword: false,
    problemOf: (name) => (wrong?.name === name ? wrong.why : null),
    renderTheirs: () => null,
    password: 'new',
  }),
  beside: html` <a class="button quiet" href="${path}">${words.otherKind}</a>`,
})}</div>`,
          };
        },
        acts: {
          [act]: async (visit) => {
            const { given } = visit;
            const password = given.password?.[0];
            const body = {
              connector: kind,
              ...bodyOf(kind, namesOf(kind), typedIn(kind, given), given),
              ...(password && { password }),
            };
            const added = await addAccount(visit, { body });
            return { to: `${inConsole.root}/${added.id}`, notice: 'added' };
          },
        },
      }),
    ),
  ];
}
