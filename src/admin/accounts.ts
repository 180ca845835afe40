import type { Request } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import { accountStates } from '../accounts/account.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { freshSeconds } from '../accounts/reveal.ts';
import { type Operation, operation, requireRecentAuthentication } from '../api/operation.ts';
import { pageQuery, readCursor, toPage } from '../api/page.ts';
import { changerOf, foundAccount } from './account-access.ts';
import {
  account,
  accountChanges,
  accountForReader,
  accountPage,
  accountPasswordGiven,
  accountVersionPage,
  newAccount,
  password,
} from './account-forms.ts';
import { reference, searchText } from './forms.ts';

export const accountsTag = 'Shared accounts';
export const accountsPath = '/api/orgs/current/accounts';
const tag = accountsTag;
const byId = `${accountsPath}/{id}`;
const params = z.object({ id: reference });
const permission = 'accounts.change';

/** The shared accounts of the organisation. Nothing here reads a password. */
export function accountOperations({
  accessPool,
  accounts,
  ifManages,
}: Readonly<{
  accessPool: Pool;
  accounts: Accounts;
  ifManages: NonNullable<Operation['orIf']>;
}>): readonly Operation[] {
  const orIf = ifManages;
  /** Whoever says where passwords are sent could read them there: that takes what a reveal takes. */
  const requireFresh = async (req: Request, body: Leading) => {
    if (leads(body)) await requireRecentAuthentication(accessPool, req, freshSeconds);
  };
  return [
    operation({
      method: 'get',
      path: accountsPath,
      id: 'listAccounts',
      tag,
      summary: 'The shared accounts, by their names',
      permission: 'org.read',
      query: z.object({
        ...pageQuery,
        search: searchText.optional().describe('Part of the name, the user name or the place, in any letter case.'),
        state: z.enum(accountStates).optional().describe('Only those that stand so.'),
      }),
      success: { status: 200, description: 'A page of accounts.', schema: accountPage },
      handle: async ({ orgId, query: { limit, cursor, search, state } }) => {
        const after = readCursor(cursor, 2, ([, id]) => reference.safeParse(id).success);
        const rows = await accounts.list(orgId, { search, state, after, limit: limit + 1 });
        return toPage(rows, limit, ({ name, id }) => [name, id]);
      },
    }),
    operation({
      method: 'post',
      path: accountsPath,
      id: 'addAccount',
      tag,
      summary: 'Add a shared account',
      description:
        'With the password that signs in now, where it is known. Nobody may read it before they are given a right to the account.',
      permission,
      body: newAccount,
      bodyExample: {
        name: 'Ship’s computer',
        userName: 'operator',
        place: 'https://computer.whiterabbit.fake',
        password: 'correct-horse-battery',
      },
      success: { status: 201, description: 'Added.', schema: account },
      problems: ['conflict'],
      handle: async ({ principal, orgId, body, by, req }) => {
        await requireFresh(req, { administrator: body.administrator });
        return accounts.add(orgId, body, { changer: changerOf(principal), by });
      },
    }),
    operation({
      method: 'get',
      path: byId,
      id: 'getAccount',
      tag,
      summary: 'A shared account',
      permission: 'org.read',
      orIf,
      params,
      success: { status: 200, description: 'The account.', schema: accountForReader },
      problems: ['not_found'],
      handle: async ({ principal, orgId, params: { id } }) => ({
        ...foundAccount(await accounts.find(orgId, id)),
        right: await accounts.rightOf(principal, id),
      }),
    }),
    operation({
      method: 'patch',
      path: byId,
      id: 'changeAccount',
      tag,
      summary: 'Change a shared account',
      description:
        'Where the name that signs in, the connector or its settings change, an administrator with a password of its own has to be given again: a credential is for the place that it was given for. So is a password that is kept: give `password`, which signs in there; earlier ones are never sent there, and whoever manages the account still reads them. To name another shared account as the administrator, or to make such a change while another one is, takes the role’s permission `accounts.change`; the right to manage either account is not enough. Each of these needs an authentication of the last five minutes.',
      permission,
      orIf,
      params,
      body: accountChanges,
      bodyExample: { notes: 'Sign in by the terminal on the bridge.' },
      success: { status: 200, description: 'As it is now.', schema: account },
      problems: ['not_found', 'conflict'],
      handle: async ({ principal, orgId, params: { id }, body, by, req }) => {
        await requireFresh(req, body);
        return foundAccount(await accounts.change(orgId, id, body, { changer: changerOf(principal), by }));
      },
    }),
    operation({
      method: 'post',
      path: `${byId}/password`,
      id: 'giveAccountPassword',
      tag,
      summary: 'Say which password signs in now',
      description: 'Nothing is changed at the system itself. The version before is kept.',
      permission,
      orIf,
      params,
      body: z.strictObject({ password }).meta({ id: 'AccountPassword' }),
      bodyExample: { password: 'correct-horse-battery' },
      success: {
        status: 200,
        description: 'The number of its version.',
        schema: accountPasswordGiven,
      },
      problems: ['not_found', 'conflict'],
      handle: async ({ orgId, params: { id }, body, by }) => ({
        version: foundAccount(await accounts.givePassword(orgId, id, body.password, by)),
      }),
    }),
    operation({
      method: 'get',
      path: `${byId}/versions`,
      id: 'listAccountVersions',
      tag,
      summary: 'The versions of the password, the latest first, without the passwords',
      permission: 'org.read',
      orIf,
      params,
      query: z.object(pageQuery),
      success: { status: 200, description: 'A page of versions.', schema: accountVersionPage },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, query: { limit, cursor } }) => {
        const key = readCursor(cursor, 1, ([version]) => /^[1-9]\d{0,8}$/.test(String(version)));
        foundAccount(await accounts.find(orgId, id));
        const rows = await accounts.listVersions(orgId, id, { after: key && Number(key[0]), limit: limit + 1 });
        return toPage(rows, limit, ({ version }) => [String(version)]);
      },
    }),
  ];
}

type Leading = Pick<z.output<typeof accountChanges>, 'userName' | 'connector' | 'settings' | 'administrator'>;

/** Whether a change may lead the account, or another one's password, elsewhere. */
const leads = ({ userName, connector, settings, administrator }: Leading): boolean =>
  [userName, connector, settings].some((value) => value !== undefined) ||
  (administrator !== null && administrator !== undefined && 'accountId' in administrator);
