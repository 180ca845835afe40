import { isIndexedPart, toPattern } from '../users/find-by-part.ts';
import { countComparisons, type Filter, type Operand, type Operator } from './filter.ts';
import { ScimError } from './scim-error.ts';

/** How an attribute is read in SQL. All of it is ours; a client's words become parameters. */
export type Column =
  | Readonly<{
      type: 'string';
      sql: string;
      caseExact: boolean;
      /** There is an index for `eq`; with a key there always is. */
      indexed?: boolean;
      /** For look-ups: an indexed expression, and the form that its values have. */
      key?: Readonly<{ sql: string; of: (text: string) => string }>;
      /** Another form by which `eq` finds a value, where the value has one. */
      orKey?: Readonly<{ sql: string; of: (text: string) => string }>;
      /** An expression with a trigram index that holds the value, in lower case or as JSON has it. */
      haystack?: string;
    }>
  | Readonly<{ type: 'boolean'; sql: string }>
  | Readonly<{ type: 'dateTime'; sql: string }>
  | Readonly<{ type: 'complex'; sql: string }>
  /** A row for each value; lists are sorted by `sort`. */
  | Readonly<{ type: 'many'; from: string; columns: Columns; sort?: string }>;

/** Finds the column of a path as written; null when there is none that can be searched. */
export type Columns = (path: string) => Column | null;

/** Comparisons without an index: in 100,000 people each takes a good part of a second. */
const mostUnindexed = 10;

/** @throws ScimError invalidFilter when a filter would keep the database busy */
export function requireAffordable(filter: Filter, columns: Columns): void {
  const unindexed = countComparisons(filter, (comparison) => !isLookUp(comparison, columns));
  if (unindexed > mostUnindexed)
    throw new ScimError(
      400,
      'invalidFilter',
      `A filter has at most ${mostUnindexed} comparisons of what is not looked up by an index.`,
    );
}

/** Whether a comparison is answered by an index of its own. */
function isLookUp(filter: Filter, columns: Columns): boolean {
  if (filter.kind !== 'compare' || filter.operator !== 'eq') return false;
  const column = columns(filter.path);
  return column?.type === 'string' && Boolean(column.indexed || column.key);
}

/**
 * Makes a condition and appends its parameters to `values`. The condition is never NULL: what is
 * NULL counts as false, also within `not`.
 */
export function toSql(filter: Filter, columns: Columns, values: unknown[]): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.terms.map((term) => toSql(term, columns, values)).join(filter.kind === 'and' ? ' AND ' : ' OR ')})`;
    case 'not':
      return `((${toSql(filter.term, columns, values)}) IS NOT TRUE)`;
    case 'some': {
      const column = columns(filter.path);
      if (column?.type !== 'many') throw unsearchable(filter.path);
      return `EXISTS (SELECT FROM ${column.from} WHERE ${toSql(filter.filter, column.columns, values)})`;
    }
    case 'present':
      return present(columnOf(columns, filter.path));
    case 'compare':
      return compare(columnOf(columns, filter.path), filter.operator, filter.value, values);
  }
}

/**
 * A condition that trigram indexes can answer, and that is met wherever the filter is; null where
 * there is none. Appends its parameters to `values`.
 */
export function toIndexedSql(filter: Filter, columns: Columns, values: unknown[]): string | null {
  // An index of its own finds sooner what a look-up finds, alone or among what must be met as well.
  const terms = filter.kind === 'and' ? filter.terms : [filter];
  return terms.some((term) => isLookUp(term, columns)) ? null : partsSql(filter, columns, values);
}

function partsSql(filter: Filter, columns: Columns, values: unknown[]): string | null {
  switch (filter.kind) {
    case 'and': {
      const terms = filter.terms.map((term) => partsSql(term, columns, values)).filter((term) => term !== null);
      return terms.length > 0 ? `(${terms.join(' AND ')})` : null;
    }
    case 'or': {
      const before = values.length;
      const terms = filter.terms.map((term) => partsSql(term, columns, values));
      if (!terms.includes(null)) return `(${terms.join(' OR ')})`;
      // PostgreSQL refuses parameters that no condition uses.
      values.length = before;
      return null;
    }
    case 'some': {
      const column = columns(filter.path);
      return column?.type === 'many' ? partsSql(filter.filter, column.columns, values) : null;
    }
    case 'compare': {
      const column = columns(filter.path);
      const inner = column?.type === 'many' ? column.columns('value') : column;
      if (inner?.type !== 'string' || filter.value === null) return null;
      return indexedText(inner, filter.operator, String(filter.value), values);
    }
    default:
      return null;
  }
}

function indexedText(
  { haystack, key, orKey }: Extract<Column, { type: 'string' }>,
  operator: Operator,
  text: string,
  values: unknown[],
): string | null {
  if (!haystack || !['eq', 'co', 'sw', 'ew'].includes(operator)) return null;
  // JSON writes quotes, backslashes and control characters otherwise.
  if (!isIndexedPart(text) || /["\\\p{Cc}]/u.test(text)) return null;
  const holds = (pattern: string) => `${haystack} LIKE ${pattern}`;
  const parameter = (part: string) => `$${values.push(toPattern(part))}::text`;
  // What is compared by its key is looked for by its key, whose form the text needn't have.
  if (operator === 'eq' && key) return holds(parameter(key.of(text)));
  if (operator !== 'eq' || !orKey) return holds(`lower(${parameter(text)})`);
  return `(${holds(`lower(${parameter(text.trim())})`)} OR ${holds(parameter(orKey.of(text)))})`;
}

/** The expression that a list is sorted by. */
export function sortSql(columns: Columns, path: string): string {
  const column = columns(path);
  const sql = column && (column.type === 'many' ? column.sort : sortable(column));
  if (!sql) throw new ScimError(400, 'invalidPath', 'Lists cannot be sorted by this attribute.');
  return sql;
}

function sortable(column: Exclude<Column, { type: 'many' }>): string | undefined {
  if (column.type === 'complex') return undefined;
  if (column.type !== 'string') return column.sql;
  return column.key?.sql ?? (column.caseExact ? column.sql : `lower(${column.sql})`);
}

function columnOf(columns: Columns, path: string): Column {
  const column = columns(path);
  if (!column) throw unsearchable(path);
  return column;
}

function present(column: Column): string {
  if (column.type === 'many') return `EXISTS (SELECT FROM ${column.from})`;
  return column.type === 'string' ? `(${column.sql}) <> ''` : `(${column.sql}) IS NOT NULL`;
}

const comparisons = { gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

function compare(column: Column, operator: Operator, value: Operand, values: unknown[]): string {
  if (column.type === 'many') {
    const inner = column.columns('value');
    if (!inner) throw new ScimError(400, 'invalidFilter', 'Name what of the values to compare, such as its type.');
    return `EXISTS (SELECT FROM ${column.from} WHERE ${compare(inner, operator, value, values)})`;
  }
  if (column.type === 'complex') throw new ScimError(400, 'invalidFilter', 'A complex attribute can only be "pr".');
  if (value === null) {
    if (operator === 'eq') return `(${column.sql}) IS NULL`;
    if (operator === 'ne') return `(${column.sql}) IS NOT NULL`;
    throw new ScimError(400, 'invalidFilter', 'null can be compared with eq and ne only.');
  }
  const parameter = (given: unknown) => `$${values.push(given)}`;
  if (column.type === 'boolean') {
    const wanted = String(value).toLowerCase();
    if ((operator !== 'eq' && operator !== 'ne') || (wanted !== 'true' && wanted !== 'false'))
      throw new ScimError(400, 'invalidFilter', 'A boolean can be compared by eq and ne with true and false only.');
    return `(${column.sql}) IS ${operator === 'eq' ? 'NOT ' : ''}DISTINCT FROM ${parameter(wanted === 'true')}::boolean`;
  }
  if (column.type === 'dateTime') {
    const time = typeof value === 'string' ? readTime(value) : null;
    if (!time || operator === 'co' || operator === 'sw' || operator === 'ew')
      throw new ScimError(
        400,
        'invalidFilter',
        'A time can be compared with a time such as "2027-01-31T12:00:00Z" only.',
      );
    const sign = operator === 'eq' ? '=' : operator === 'ne' ? '<>' : comparisons[operator];
    return `(${column.sql}) ${sign} ${parameter(time)}::timestamptz`;
  }
  return compareText(column, operator, String(value), parameter);
}

function compareText(
  { sql, caseExact, key, orKey }: Extract<Column, { type: 'string' }>,
  operator: Operator,
  text: string,
  parameter: (given: unknown) => string,
): string {
  if (key && (operator === 'eq' || operator === 'ne'))
    return `${key.sql} ${operator === 'eq' ? '=' : 'IS DISTINCT FROM'} ${parameter(key.of(text))}::text`;
  const fold = (expression: string) => (caseExact ? `(${expression})` : `lower(${expression})`);
  const like = (pattern: string) => `${fold(sql)} LIKE ${fold(`${parameter(pattern)}::text`)}`;
  const literal = text.replace(/[\\%_]/g, '\\$&');
  switch (operator) {
    case 'eq':
      return orKey
        ? `(${orKey.sql} = ${parameter(orKey.of(text))}::text OR ${fold(sql)} = ${fold(`${parameter(text.trim())}::text`)})`
        : `${fold(sql)} = ${fold(`${parameter(text)}::text`)}`;
    case 'ne':
      return `${fold(sql)} IS DISTINCT FROM ${fold(`${parameter(text)}::text`)}`;
    case 'co':
      return like(`%${literal}%`);
    case 'sw':
      return like(`${literal}%`);
    case 'ew':
      return like(`%${literal}`);
    default:
      return `${fold(sql)} ${comparisons[operator]} ${fold(`${parameter(text)}::text`)}`;
  }
}

/** ISO 8601 with a year that PostgreSQL's `timestamptz` holds; null when it isn't. */
function readTime(text: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}(T[\d:.]{5,20}(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) return null;
  const time = new Date(text);
  return time.getUTCFullYear() >= 1 && time.getUTCFullYear() <= 9999 ? time.toISOString() : null;
}

function unsearchable(path: string): ScimError {
  const name = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  return new ScimError(
    400,
    'invalidFilter',
    `There is no attribute ${JSON.stringify(name)} that can be searched here.`,
  );
}
