import type { Column, Columns } from './filter-sql.ts';
import { resolvePath } from './paths.ts';
import { groupType } from './schemas.ts';

const text = (sql: string, caseExact = false): Column => ({ type: 'string', sql, caseExact });
const indexed = (sql: string, caseExact = true): Column => ({ type: 'string', sql, caseExact, indexed: true });

/** How members (`m`, with the user `u`) are searched, by the names within `members`. */
export const memberColumns: Columns = (path) => {
  switch (path.toLowerCase()) {
    case 'value':
      return indexed('m.user_id');
    case 'display':
      return text('u.name');
    case 'type':
      return text(`'User'::text`);
    default:
      return null;
  }
};

const members: Extract<Column, { type: 'many' }> = {
  type: 'many',
  from: `(group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id AND u.deleted_at IS NULL
          AND m.org_id = g.org_id AND m.group_id = g.id)`,
  columns: memberColumns,
};

const ownColumns: Readonly<Record<string, Column>> = {
  id: indexed('g.id'),
  externalId: text('g.external_id', true),
  displayName: indexed('g.display_name', false),
  members,
  'members.value': { ...members, columns: memberColumns },
  'members.display': { ...members, columns: (name) => (name === 'value' ? memberColumns('display') : null) },
  'members.type': { ...members, columns: (name) => (name === 'value' ? memberColumns('type') : null) },
  'meta.resourceType': text(`'Group'::text`, true),
  'meta.created': { type: 'dateTime', sql: 'g.created_at' },
  'meta.lastModified': { type: 'dateTime', sql: 'g.updated_at' },
};

/** How groups (`g`) are searched and sorted. */
export const groupColumns: Columns = (path) => {
  const target = resolvePath(groupType, path);
  if (!target?.attribute) return null;
  const { attribute, sub } = target;
  return ownColumns[sub ? `${attribute.name}.${sub.name}` : attribute.name] ?? null;
};
