import type { z } from 'zod';
import { type account, accountPage } from '../admin/account-forms.ts';
import { groupNames } from '../admin/groups.ts';
import { AppError } from '../errors.ts';
import type { Use } from './operations.ts';
import type { Visit } from './screen.ts';

/** What a select offers; where there are more, a name or an id is typed. */
export const mostOffered = 200;

type Named = Readonly<{ id: string; name: string }>;
export type Offered = Readonly<{ items: readonly Named[]; more: boolean }>;

/** The groups that may be given access. */
export function createGroupChoice(use: Use) {
  const listGroupNames = use('listGroupNames', groupNames);
  return {
    async offer(visit: Visit): Promise<Offered> {
      const { groups, more } = await listGroupNames(visit, { query: { limit: mostOffered } });
      return { items: groups.map(({ id, displayName }) => ({ id, name: displayName })), more };
    },

    /** The id of the group that a name or an id says. @throws AppError not_found, conflict */
    async idOf(visit: Visit, typed: string): Promise<string> {
      if (/^grp_\w+$/.test(typed)) return typed;
      const { groups } = await listGroupNames(visit, { query: { search: typed, limit: mostOffered } });
      const ids = groups.filter(({ displayName }) => displayName === typed).map(({ id }) => id);
      return theOne(ids, 'group');
    },
  };
}

/** The accounts that may administer another one. */
export function createAccountChoice(use: Use) {
  const listAccounts = use('listAccounts', accountPage);
  return {
    async offer(visit: Visit): Promise<Offered> {
      const { items, next } = await listAccounts(visit, { query: { limit: mostOffered } });
      return { items: items.map(named), more: next !== null };
    },

    /** The id of the account that a name or an id says. @throws AppError not_found, conflict */
    async idOf(visit: Visit, typed: string): Promise<string> {
      if (typed === '' || /^acc_\w+$/.test(typed)) return typed;
      const { items } = await listAccounts(visit, { query: { search: typed, limit: mostOffered } });
      return theOne(
        items.filter(({ name }) => name === typed).map(({ id }) => id),
        'account',
      );
    },
  };
}

const named = ({ id, name }: z.output<typeof account>): Named => ({ id, name });

function theOne(ids: readonly string[], what: 'group' | 'account'): string {
  const [id] = ids;
  const field = what === 'group' ? 'group' : 'administrator';
  if (id === undefined)
    throw new AppError('invalid_request', ({ console }) => console.accounts.noneCalled[what], { field });
  if (ids.length > 1) throw new AppError('invalid_request', ({ console }) => console.accounts.severalCalled, { field });
  return id;
}
