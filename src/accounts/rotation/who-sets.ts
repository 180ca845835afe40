import type { Target } from '../connectors/connector.ts';
import { type Held, noneKnown } from './held-rotation.ts';
import { type Known, openVersion, type Rotating, versionBefore } from './rotating.ts';

/** `version`: which of its passwords, where it is another shared account. */
type Setter = Readonly<{ admin: Target<unknown>['admin']; version: number | null }>;

/** Who may set the password there, in the order in which they are tried; or why nobody can now. */
export type WhoSets = Readonly<{ setters: readonly [Setter, ...Setter[]] }> | Readonly<{ wait: string }>;

const only = (admin: Setter['admin']): WhoSets => ({ setters: [{ admin, version: null }] });

/**
 * The administrator of an account: its own, another shared account, or the account itself. That of a
 * shared account is opened when it is used. While it is uncertain which of its passwords signs in, or
 * none does, nobody guesses; and for some minutes after a change its former password is taken too,
 * for directories are slow, and the first where it was what signed in last: so a thousand accounts
 * don't try the newest a thousand times. `known`: the password of the account itself that signs in,
 * as far as is known.
 */
export async function whoSets(rotating: Rotating, held: Held, known: Known | null): Promise<WhoSets> {
  const { orgId, account } = held;
  const itself = known && { userName: account.userName, password: known.password };
  if (account.adminUserName !== null && account.adminPassword !== null) {
    const password = await rotating.vault.openAdmin(orgId, account.id, account.adminPassword);
    return only({ userName: account.adminUserName, password });
  }
  if (account.adminAccountId !== null && account.adminAccountId !== account.id)
    return ofAccount(rotating, orgId, account.adminAccountId);
  if (account.adminAccountId === null && !rotating.connectorOf(account.connector).needsAdmin) return only(null);
  return itself ? only(itself) : { wait: 'administrator_unknown' };
}

async function ofAccount(rotating: Rotating, orgId: string, id: string): Promise<WhoSets> {
  const { rows } = await rotating.pool.query<{
    userName: string;
    version: number | null;
    uncertain: boolean;
    changed: boolean;
    accepted: number | null;
  }>({
    name: 'administrator-account',
    text: `SELECT a.user_name AS "userName", a.version,
                  coalesce(a.changed_at > clock_timestamp() - make_interval(secs => $3), false) AS changed,
                  (SELECT t.accepted_version FROM account_administrator_tries t
                   WHERE t.org_id = a.org_id AND t.administrator = a.id AND t.accepted_at > a.changed_at
                     AND t.accepted_at > clock_timestamp() - make_interval(secs => $4)) AS accepted,
                  EXISTS (SELECT FROM account_rotations r WHERE r.org_id = a.org_id AND r.account_id = a.id AND (
                            r.state IN ('candidate', 'set', 'manual') AND (r.sent_at IS NOT NULL OR r.error = '${noneKnown}')
                            OR r.state = 'uncertain' OR r.state = 'queued' AND r.search_first)) AS uncertain
           FROM accounts a WHERE a.org_id = $1 AND a.id = $2`,
    values: [orgId, id, rotating.times.spread, rotating.times.wrong],
  });
  const admin = rows[0];
  if (!admin || admin.version === null) return { wait: 'administrator_unknown' };
  if (admin.uncertain) return { wait: 'administrator_uncertain' };
  const former = admin.changed ? await versionBefore(rotating, orgId, id, admin.version) : null;
  const open = async (version: number): Promise<Setter> => {
    const { password } = await openVersion(rotating, orgId, id, version);
    return { admin: { userName: admin.userName, password }, version };
  };
  const newest = await open(admin.version);
  if (former === null) return { setters: [newest] };
  const before = await open(former);
  return { setters: former === admin.accepted ? [before, newest] : [newest, before] };
}
