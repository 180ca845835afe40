import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { tooManyRequests } from '../http/rate-limit.ts';
import type { InTurn } from '../http/turns.ts';
import { type Keyring, UnsealError } from '../keyring.ts';
import type { Principal } from '../sessions/principal.ts';
import { notSignedIn } from '../sessions/session-end.ts';
import { noteReveal } from './reveals.ts';
import { type Right, rightsOfPerson } from './rights.ts';
import { createVault } from './vault.ts';

/** Seconds: how old the authentication of whoever reads a password may be. */
export const freshSeconds = 300;
/** Passwords that one person reads in a minute, on all nodes together. */
export const mostReveals = 20;

/** `version`: null for the current one, which the right `use` is enough for. */
export type Asked = Readonly<{ accountId: string; version: number | null }>;
/** What signs in where. */
type Named = Readonly<{ name: string; userName: string; place: string }>;
export type Revealed = Named & Readonly<{ accountId: string; version: number; password: string }>;

type Seen = Readonly<{
  live: boolean;
  right: Right | null;
  current: number | null;
  sealed: string | null;
  /** Null: there is no such account. */
  named: Named | null;
  waitSeconds: number | null;
}>;

/**
 * Reads a password for somebody, on record before a byte of it leaves. A revocation locks the
 * person's row too: it comes before, and then what is read below shows it, or after the commit, and
 * then the password counts as read and is changed. `pool`: the connections kept for access.
 */
export function createReveal({ pool, keyring, inTurn }: Readonly<{ pool: Pool; keyring: Keyring; inTurn: InTurn }>) {
  const vault = createVault({ pool, keyring });

  /** Reads in the person's own queue, then in the org's: whoever asks all the time holds up nobody else. */
  return function reveal(principal: Principal, asked: Asked, by: By): Promise<Revealed> {
    const { orgId, userId } = principal;
    return inTurn('reveals', `${orgId} ${userId}`, () => inTurn('reveals', orgId, () => read(principal, asked, by)));
  };

  async function read(principal: Principal, { accountId, version }: Asked, by: By): Promise<Revealed> {
    const { orgId } = principal;
    const found = await transaction(pool, async (client) => {
      await lockPerson(client, principal);
      const seen = await look(client, principal, { accountId, version });
      const allowed = requireRevealable(seen, version);
      await record(client, principal, accountId, allowed.version, by);
      return allowed;
    });
    try {
      return {
        accountId,
        ...found.named,
        version: found.version,
        password: await vault.open(orgId, accountId, found.version, found.sealed),
      };
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
      throw noPassword();
    }
  }
}

export type Reveal = ReturnType<typeof createReveal>;

async function lockPerson(client: PoolClient, { orgId, userId }: Principal): Promise<void> {
  await client.query({
    name: 'reveal-lock',
    text: 'SELECT FROM users WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE',
    values: [orgId, userId],
  });
}

/**
 * A statement of its own behind the lock: its snapshot has whatever was committed while that was
 * waited for.
 */
async function look(
  client: PoolClient,
  { orgId, userId, credential }: Principal,
  { accountId, version }: Asked,
): Promise<Seen> {
  const { rows } = await client.query<Seen>({
    name: `reveal-look-${credential.type}`,
    text: `SELECT EXISTS (SELECT FROM live_${credential.type}s l WHERE l.org_id = $1 AND l.user_id = $2 AND l.id = $3) AS live,
                  (SELECT max(r."right") FROM (${rightsOfPerson('$1', '$2')}) r WHERE r.account_id = $4) AS "right",
                  a.version AS current, v.sealed,
                  CASE WHEN a.id IS NOT NULL THEN jsonb_build_object('name', a.name, 'userName', a.user_name, 'place', a.place) END AS named,
                  (SELECT ceil(extract(epoch FROM at - clock_timestamp()) + 60)::int FROM account_reveals
                   WHERE org_id = $1 AND user_id = $2 AND NOT given AND at > clock_timestamp() - interval '1 minute'
                   ORDER BY at DESC OFFSET ${mostReveals - 1} LIMIT 1) AS "waitSeconds"
           FROM (SELECT) one
           LEFT JOIN accounts a ON a.org_id = $1 AND a.id = $4
           LEFT JOIN account_versions v ON v.org_id = $1 AND v.account_id = $4 AND v.version = coalesce($5, a.version)`,
    values: [orgId, userId, credential.id, accountId, version],
  });
  return rows[0] as Seen;
}

/**
 * @throws AppError for whoever is signed out, may not, has read too much, or where there is nothing
 * to read
 */
function requireRevealable(
  { live, right, current, sealed, named, waitSeconds }: Seen,
  version: number | null,
): Readonly<{ version: number; sealed: string; named: Named }> {
  if (!live) throw notSignedIn(undefined);
  if (right === null || named === null) throw new AppError('not_found', ({ answers }) => answers.accounts.none);
  if (version !== null && right !== 'manage')
    throw new AppError('forbidden', ({ answers }) => answers.accounts.currentOnly);
  if (waitSeconds !== null)
    throw tooManyRequests(({ answers }) => answers.accounts.manyReveals({ most: mostReveals }), waitSeconds);
  if (version === null && current === null) throw noPassword();
  if (sealed === null) throw new AppError('not_found', ({ answers }) => answers.accounts.noVersion);
  return { version: (version ?? current) as number, sealed, named };
}

async function record(
  client: PoolClient,
  { orgId, userId }: Principal,
  accountId: string,
  version: number,
  by: By,
): Promise<void> {
  await noteReveal(client, orgId, { accountId, version }, userId);
  const target = { type: 'account', id: accountId };
  await recordEvent(client, { orgId, action: 'account.revealed', by, target, detail: { version } });
}

/** None was given yet, or the key that it was sealed with was erased. */
const noPassword = () => new AppError('conflict', ({ answers }) => answers.accounts.noPassword);
