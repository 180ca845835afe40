import type { z } from 'zod';
import { type Html, html } from '../html.ts';
import { accountMail } from '../me/account-mail.ts';
import { myAccountPage, revealed as revealedPassword } from '../me/accounts.ts';
import { besideOwn } from './account-place.ts';
import { viewOfPassword } from './account-reading.ts';
import { renderChanged } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderBadge, renderCheck, renderEmpty, renderForm, renderPager } from './parts.ts';
import { isChecked, type Screen, textOf, type Visit } from './screen.ts';

type Own = z.output<typeof myAccountPage>['items'][number];

/** The accounts that a person may use, each with a button that shows its password. */
export function ownAccountsScreen(use: Use): Screen {
  const listMyAccounts = use('listMyAccounts', myAccountPage);
  const revealMyAccount = use('revealMyAccount', revealedPassword);
  const getMail = use('getAccountMail', accountMail);
  const chooseMail = use('chooseAccountMail', accountMail);
  const { root, area } = besideOwn;
  return {
    path: root,
    id: 'showMyAccounts',
    summary: 'Shared accounts that you may use',
    area,
    async show(visit) {
      const { texts, query, principal } = visit;
      const words = texts.accounts;
      const mail = await getMail(visit);
      const { items, next } = await listMyAccounts(visit, { query: query.cursor ? { cursor: query.cursor } : {} });
      return {
        title: words.title,
        body: html`<div class="heading"><h1>${words.title}</h1></div>
<p class="whose">${texts.frame.signedInAs(principal)}</p>
<p>${words.text({ org: principal.orgName })}</p>
${
  items.length > 0
    ? html`<ul class="own-accounts" aria-label="${words.list}">${items.map((item) => renderOne(visit, item))}</ul>`
    : renderEmpty(words.none)
}${renderPager(visit, next)}
${items.length > 0 && renderMail(visit, mail)}`,
      };
    },
    acts: {
      mail: async (visit) => {
        const { changed } = await chooseMail(visit, { body: { changed: isChecked(visit.given, 'changed') } });
        return { to: visit.req.originalUrl, notice: changed ? 'mailOn' : 'mailOff' };
      },
      reveal: async (visit) => {
        const revealed = await revealMyAccount(visit, { params: { id: textOf(visit.given, 'account') } });
        return viewOfPassword(
          visit,
          { ...revealed, isCurrent: true },
          { back: root, trail: [{ label: visit.texts.accounts.title, href: root }] },
        );
      },
    },
    shownOnce: ['reveal'],
    shownBefore: 'readAgain',
    untyped: ['account'],
  };
}

function renderOne(visit: Visit, item: Own): Html {
  const { texts } = visit;
  const words = texts.accounts;
  const { id, name, userName, place, notes, right, state } = item;
  const states: Readonly<Record<string, string>> = words.states;
  const stands = states[state];
  const isNewer = item.revealedVersion !== null && item.version !== null && item.revealedVersion < item.version;
  return html`<li><div class="what"><h2>${name}</h2>
<p><code>${userName}</code>${place && html` · ${place}`}</p>
${notes && html`<p class="soft typed">${notes}</p>`}
<p class="soft">${renderChanged(texts, item.changedAt)}${isNewer && html` ${renderBadge(words.newer)}`}${stands && html` ${renderBadge(stands)}`}</p></div>
<div class="actions">${
    item.version !== null &&
    renderForm(visit, {
      do: 'reveal',
      button: words.show,
      label: words.showOf({ name }),
      inline: true,
      hidden: { account: id },
      toldBy: 'account',
    })
  }${right === 'manage' && state === 'manual' && html`<a class="button" href="${besideOwn.root}/${id}/confirm" aria-label="${texts.console.accounts.confirmOf({ account: name })}">${texts.console.accounts.confirm}</a>`}${right === 'manage' && html`<a class="button quiet" href="${besideOwn.root}/${id}" aria-label="${words.manageOf({ name })}">${words.manage}</a>`}</div></li>`;
}

/** Whether they hear of it by e-mail: nobody else decides that. */
function renderMail(visit: Visit, { changed, emailAvailable }: z.output<typeof accountMail>): Html {
  const words = visit.texts.accounts;
  return html`<section aria-labelledby="mail"><h2 id="mail">${words.mailTitle}</h2>${
    emailAvailable || changed
      ? renderForm(visit, {
          do: 'mail',
          button: visit.texts.console.save,
          quiet: true,
          content: renderCheck({ name: 'changed', label: words.mail, checked: changed, hint: words.mailHint }),
        })
      : html`<p class="soft">${words.mailNone}</p>`
  }</section>`;
}
