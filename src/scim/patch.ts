import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { countComparisons, type Filter } from './filter.ts';
import { describedBy, matches } from './filter-match.ts';
import { quoted, resolvePatchPath, resolvePath, type Target } from './paths.ts';
import { type Attribute, isReadOnly, type ResourceType } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import { isKept, isObject, type JsonObject, readValue } from './values.ts';

/** One change of one attribute, as a PATCH operation asks for it. */
export type Change = Readonly<{
  op: 'add' | 'replace' | 'remove';
  target: Target & { attribute: Attribute };
  filter: Filter | null;
  value: unknown;
}>;

const message = z.object({
  schemas: z.array(z.string()).optional(),
  Operations: z
    .array(
      z.object({
        // Entra writes "Add" and "Replace".
        op: z
          .string()
          .toLowerCase()
          .pipe(z.enum(['add', 'replace', 'remove'])),
        path: z.string().nullish(),
        value: z.unknown().optional(),
      }),
    )
    .min(1),
});

const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
/**
 * A group's change is a statement each. A user's changes are all worked out here, while nobody else
 * is served and the row is locked.
 */
const mostChanges = { User: 200, Group: 1_000, Role: 0 };
/** In a change of a user: values, each compared with those there are, and path comparisons. */
const mostValues = 1_000;
const mostComparisons = 10;

/** Reads a PATCH body (RFC 7644 §3.5.2) into changes of single attributes. @throws ScimError */
export function readPatch(type: ResourceType, body: unknown): Change[] {
  const parsed = message.safeParse(body);
  if (!parsed.success || (parsed.data.schemas && !parsed.data.schemas.includes(patchUrn)))
    throw new ScimError(
      400,
      'invalidSyntax',
      `Send {"schemas": ["${patchUrn}"], "Operations": [{"op", "path", "value"}]}.`,
    );
  const operations = parsed.data.Operations;
  const most = mostChanges[type.name];
  const refuse = () => new ScimError(413, 'tooMany', `A request changes at most ${most} attributes.`);
  if (operations.length > most) throw refuse();
  const changes = operations.flatMap(({ op, path, value }): Change[] => {
    if (path) return readChange(type, op, path, value);
    if (op === 'remove') throw new ScimError(400, 'noTarget', 'A "remove" needs a path.');
    if (!isObject(value))
      throw new ScimError(400, 'invalidValue', `A "${op}" without a path needs an object as its value.`);
    return Object.entries(value).flatMap(([key, member]) => readMember(type, op, key, member));
  });
  // Counted again: an operation without a path makes several, an attribute has many spellings.
  if (changes.length > most) throw refuse();
  if (type.name === 'User') requireModest(changes);
  return changes;
}

function requireModest(changes: readonly Change[]): void {
  const values = changes.reduce((sum, { value }) => sum + (Array.isArray(value) ? value.length : 1), 0);
  if (values > mostValues) throw new ScimError(413, 'tooMany', `A request gives at most ${mostValues} values.`);
  if (changes.some(({ filter }) => filter !== null && countComparisons(filter) > mostComparisons))
    throw new ScimError(400, 'invalidFilter', `The filter of a path has at most ${mostComparisons} comparisons.`);
}

function readChange(type: ResourceType, op: Change['op'], path: string, value: unknown): Change[] {
  const found = resolvePatchPath(type, path);
  // An unknown path is left out, as without a path: it must not be in the way of the rest.
  if (!found) return [];
  const { attribute, ...target } = found;
  if (!attribute)
    throw new ScimError(400, 'invalidPath', `The path ${quoted(path)} names no attribute.`, null, {
      explanation: 'A path names no attribute.',
    });
  if (isReadOnly(attribute)) throw new ScimError(400, 'mutability', `${attribute.name} is read only.`, attribute.name);
  const changed = change(op, { ...target, attribute }, target.filter, value);
  if (changed.op === 'remove' && isRequired(changed.target))
    throw new ScimError(400, 'mutability', `A user cannot be without ${attribute.name}.`, attribute.name);
  return [changed];
}

/** RFC 7644 §3.5.2.2: what is required can't be removed. */
function isRequired({ extension, attribute }: Change['target']): boolean {
  return extension === null && (attribute.name === 'userName' || attribute.name === 'active');
}

/** Replacing by nothing is removing (RFC 7643 §2.5). */
function change(op: Change['op'], target: Change['target'], filter: Filter | null, value: unknown): Change {
  if (value !== null && value !== undefined) return { op, target, filter, value };
  if (op === 'add') throw new ScimError(400, 'invalidValue', 'An "add" needs a value.', target.attribute.name);
  return { op: 'remove', target, filter, value: undefined };
}

/**
 * Reads a member of the value of an operation without a path. Unknown and read-only members are
 * left out, as in a whole resource.
 */
function readMember(type: ResourceType, op: 'add' | 'replace', key: string, value: unknown): Change[] {
  // Entra uses paths as names: "emails[type eq \"work\"].value", "name.givenName",
  // "urn:…:User:department".
  const plain = !key.includes('[');
  const target = plain ? resolvePath(type, key) : resolvePatchPath(type, key);
  if (!target) return [];
  const { extension, attribute, sub } = target;
  if (attribute) {
    const filter = 'filter' in target ? (target.filter as Filter | null) : null;
    return isReadOnly(attribute) ? [] : [change(op, { extension, attribute, sub }, filter, value)];
  }
  if (!isObject(value))
    throw new ScimError(400, 'invalidValue', `${extension} must be of the type complex.`, extension);
  return Object.entries(value).flatMap(([name, member]) => readMember(type, op, `${extension}:${name}`, member));
}

/** Applies changes to the resource in place. @throws ScimError noTarget, invalidValue */
export function applyChanges(resource: JsonObject, changes: readonly Change[]): void {
  for (const change of changes) if (isKept(change.target.attribute)) applyChange(resource, change);
}

function applyChange(resource: JsonObject, { op, target, filter, value }: Change): void {
  const { extension, attribute, sub } = target;
  const holder = extension === null ? resource : objectAt(resource, extension);
  const { name } = attribute;
  if (attribute.config.multiValued) {
    const before = Array.isArray(holder[name]) ? (holder[name] as JsonObject[]) : [];
    holder[name] = changeValues(before, { op, target, filter, value });
  } else if (sub) {
    setOrDelete(
      objectAt(holder, name),
      sub.name,
      op === 'remove' ? undefined : readValue(sub, value, `${name}.${sub.name}`),
    );
  } else {
    const read = op === 'remove' ? undefined : readValue(attribute, value);
    // Of a complex attribute only the given parts are replaced (RFC 7644 §3.5.2.3).
    const merged = isObject(read) && isObject(holder[name]) ? { ...holder[name], ...read } : read;
    setOrDelete(holder, name, merged);
  }
  if (extension !== null && Object.keys(holder).length === 0) delete resource[extension];
}

function changeValues(before: readonly JsonObject[], { op, target, filter, value }: Change): unknown {
  const { attribute, sub } = target;
  if (sub || filter) return changeSome(before, { op, target, filter, value });
  if (op === 'remove' && value === undefined) return [];
  const given = readValue(attribute, value) as JsonObject[];
  if (op === 'remove') return before.filter((present) => !given.some((gone) => isSame(gone, present)));
  if (op === 'replace') return given;
  const added = given.filter((item) => !before.some((present) => isDeepStrictEqual(item, present)));
  return readValue(attribute, onePrimary([...before, ...added], added));
}

/** Changes the values that the filter selects (without one all), wholly or in one part. */
function changeSome(before: readonly JsonObject[], { op, target, filter, value }: Change): unknown {
  const { attribute, sub } = target;
  const isMeant = (item: JsonObject) => filter === null || matches(filter, item);
  const found = before.some(isMeant);
  if (op === 'remove')
    return before.flatMap((item) => {
      if (!isMeant(item)) return [item];
      const { [sub?.name ?? '']: _gone, ...rest } = item;
      return sub && Object.keys(rest).length > 0 ? [rest] : [];
    });
  const part = sub
    ? { [sub.name]: readValue(sub, value, `${attribute.name}.${sub.name}`) }
    : (readValue(attribute, value) as JsonObject[])[0];
  if (found) {
    const changed = before.map((item) => (isMeant(item) ? { ...item, ...part } : item));
    return readValue(
      attribute,
      onePrimary(
        changed,
        changed.filter((item) => !before.includes(item)),
      ),
    );
  }
  const seed = filter ? describedBy(filter) : {};
  if (!seed)
    throw new ScimError(400, 'noTarget', `No value of ${attribute.name} meets the filter of the path.`, attribute.name);
  const made = { ...(readValue(attribute, seed) as JsonObject[])[0], ...part };
  return readValue(attribute, onePrimary([...before, made], [made]));
}

/** A value that becomes primary takes that from any other (RFC 7644 §3.5.2). */
function onePrimary(values: JsonObject[], changed: readonly JsonObject[]): JsonObject[] {
  if (!changed.some((item) => item.primary === true)) return values;
  return values.map((item) => (item.primary === true && !changed.includes(item) ? { ...item, primary: false } : item));
}

function isSame(asked: JsonObject, present: JsonObject): boolean {
  return asked.value === undefined ? isDeepStrictEqual(asked, present) : asked.value === present.value;
}

function objectAt(holder: JsonObject, name: string): JsonObject {
  const found = holder[name];
  const object = isObject(found) ? { ...found } : {};
  holder[name] = object;
  return object;
}

export function setOrDelete(holder: JsonObject, name: string, value: unknown): void {
  if (value === undefined) delete holder[name];
  else holder[name] = value;
}
