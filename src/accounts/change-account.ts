import { isDeepStrictEqual } from 'node:util';
import type { Pool } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { type AccountRow, type Administrator, findAccount, lockAccount } from './account.ts';
import { type Changer, type GivenAdministrator, givenSql, requireMayUse, toColumns } from './administrator.ts';
import { isManual } from './connectors/manual.ts';
import { holdRotations, leavePlace } from './leave-place.ts';
import { noteLedElsewhere } from './led-elsewhere.ts';
import { lockAccounts, refuseTwin } from './logins.ts';
import type { PasswordRuleChanges } from './make-password.ts';
import { changedRules, checkedSettings } from './settings.ts';
import type { Vault } from './vault.ts';
import { addCurrent } from './versions.ts';

type Members = Readonly<{
  name: string;
  userName: string;
  place: string;
  notes: string;
  connector: string;
  /** All of them: what is left out is as the connector has it by default. */
  settings: Readonly<Record<string, unknown>>;
  administrator: GivenAdministrator | null;
  /** What is not named of these stays, too. */
  passwordRules: PasswordRuleChanges;
  everyDays: number | null;
  /** What signs in where the account leads after the change: needed where one was kept for elsewhere. */
  password: string;
}>;

/** What is not named stays. */
export type AccountChanges = Readonly<{ [Name in keyof Members]?: Members[Name] | undefined }>;

/**
 * Changes an account. Null: the org has no such account. Whatever says where the account is, or what
 * signs in there, is a way to lead passwords elsewhere, and to read them there: so the account's own
 * and its administrator's have to be given again in the same change, the kept ones are never sent
 * there (`leavePlace`), and each that is another account’s counts as read.
 * @throws AppError invalid_request, forbidden, or conflict for a circle and for
 * what is another account already
 */
export async function changeAccount(
  { pool, vault }: Readonly<{ pool: Pool; vault: Vault }>,
  orgId: string,
  id: string,
  changes: AccountChanges,
  { changer, by }: Readonly<{ changer: Changer; by: By }>,
): Promise<AccountRow | null> {
  return transaction(pool, async (client) => {
    // Changes of who administers whom wait for each other: two could close a circle. So do those of
    // what signs in where: two could become one.
    const { userName, place, connector: kind, settings: where } = changes;
    if (changes.administrator || [userName, place, kind, where].some((given) => given !== undefined))
      await lockAccounts(client, orgId);
    await holdRotations(client, orgId, id);
    if (!(await lockAccount(client, orgId, id))) return null;
    const before = (await findAccount(client, orgId, id)) as AccountRow;
    const { administrator: given, password, ...plain } = changes;
    const connector = plain.connector ?? before.connector;
    // The settings of another connector mean nothing to this one.
    const kept = connector === before.connector ? before.settings : {};
    const settings = checkedSettings(connector, plain.settings ?? kept);
    const passwordRules = plain.passwordRules
      ? changedRules(before.passwordRules, plain.passwordRules)
      : before.passwordRules;
    const after = { ...before, ...withoutUndefined(plain), settings, passwordRules };
    const changed = Object.keys(after).filter((name) => !isDeepStrictEqual(member(after, name), member(before, name)));
    if (given !== undefined) changed.push('administrator');
    const leads = changed.some((name) => ['userName', 'connector', 'settings'].includes(name));
    if (leads || given || changed.includes('place')) {
      const { userName: name = before.userName, place: there = before.place } = plain;
      const login = { id, userName: name, place: there, connector, settings, administrator: given ?? null };
      await refuseTwin(client, orgId, login, changer);
    }
    if (leads && given === undefined) requireMayUse(before, changer);
    requirePassword({ leads, connector, kept: before.version !== null, password }, changer);
    const columns = given === undefined ? null : await toColumns({ client, vault }, orgId, id, given, changer);
    if (changed.length === 0) return before;
    await client.query({
      name: 'account-change',
      text: `UPDATE accounts SET name = $3, user_name = $4, place = $5, notes = $6, connector = $7, settings = $8, password_rules = $9,
               every_days = $10, revision = revision + $11,
               admin_account_id = CASE WHEN $12 THEN $13 ELSE admin_account_id END,
               admin_user_name = CASE WHEN $12 THEN $14 ELSE admin_user_name END,
               admin_password = CASE WHEN $12 THEN $15 ELSE admin_password END, updated_at = now()
             WHERE org_id = $1 AND id = $2`,
      values: [
        ...[orgId, id, after.name, after.userName, after.place, after.notes, connector, settings, after.passwordRules],
        ...[after.everyDays, leads || columns ? 1 : 0, columns !== null, ...(columns ?? [null, null, null])],
      ],
    });
    if (columns)
      await client.query({
        name: 'account-administrator-given',
        text: `UPDATE accounts SET ${givenSql('$3', '$4')} WHERE org_id = $1 AND id = $2`,
        values: [orgId, id, columns[1], changer.userId],
      });
    // The operator, who could print what is kept, takes it along.
    if (leads && changer.userId !== null && !isManual(connector)) await leavePlace(client, orgId, id);
    const target = { type: 'account', id };
    if (password !== undefined) {
      const version = await addCurrent({ client, vault }, orgId, id, password, by);
      await recordEvent(client, { orgId, action: 'account.password_given', by, target, detail: { version } });
    }
    const newPlace = changed.includes('connector') || changed.includes('settings');
    const administratorId = columns ? columns[0] : idOf(before.administrator);
    const led = { id, connector, newPlace, administratorId: newPlace || columns ? administratorId : null };
    await noteLedElsewhere(client, orgId, led, { userId: changer.userId, by });
    await recordEvent(client, { orgId, action: 'account.changed', by, target, detail: { changed: changed.join(' ') } });
    return findAccount(client, orgId, id);
  });
}

/** A kept password is for the place that it was kept for, as an administrator's is. @throws AppError invalid_request */
function requirePassword(
  {
    leads,
    connector,
    kept,
    password,
  }: Readonly<{ leads: boolean; connector: string; kept: boolean; password: string | undefined }>,
  { userId }: Changer,
): void {
  const field = { field: 'password' };
  if (password !== undefined) {
    if (!leads) throw new AppError('invalid_request', ({ answers }) => answers.accounts.passwordElsewhere, field);
    return;
  }
  if (leads && kept && userId !== null && !isManual(connector))
    throw new AppError('invalid_request', ({ answers }) => answers.accounts.passwordAgain, field);
}

const idOf = (administrator: Administrator | null) =>
  administrator && 'accountId' in administrator ? administrator.accountId : null;

const member = (row: object, name: string): unknown => row[name as keyof typeof row];

const withoutUndefined = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, given]) => given !== undefined)) as Partial<T>;
