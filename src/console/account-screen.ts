import type { z } from 'zod';
import {
  accountForReader,
  accountRevealPage,
  accountRightPage,
  accountRotationPage,
  accountVersionPage,
} from '../admin/account-forms.ts';
import { may } from '../api/permissions.ts';
import { AppError } from '../errors.ts';
import { type Html, html, type Value } from '../html.ts';
import { compose } from '../web/compose.ts';
import type { Place } from './account-place.ts';
import { createReadAct } from './account-read-act.ts';
import { renderReveals, renderRights, renderVersionList } from './account-sections.ts';
import { createTestAct } from './account-test.ts';
import {
  connectorName,
  mayManage,
  renderAccountState,
  renderAgo,
  renderStanding,
  type ShownAccount,
  sayAccountState,
  trailOfAccounts,
} from './account-view.ts';
import type { Use } from './operations.ts';
import { formatNumber, renderCopyable, renderEmpty, renderFacts, renderForm, renderMoment } from './parts.ts';
import { renderRotations, renderUnderWay } from './rotation-parts.ts';
import { isSettled, lookAgainAt, renderCause } from './rotation-view.ts';
import type { Screen, Visit } from './screen.ts';

const mostShown = 10;
const mostRights = 50;

/** One account: how it is, how its password changes, who has access, who has read what. */
export function accountScreen(use: Use, place: Place): Screen {
  const getAccount = use('getAccount', accountForReader);
  const listRotations = use('listRotationsOfAccount', accountRotationPage);
  const listRights = use('listAccountRights', accountRightPage);
  const listReveals = use('listAccountReveals', accountRevealPage);
  const listVersions = use('listAccountVersions', accountVersionPage);
  const query = { limit: mostShown };

  /** The account that changes this one's password; whoever has no role may not see it. */
  async function administratorOf(visit: Visit, { id, administrator }: ShownAccount): Promise<Value> {
    if (administrator === null || !('accountId' in administrator)) return null;
    const { accountId } = administrator;
    const words = visit.texts.console.accounts;
    if (accountId === id) return words.itself;
    try {
      const { name } = await getAccount(visit, { params: { id: accountId } });
      return compose(words.byAccount, { account: html`<a href="${place.root}/${accountId}">${name}</a>` });
    } catch (error) {
      // Whoever manages an account may not see the one that administers it.
      if (error instanceof AppError && ['forbidden', 'not_found'].includes(error.code)) return words.byOther;
      throw error;
    }
  }

  return {
    path: `${place.root}/{id}`,
    id: place.idOf('Account'),
    summary: 'One shared account',
    area: place.area,
    async show(visit) {
      const { texts, params } = visit;
      const words = texts.console.accounts;
      // One after another: a page leaves the connections to others.
      const found = await getAccount(visit, { params });
      const { items: rotations, next: moreRotations } = await listRotations(visit, { params, query });
      const rights = await listRights(visit, { params, query: { limit: mostRights } });
      const reveals = await listReveals(visit, { params, query });
      const versions = await listVersions(visit, { params, query });
      const above = await administratorOf(visit, found);
      const again = lookAgainAt(rotations);
      const all = (part: string, label: string) =>
        html`<p><a href="${place.root}/${found.id}/${part}">${label}</a></p>`;
      return {
        title: words.one,
        trail: trailOfAccounts(texts, place),
        body: html`<div class="heading"><h1>${found.name}</h1></div>
<div id="live" data-said="${words.said({ account: found.name, state: sayAccountState(texts, found) })}"${again !== null && html` data-again="${again}"`}>
${renderStanding(texts, found)}
<section aria-labelledby="facts"><h2 id="facts" class="unseen">${words.facts}</h2>${renderFactsOf(visit, found, above)}
${mayManage(visit, found) && renderButtons(visit, found, place)}</section>
<section aria-labelledby="rotations"><h2 id="rotations">${words.rotations}</h2>${renderNewest(visit, rotations, place)}${moreRotations !== null && all('rotations', words.allRotations)}</section></div>
<section aria-labelledby="who"><h2 id="who">${words.who}</h2>${renderRights(visit, found, rights.items, place)}${rights.next !== null && all('rights', words.allRights)}</section>
<section aria-labelledby="versions"><h2 id="versions">${words.versions}</h2><p class="soft">${words.versionsText}</p>${renderVersionList(visit, found, versions.items)}${versions.next !== null && all('versions', words.allVersions)}</section>
<section aria-labelledby="reveals"><h2 id="reveals">${words.reveals}</h2>${renderReveals(visit, reveals.items, place)}${reveals.next !== null && all('reveals', words.allReveals)}</section>`,
      };
    },
    acts: {
      test: createTestAct(use, place),
      read: createReadAct(use, place),
    },
    shownOnce: ['read'],
    shownBefore: 'readAgain',
    untyped: ['version'],
  };
}

function renderButtons(visit: Visit, { id, connector, version }: ShownAccount, { root, area }: Place): Html {
  const words = visit.texts.console.accounts;
  const page = `${root}/${id}`;
  const test = connector !== 'manual' && version !== null;
  const mayRemove = area !== null && may(visit.principal.role, 'accounts.change');
  return html`<div class="actions"><a class="button" href="${page}/rotate">${words.rotate}</a>${test && renderForm(visit, { do: 'test', button: words.test, quiet: true, inline: true })}<a class="button quiet" href="${page}/settings">${words.change}</a><a class="button quiet" href="${page}/password">${words.givePassword}</a>${mayRemove && html`<a class="button quiet alarming" href="${page}/remove">${words.remove}</a>`}</div>`;
}

function renderFactsOf({ texts }: Visit, found: ShownAccount, above: Value): Html {
  const words = texts.console.accounts;
  const { everyDays, passwordRules, administrator } = found;
  const { length } = passwordRules as Readonly<{ length?: number }>;
  const admin: Value =
    administrator === null
      ? found.connector === 'manual'
        ? null
        : words.itself
      : 'accountId' in administrator
        ? above
        : html`<code>${administrator.userName}</code>`;
  return renderFacts([
    [words.state, renderAccountState(texts, found)],
    [words.userName, renderCopyable(texts, found.userName, words.userName)],
    [words.place, found.place || null],
    [words.connector, connectorName(texts, found.connector)],
    [words.administrator, admin],
    [words.changed, found.changedAt === null ? words.notYet : renderAgo(texts, found.changedAt)],
    [words.version, found.version === null ? null : formatNumber(texts, found.version)],
    [words.schedule, everyDays === null ? words.noSchedule : words.everyDays(everyDays)],
    [words.rules, length !== undefined && words.ofLength({ n: formatNumber(texts, length) })],
    [words.notes, found.notes !== '' && html`<span class="typed">${found.notes}</span>`],
    [words.added, renderMoment(texts, found.createdAt)],
    [words.id, renderCopyable(texts, found.id, words.id)],
  ]);
}

type Rotations = z.output<typeof accountRotationPage>['items'];

/** What is under way step by step, then what was. */
function renderNewest(visit: Visit, rotations: Rotations, place: Place): Html {
  const { texts, req } = visit;
  const words = texts.console.accounts;
  if (rotations.length === 0) return renderEmpty(words.noRotations);
  const open = rotations.filter((rotation) => !isSettled(rotation));
  const settled = rotations.filter(isSettled);
  const links = place.area !== null;
  return html`${renderUnderWay(visit, open, { place, heading: (rotation) => html`<p>${renderMoment(texts, rotation.createdAt)}: ${renderCause(texts, rotation, { links })}</p>` })}
${open.length > 0 && html`<p class="look-again"><a href="${req.path}">${words.lookAgain}</a></p>`}
${settled.length > 0 && renderRotations(visit, settled, { place, withAccount: false })}`;
}
