import type { Pool, PoolClient } from 'pg';
import type { User } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';
import { noSuchPerson } from './change-person.ts';

type Db = Pool | PoolClient;

/** A person by their names. */
export type NamedPerson = Pick<
  User,
  'id' | 'name' | 'email' | 'emailKey' | 'role' | 'provisioned' | 'userName' | 'userNameKey'
>;
export type NamedConnection = Readonly<{ id: string; name: string }>;
export type NamedIdentity = Readonly<{
  id: string;
  subject: string;
  connection: NamedConnection;
  /** The look-up form of the address that the identity provider named last. */
  claimedKey: string | null;
}>;

/** @throws AppError not_found */
export async function readPerson(db: Db, orgId: string, id: string): Promise<NamedPerson> {
  const { rows } = await db.query<NamedPerson>({
    name: 'person-names',
    text: `SELECT id, name, email, email_key AS "emailKey", role, provisioned,
                  user_name AS "userName", user_name_key AS "userNameKey"
           FROM users WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL`,
    values: [orgId, id],
  });
  if (!rows[0]) throw noSuchPerson();
  return rows[0];
}

/** A person has one for each connection at most, and an org has few connections. */
export async function readIdentities(db: Db, orgId: string, userId: string): Promise<readonly NamedIdentity[]> {
  const { rows } = await db.query<NamedIdentity>({
    name: 'identities-named',
    text: `SELECT i.id, i.subject, i.claimed_email_key AS "claimedKey", jsonb_build_object('id', c.id, 'name', c.name) AS connection
           FROM identities i JOIN connections c ON c.org_id = i.org_id AND c.id = i.connection_id
           WHERE i.org_id = $1 AND i.user_id = $2`,
    values: [orgId, userId],
  });
  return rows;
}

/** With `lock` the row stays locked until the transaction ends. @throws AppError not_found */
export async function requireConnection(db: Db, orgId: string, id: string, lock = false): Promise<NamedConnection> {
  const { rows } = await db.query<NamedConnection>({
    name: `connection-named-${lock}`,
    text: `SELECT id, name FROM connections WHERE org_id = $1 AND id = $2 ${lock ? 'FOR NO KEY UPDATE' : ''}`,
    values: [orgId, id],
  });
  if (!rows[0]) throw new AppError('not_found', 'The organisation has no connection of this id.');
  return rows[0];
}
