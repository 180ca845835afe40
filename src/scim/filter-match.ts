import type { Filter, Operand, Operator } from './filter.ts';
import type { JsonObject } from './values.ts';

/** Whether a value (of an attribute, or a resource) meets a filter; letter case doesn't count. */
export function matches(filter: Filter, value: JsonObject): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.terms.every((term) => matches(term, value));
    case 'or':
      return filter.terms.some((term) => matches(term, value));
    case 'not':
      return !matches(filter.term, value);
    case 'present':
      return read(value, filter.path) !== undefined;
    case 'compare':
      return compare(read(value, filter.path), filter.operator, filter.value);
    case 'some': {
      const values = read(value, filter.path);
      return Array.isArray(values) && values.some((item) => matches(filter.filter, item as JsonObject));
    }
  }
}

/**
 * The value that a filter of nothing but equalities describes; null for any other filter. Entra
 * sets `emails[type eq "work"].value` of a user who has no such address yet.
 */
export function describedBy(filter: Filter): JsonObject | null {
  if (filter.kind === 'compare' && filter.operator === 'eq' && !filter.path.includes('.'))
    return { [filter.path]: filter.value };
  if (filter.kind !== 'and') return null;
  const parts = filter.terms.map(describedBy);
  return parts.includes(null) ? null : Object.assign({}, ...parts);
}

function read(value: JsonObject, path: string): unknown {
  const name = path.toLowerCase();
  const entry = Object.entries(value).find(([key]) => key.toLowerCase() === name);
  return entry?.[1] ?? undefined;
}

function compare(actual: unknown, operator: Operator, wanted: Operand): boolean {
  if (operator === 'ne') return !compare(actual, 'eq', wanted);
  if (actual === undefined || wanted === null) return operator === 'eq' && actual === undefined && wanted === null;
  const left = String(actual).toLowerCase();
  const right = String(wanted).toLowerCase();
  switch (operator) {
    case 'eq':
      return left.trim() === right.trim();
    case 'co':
      return left.includes(right);
    case 'sw':
      return left.startsWith(right);
    case 'ew':
      return left.endsWith(right);
    case 'gt':
      return left > right;
    case 'ge':
      return left >= right;
    case 'lt':
      return left < right;
    case 'le':
      return left <= right;
  }
}
