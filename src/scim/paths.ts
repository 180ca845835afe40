import type { Filter } from './filter.ts';
import { parseValuePath } from './filter.ts';
import { type Attribute, type ResourceType, subAttribute } from './schemas.ts';
import { ScimError } from './scim-error.ts';

/** Where an attribute path leads. Names come from the schema, never from the request. */
export type Target = Readonly<{
  /** The URN of the extension that it belongs to; null: the core schema. */
  extension: string | null;
  /** Null: the extension as a whole. */
  attribute: Attribute | null;
  sub: Attribute | null;
}>;

/** `attribute`, `attribute.sub`, or either behind a schema's URN; null when it is unknown. */
export function resolvePath(type: ResourceType, path: string): Target | null {
  const lower = path.toLowerCase();
  for (const [urn, { id, attributes }] of type.extensionAttributes) {
    if (lower === urn) return { extension: id, attribute: null, sub: null };
    if (lower.startsWith(`${urn}:`)) return resolveIn(attributes, path.slice(urn.length + 1), id);
  }
  const core = `${type.schema.toLowerCase()}:`;
  return resolveIn(type.attributes, lower.startsWith(core) ? path.slice(core.length) : path, null);
}

function resolveIn(attributes: ReadonlyMap<string, Attribute>, path: string, extension: string | null): Target | null {
  const [name = '', subName, ...more] = path.split('.');
  const attribute = attributes.get(name.toLowerCase());
  if (!attribute || more.length > 0) return null;
  if (subName === undefined) return { extension, attribute, sub: null };
  const sub = subAttribute(attribute, subName);
  return sub ? { extension, attribute, sub } : null;
}

/** A PATCH path (RFC 7644 §3.5.2): like `resolvePath`, with a filter on values; null if unknown. */
export function resolvePatchPath(type: ResourceType, path: string): (Target & { filter: Filter | null }) | null {
  const parsed = parseValuePath(path);
  const target = resolvePath(type, parsed.sub === null ? parsed.path : `${parsed.path}.${parsed.sub}`);
  if (!target) return null;
  if (parsed.filter && !target.attribute?.config.multiValued)
    throw new ScimError(
      400,
      'invalidPath',
      `${quoted(path)} filters an attribute that has a single value.`,
      target.attribute?.name ?? null,
      { explanation: 'A path filters an attribute that has a single value.' },
    );
  if (parsed.filter && target.attribute) requireKnown(parsed.filter, target.attribute);
  return { ...target, filter: parsed.filter };
}

/** @throws ScimError invalidFilter when a filter looks at what the attribute's values don't have */
function requireKnown(filter: Filter, attribute: Attribute): void {
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const term of filter.terms) requireKnown(term, attribute);
      break;
    case 'not':
      requireKnown(filter.term, attribute);
      break;
    default:
      if (filter.kind === 'some' || !subAttribute(attribute, filter.path))
        throw new ScimError(
          400,
          'invalidFilter',
          `${attribute.name} has nothing of the name ${quoted(filter.path)}.`,
          attribute.name,
          { explanation: `${attribute.name} has nothing of the name that a path filters by.` },
        );
  }
}

/** A client's own text, cut to what a message needs. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
