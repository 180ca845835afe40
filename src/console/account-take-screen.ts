import type { z } from 'zod';
import { accountForReader, type accountRight, accountRightPage } from '../admin/account-forms.ts';
import { may } from '../api/permissions.ts';
import { AppError } from '../errors.ts';
import { html, type Value } from '../html.ts';
import type { Place } from './account-place.ts';
import { nameOfHolder } from './account-sections.ts';
import { trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderQuestion } from './parts.ts';
import type { Screen, Visit } from './screen.ts';

type Right = z.output<typeof accountRight>;

/** Asks before a right to an account is taken away: that changes a password that is in use. */
export function accountTakeScreen(use: Use, place: Place): Screen {
  const getAccount = use('getAccount', accountForReader);
  const listRights = use('listAccountRights', accountRightPage);
  const endRight = use('endAccountRight', null);

  /** An account has 1,000 at most. */
  async function rightsOf(visit: Visit): Promise<readonly Right[]> {
    const all: Right[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { limit: '200', ...(cursor && { cursor }) };
      const page = await listRights(visit, { params: { id: visit.params.id ?? '' }, query });
      all.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    return all;
  }

  return {
    path: `${place.root}/{id}/rights/{right}`,
    id: place.idOf('AccountTake'),
    summary: 'Take somebody’s access to a shared account away',
    area: place.area,
    recent: true,
    async show(visit) {
      const { texts, params } = visit;
      const words = texts.console.accounts;
      const found = await getAccount(visit, { params: { id: params.id ?? '' } });
      const rights = await rightsOf(visit);
      const right = rights.find(({ id }) => id === params.right);
      if (!right) throw new AppError('not_found', ({ answers }) => answers.accounts.noRight);
      return {
        title: words.takeTitle,
        trail: trailOfAccounts(texts, place, found),
        body: renderQuestion(visit, {
          ask: words.takeAsk({ holder: nameOfHolder(visit, right), account: found.name }),
          text: found.connector === 'manual' ? words.takeManual : words.takeWhat,
          more: renderWarnings(visit, right, rights),
          do: 'take',
          button: words.takeButton,
          back: `${place.root}/${found.id}`,
        }),
      };
    },
    acts: {
      take: async (visit) => {
        const { id = '', right = '' } = visit.params;
        await endRight(visit, { params: { id, right } });
        return { to: (await isReadable(visit, id)) ? `${place.root}/${id}` : place.root, notice: 'accessTaken' };
      },
    },
  };

  /** Whoever took their own access may not see the account any more. */
  async function isReadable(visit: Visit, id: string): Promise<boolean> {
    try {
      await getAccount(visit, { params: { id } });
      return true;
    } catch (error) {
      if (error instanceof AppError && ['forbidden', 'not_found'].includes(error.code)) return false;
      throw error;
    }
  }
}

function renderWarnings({ texts, principal }: Visit, right: Right, rights: readonly Right[]): Value {
  const words = texts.console.accounts;
  const isOwn = right.user?.id === principal.userId;
  const others = rights.filter(
    ({ id, right: is, user, group }) =>
      id !== right.id && is === 'manage' && (user?.active || (group?.members ?? 0) > 0),
  );
  const isLast = right.right === 'manage' && others.length === 0;
  const leaves = isOwn && !may(principal.role, 'org.read');
  return html`${isOwn && html`<p class="warning">${leaves ? words.takeOwn : words.takeOwnRead}</p>`}${isLast && html`<p class="warning">${words.takeLast}</p>`}`;
}
