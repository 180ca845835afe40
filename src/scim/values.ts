import { isStorableText } from '../database/storable.ts';
import { type Attribute, isReadOnly, type ResourceType, subAttribute } from './schemas.ts';
import { ScimError } from './scim-error.ts';

export type JsonObject = Record<string, unknown>;

/** Characters of a text, and values of an attribute (`members` is bounded by the body alone). */
const longest = 8_192;
const most = 100;

/**
 * A body's attributes, by the schema's names. Unknown and read-only attributes are left out (RFC
 * 7644 §3.3), and so is the password, which this product has no use for. A multi-valued attribute
 * that is there without a value stays as [].
 *
 * @throws ScimError invalidSyntax, invalidValue
 */
export function readResource(type: ResourceType, body: unknown): JsonObject {
  if (!isObject(body)) throw new ScimError(400, 'invalidSyntax', 'Send a JSON object.');
  const resource: JsonObject = {};
  for (const [key, value] of Object.entries(body)) {
    const extension = type.extensionAttributes.get(key.toLowerCase());
    if (extension) put(resource, extension.id, readObject(extension.attributes, extension.id, value, ':'));
    const attribute = type.attributes.get(key.toLowerCase());
    if (attribute && isKept(attribute)) put(resource, attribute.name, readValue(attribute, value));
  }
  return resource;
}

/** Whether a client's value of the attribute is taken. */
export function isKept(attribute: Attribute): boolean {
  return !isReadOnly(attribute) && attribute.config.direction !== 'in' && attribute.name !== 'schemas';
}

/**
 * A value as the attribute's type wants it; undefined when there is none. `path` is how a refusal
 * names the attribute.
 */
export function readValue(attribute: Attribute, value: unknown, path: string = attribute.name): unknown {
  if (!attribute.config.multiValued) return readSingle(attribute, value, path);
  if (value === null || value === undefined) return [];
  const given = (Array.isArray(value) ? value : [value]).filter((item) => item !== null);
  if (given.length > most && attribute.name !== 'members')
    throw new ScimError(400, 'invalidValue', `${path} has more than ${most} values.`, path);
  const values = given.map((item) => readSingle(attribute, item, path)).filter((item) => item !== undefined);
  if (values.filter((item) => isObject(item) && item.primary === true).length > 1)
    throw new ScimError(400, 'invalidValue', `Only one value of ${path} can be the primary one.`, path);
  return values;
}

function readSingle(attribute: Attribute, sent: unknown, path: string): unknown {
  const value = unwrapped(attribute, sent);
  if (value === null || value === undefined) return undefined;
  const refuse = () => new ScimError(400, 'invalidValue', `${path} must be of the type ${attribute.type}.`, path);
  switch (attribute.type) {
    case 'complex': {
      // Several clients send plain text for a complex attribute that has a `value`.
      const bare = typeof value === 'string' && subAttribute(attribute, 'value');
      const given = bare ? { value } : value;
      const subs = new Map(attribute.subAttributes?.map((sub) => [sub.name.toLowerCase(), sub]));
      return readObject(subs, path, given, '.');
    }
    case 'boolean': {
      // Entra sends "True" and "False".
      const word = String(value).toLowerCase();
      if (typeof value === 'object' || (word !== 'true' && word !== 'false')) throw refuse();
      return word === 'true';
    }
    default: {
      // Okta sends numbers where the schema has text, such as an employee number.
      if (typeof value !== 'string' && typeof value !== 'number') throw refuse();
      return readText(path, String(value));
    }
  }
}

/**
 * Older Entra and Microsoft's library send a single value as {"value": …}, also in an array; a $ref
 * or a type may stand beside it.
 */
function unwrapped(attribute: Attribute, sent: unknown): unknown {
  const single = Array.isArray(sent) && sent.length === 1 && !attribute.config.multiValued ? sent[0] : sent;
  return attribute.type !== 'complex' && isObject(single) && 'value' in single ? single.value : single;
}

function readObject(
  attributes: ReadonlyMap<string, Attribute>,
  path: string,
  value: unknown,
  mark: '.' | ':',
): JsonObject | undefined {
  if (value === null || value === undefined) return undefined;
  if (!isObject(value)) throw new ScimError(400, 'invalidValue', `${path} must be of the type complex.`, path);
  const object: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    const attribute = attributes.get(key.toLowerCase());
    if (attribute) put(object, attribute.name, readValue(attribute, member, `${path}${mark}${attribute.name}`));
  }
  return Object.keys(object).length > 0 ? object : undefined;
}

function readText(path: string, text: string): string {
  const refuse = (why: string) => new ScimError(400, 'invalidValue', `${path} ${why}`, path);
  if (text.length > longest) throw refuse(`is longer than ${longest} characters.`);
  if (!isStorableText(text)) throw refuse('holds a character that cannot be stored, such as NUL.');
  return text;
}

function put(object: JsonObject, name: string, value: unknown): void {
  if (value !== undefined) object[name] = value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
