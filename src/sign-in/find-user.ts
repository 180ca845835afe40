import type { Pool } from 'pg';
import { foreignText } from '../http/foreign-text.ts';
import { emailKey } from '../users/email.ts';
import type { OrgConnection, SignInConnection } from './find-sign-in-connection.ts';
import { SignInRefused } from './refusal.ts';
import type { PersonClaims } from './user-info.ts';

/** Who signs in: a person known by subject, a user to link by address, or a user to create. */
export type SignInPerson =
  | Readonly<{ kind: 'known'; userId: string; identityId: string }>
  | (Readonly<{ kind: 'to_link'; userId: string }> & ClaimedAddress)
  | (Readonly<{ kind: 'to_create'; name: string }> & ClaimedAddress);

/** The address that the person is found by; the write judges again what the org says of it. */
type ClaimedAddress = Readonly<{ email: string; emailKey: string; emailVerified: boolean }>;

export type IssuedSubject = Readonly<{ issuer: string; subject: string }>;

/** Finds without writing; reads the claims of unknown subjects only. @throws SignInRefused */
export async function findPerson(
  pool: Pool,
  org: OrgConnection['org'],
  connection: SignInConnection,
  subject: string,
  readClaims: () => Promise<PersonClaims>,
): Promise<SignInPerson> {
  const known = await findByIdentity(pool, org.id, connection, subject);
  if (known) return { kind: 'known', ...known };

  const claims = await readClaims();
  const claim = `claim_${connection.emailClaim}`;
  if (claims.email === null)
    throw new SignInRefused('email_missing', claim, { facts: { claims: listed(claims.named) } });
  const key = emailKey(claims.email);
  if (key === null) throw new SignInRefused('email_unusable', claim);
  const found = await findByEmail(pool, org.id, connection.id, { emailKey: key, verified: claims.emailVerified });
  // Another connection is authoritative for this domain. This check and the next come before
  // anything is said of who exists.
  if (found.standing === 'anothers') throw new SignInRefused('connection_not_authoritative', 'domain');
  // It may look like another address: only who speaks for its domain brings it in.
  if (found.standing === 'unclear') throw new SignInRefused('email_unusable', 'international');
  // An unverified address could be anyone's: linking it would take over its user, and creating a
  // user would lie in wait for the address's owner.
  if (!claims.emailVerified && found.standing !== 'own') throw new SignInRefused('email_unverified', claim);
  if (found.linked) {
    // Another tab may have linked this very subject since the first look.
    const linked = await findByIdentity(pool, org.id, connection, subject);
    if (linked) return { kind: 'known', ...linked };
    throw new SignInRefused('identity_mismatch', 'person', { userId: found.userId });
  }
  const claimed = { email: claims.email, emailKey: key, emailVerified: claims.emailVerified };
  if (found.userId !== null) {
    const { userId } = found;
    if (!found.believed) throw new SignInRefused('connection_not_authoritative', 'person', { userId });
    return { kind: 'to_link', userId, ...claimed };
  }
  // Somebody is known by it at another connection, or beside the address that provisioning gave
  // them: an administrator links them, or says that they are two.
  if (found.claimantId !== null) throw new SignInRefused('identity_mismatch', 'claim', { userId: found.claimantId });
  if (!org.createUsers) throw new SignInRefused('user_unknown');
  const name = claims.name ?? key.slice(0, key.lastIndexOf('@'));
  return { kind: 'to_create', name, ...claimed };
}

/** Names that the IdP chose, once each. */
function listed(names: readonly string[]): string {
  return foreignText([...new Set(names)].join(' '), 500) ?? '';
}

/** A connection's accepted issuers name one IdP: its subjects are the same under each of them. */
async function findByIdentity(
  pool: Pool,
  orgId: string,
  connection: SignInConnection,
  subject: string,
): Promise<{ userId: string; identityId: string } | null> {
  const { rows } = await pool.query<{ userId: string; identityId: string }>({
    name: 'sign-in-identity',
    text: `SELECT id AS "identityId", user_id AS "userId" FROM identities
           WHERE org_id = $1 AND connection_id = $2 AND issuer = ANY ($3::text[]) AND subject = $4
           ORDER BY array_position($3::text[], issuer) LIMIT 1`,
    values: [orgId, connection.id, [connection.issuer, ...connection.acceptedIssuers], subject],
  });
  return rows[0] ?? null;
}

type FoundByEmail = Readonly<{
  userId: string | null;
  linked: boolean;
  /** What the connection's word on the address is worth. */
  standing: 'own' | 'anothers' | 'open' | 'unclear';
  /** Whether the address is believed to be this user's; null: nobody's yet. */
  believed: boolean | null;
  /** Somebody whom an identity provider calls so, who doesn't bear the address. */
  claimantId: string | null;
}>;

async function findByEmail(
  pool: Pool,
  orgId: string,
  connectionId: string,
  { emailKey, verified }: Readonly<{ emailKey: string; verified: boolean }>,
): Promise<FoundByEmail> {
  const { rows } = await pool.query<FoundByEmail>({
    name: 'sign-in-email',
    text: `SELECT u.id AS "userId",
                  EXISTS (SELECT FROM identities i
                          WHERE i.org_id = $1 AND i.user_id = u.id AND i.connection_id = $2) AS linked,
                  address_standing($1, $2, $3) AS standing,
                  CASE WHEN u.id IS NOT NULL THEN is_believed($2, $3, $4, u) END AS believed,
                  (SELECT min(user_id) FROM named_by_address($1, $3, NULL) WHERE bearer.id IS NULL) AS "claimantId"
           FROM (SELECT bearer_meant_by($1, $2, $3) AS id) AS bearer
           LEFT JOIN users u ON u.org_id = $1 AND u.id = bearer.id`,
    values: [orgId, connectionId, emailKey, verified],
  });
  return rows[0] as FoundByEmail;
}
