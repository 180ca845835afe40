import { userNameKey } from '../users/email.ts';
import { haystacks } from '../users/search-index.ts';
import type { Column, Columns } from './filter-sql.ts';
import { resolvePath } from './paths.ts';
import { type Attribute, userType } from './schemas.ts';

const text = (sql: string, caseExact = false): Column => ({ type: 'string', sql, caseExact });
const byPart = (sql: string): Column => ({ type: 'string', sql, caseExact: false, haystack: haystacks.users });
const indexed = (sql: string): Column => ({ type: 'string', sql, caseExact: true, indexed: true });
const time = (sql: string): Column => ({ type: 'dateTime', sql });

const ownColumns: Readonly<Record<string, Column>> = {
  id: indexed('u.id'),
  externalId: indexed('u.external_id'),
  userName: {
    type: 'string',
    sql: 'coalesce(u.user_name, u.email)',
    caseExact: false,
    key: { sql: 'coalesce(u.user_name_key, u.email_key)', of: userNameKey },
    haystack: haystacks.users,
  },
  displayName: byPart('u.name'),
  active: { type: 'boolean', sql: 'u.active' },
  'meta.resourceType': text(`'User'::text`, true),
  'meta.created': time('u.created_at'),
  'meta.lastModified': time('u.updated_at'),
};

/** A user without emails of their own has the address alone. */
const emails = `coalesce(u.profile -> 'emails',
  jsonb_build_array(jsonb_build_object('value', u.email, 'type', 'work', 'primary', true)))`;
/** Of a user's addresses the one that counts has a key in a column. */
const keyOfEmail = (value: string) => `CASE WHEN ${value} = u.email THEN u.email_key END`;
const roles = `jsonb_build_array(jsonb_build_object('value', u.role::text, 'type', 'Role', 'primary', true))`;
const memberships = 'group_members m JOIN groups g ON g.org_id = m.org_id AND g.id = m.group_id';

/** How users (`u`) are searched and sorted. Names in the SQL are the schema's, not the client's. */
export const userColumns: Columns = (path) => {
  const target = resolvePath(userType, path);
  if (!target?.attribute) return null;
  const { extension, attribute, sub } = target;
  if (extension === null) {
    const own = ownColumns[sub ? `${attribute.name}.${sub.name}` : attribute.name];
    if (own) return own;
    if (['schemas', 'meta', 'password'].includes(attribute.name)) return null;
  }
  if (attribute.config.multiValued) {
    const many = manyColumn(attribute);
    return sub ? { ...many, columns: (name) => (name === 'value' ? many.columns(sub.name) : null) } : many;
  }
  const holder = extension === null ? 'u.profile' : `u.profile -> '${extension}'`;
  if (attribute.type === 'complex') {
    if (!sub) return { type: 'complex', sql: `${holder} -> '${attribute.name}'` };
    const part = `${holder} -> '${attribute.name}' ->> '${sub.name}'`;
    return extension === null && attribute.name === 'name' ? byPart(part) : text(part);
  }
  return text(`${holder} ->> '${attribute.name}'`);
};

function manyColumn(attribute: Attribute): Extract<Column, { type: 'many' }> {
  if (attribute.name === 'groups') {
    return {
      type: 'many',
      from: `(SELECT g.id AS value, g.display_name AS display FROM ${memberships}
              WHERE m.org_id = u.org_id AND m.user_id = u.id) AS one`,
      columns: (name) =>
        name.toLowerCase() === 'value'
          ? text('one.value', true)
          : name.toLowerCase() === 'display'
            ? text('one.display')
            : null,
    };
  }
  const stored = `u.profile -> '${attribute.name}'`;
  const array = attribute.name === 'emails' ? emails : attribute.name === 'roles' ? roles : stored;
  return {
    type: 'many',
    from: `jsonb_array_elements(CASE WHEN jsonb_typeof(${array}) = 'array' THEN ${array} ELSE '[]' END) AS one`,
    columns: (name) => {
      const sub = attribute.subAttributes?.find((each) => each.name.toLowerCase() === name.toLowerCase());
      if (!sub) return null;
      if (sub.type === 'boolean')
        return { type: 'boolean', sql: `coalesce((one.value ->> '${sub.name}')::boolean, false)` };
      const value = `one.value ->> '${sub.name}'`;
      return attribute.name === 'emails' && sub.name === 'value'
        ? { ...byPart(value), orKey: { sql: keyOfEmail(value), of: userNameKey } }
        : text(value);
    },
    ...(attribute.name === 'emails' ? { sort: 'u.email_key' } : {}),
  };
}

export const groupsOfUser = `(SELECT jsonb_agg(jsonb_build_object('value', g.id, 'display', g.display_name) ORDER BY g.display_name, g.id)
  FROM ${memberships} WHERE m.org_id = u.org_id AND m.user_id = u.id)`;
