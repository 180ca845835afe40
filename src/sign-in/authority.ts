/**
 * Which connection may say whom an address means, as SQL that the look-up and the write share.
 * Parameters: $1 the org, $2 the connection, $3 the look-up form of the address.
 */
const domain = `
  FROM domains d
  WHERE d.org_id = $1 AND d.domain = split_part($3::text, '@', -1) AND d.verified_at IS NOT NULL`;

/** The connection speaks for the address's domain: its word needs no `email_verified`. */
export const isAuthoritative = `EXISTS (SELECT ${domain} AND d.connection_id = $2)`;

/** Another connection, even one that is off, speaks for the domain: this one's word is nothing. */
export const isAnothers = `(NOT ${isAuthoritative} AND EXISTS (SELECT ${domain} AND d.connection_id IS NOT NULL))`;

/**
 * Whether an address that no connection speaks for may lead to the user in the row `u`: never if
 * another connection knows the user, and to an administrator only where no other connection is in
 * use. Else the operator of one identity provider, which may call any address verified, could sign
 * in as the people of another.
 */
export const mayMean = `(
  NOT EXISTS (SELECT FROM identities i WHERE i.org_id = $1 AND i.user_id = u.id AND i.connection_id <> $2)
  AND (u.role = 'member' OR NOT EXISTS (SELECT FROM connections c WHERE c.org_id = $1 AND c.id <> $2 AND c.active)))`;
