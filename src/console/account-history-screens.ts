import {
  accountForReader,
  accountRevealPage,
  accountRightPage,
  accountRotationPage,
  accountVersionPage,
} from '../admin/account-forms.ts';
import { type Html, html } from '../html.ts';
import type { Place } from './account-place.ts';
import { createReadAct } from './account-read-act.ts';
import { renderReveals, renderRights, renderVersionList } from './account-sections.ts';
import { type ReadAccount, trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderPager } from './parts.ts';
import { renderRotations } from './rotation-parts.ts';
import type { Screen, Visit } from './screen.ts';

type Part = Readonly<{ title: string; text?: string; list: Html | null; next: string | null }>;

/** All of what an account's page shows the newest of, page by page. */
export function accountHistoryScreens(use: Use, place: Place): readonly Screen[] {
  const getAccount = use('getAccount', accountForReader);
  const listRotations = use('listRotationsOfAccount', accountRotationPage);
  const listRights = use('listAccountRights', accountRightPage);
  const listReveals = use('listAccountReveals', accountRevealPage);
  const listVersions = use('listAccountVersions', accountVersionPage);
  const asked = ({ params, query }: Visit) => ({ params, query: query.cursor ? { cursor: query.cursor } : {} });

  const screen = (
    part: Readonly<{ name: string; id: string; summary: string }>,
    look: (visit: Visit, found: ReadAccount) => Promise<Part>,
  ): Screen => ({
    path: `${place.root}/{id}/${part.name}`,
    id: place.idOf(part.id),
    summary: part.summary,
    area: place.area,
    async show(visit) {
      const found = await getAccount(visit, { params: visit.params });
      const { title, text, list, next } = await look(visit, found);
      return {
        title,
        trail: trailOfAccounts(visit.texts, place, found),
        body: html`<h1>${title}</h1>
<p>${found.name}</p>
${text && html`<p class="soft">${text}</p>`}
${list}${renderPager(visit, next)}`,
      };
    },
  });

  return [
    screen(
      { name: 'rotations', id: 'AccountRotations', summary: 'All changes of the password of a shared account' },
      async (visit) => {
        const { items, next } = await listRotations(visit, asked(visit));
        const list = renderRotations(visit, items, { place, withAccount: false });
        return { title: visit.texts.console.accounts.rotations, list, next };
      },
    ),
    screen(
      { name: 'rights', id: 'AccountRights', summary: 'Everybody who has access to a shared account' },
      async (visit, found) => {
        const { items, next } = await listRights(visit, asked(visit));
        return { title: visit.texts.console.accounts.who, list: renderRights(visit, found, items, place), next };
      },
    ),
    {
      ...screen(
        { name: 'versions', id: 'AccountVersions', summary: 'All versions of the password of a shared account' },
        async (visit, found) => {
          const { items, next } = await listVersions(visit, asked(visit));
          const { versions: title, versionsText: text } = visit.texts.console.accounts;
          return { title, text, list: renderVersionList(visit, found, items), next };
        },
      ),
      acts: { read: createReadAct(use, place) },
      shownOnce: ['read'],
      shownBefore: 'readAgain',
      untyped: ['version'],
    },
    screen(
      { name: 'reveals', id: 'AccountReveals', summary: 'All who have read the password of a shared account' },
      async (visit) => {
        const { items, next } = await listReveals(visit, asked(visit));
        return { title: visit.texts.console.accounts.reveals, list: renderReveals(visit, items, place), next };
      },
    ),
  ];
}
