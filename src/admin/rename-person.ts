import { isDeepStrictEqual } from 'node:util';
import type { PoolClient } from 'pg';
import { type AuditEvent, recordEvent } from '../audit/record.ts';
import { AppError } from '../errors.ts';
import { displayNameOf, formattedName, type PersonName, splitName } from '../users/person-name.ts';

export type NewName = Readonly<Partial<Record<'name' | 'givenName' | 'familyName', string | undefined>>>;

/**
 * Changes what a locked person is called, and records it. A display name that was made of the parts
 * follows them. Once these are said here, no sign-in changes them any more.
 * @throws AppError conflict for the parts of a provisioned person's name
 */
export async function renamePerson(
  client: PoolClient,
  record: Pick<AuditEvent, 'orgId' | 'by'>,
  id: string,
  { name, givenName, familyName }: NewName,
): Promise<void> {
  const given = Object.entries({ givenName, familyName }).filter(([, part]) => part !== undefined);
  if (name === undefined && given.length === 0) return;
  const { rows } = await client.query<{ name: string; known: PersonName | null; provisioned: boolean }>({
    name: 'person-name',
    text: `SELECT name, profile -> 'name' AS known, provisioned FROM users WHERE org_id = $1 AND id = $2`,
    values: [record.orgId, id],
  });
  const [before] = rows;
  if (!before) return;
  if (given.length > 0 && before.provisioned) throw new AppError('conflict', ({ answers }) => answers.provisionedName);
  const known = before.known ?? splitName(before.name) ?? {};
  const changed: PersonName = { ...known, ...Object.fromEntries(given) };
  const whole = changed.formatted === undefined ? changed : { ...changed, formatted: formattedName(changed) };
  const followed = before.name === displayNameOf(known) ? (displayNameOf(whole) ?? before.name) : before.name;
  const displayName = name ?? followed;
  const isChanged = given.length > 0 && !isDeepStrictEqual(whole, before.known);
  await client.query({
    name: 'rename-person',
    text: `UPDATE users SET name = $3, profile = profile || $4::jsonb, named_by_hand = named_by_hand OR $5, updated_at = clock_timestamp()
           WHERE org_id = $1 AND id = $2 AND (name <> $3 OR $5 AND NOT (named_by_hand AND profile @> $4))`,
    values: [record.orgId, id, displayName, JSON.stringify(given.length > 0 ? { name: whole } : {}), given.length > 0],
  });
  const attributes = [...(displayName === before.name ? [] : ['displayName']), ...(isChanged ? ['name'] : [])].join(
    ', ',
  );
  const target = { type: 'user', id };
  if (attributes !== '')
    await recordEvent(client, { ...record, action: 'user.changed', target, detail: { attributes } });
}
