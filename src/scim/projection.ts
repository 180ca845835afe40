import { resolvePath } from './paths.ts';
import type { ResourceType } from './schemas.ts';
import { isObject, type JsonObject } from './values.ts';

/** Which attributes an answer has (RFC 7644 §3.9): those asked for, or all but those. */
export type Projection = Readonly<{
  /** Whether a core attribute is wanted: an expensive one need not be loaded otherwise. */
  wants: (attribute: string) => boolean;
  apply: (resource: JsonObject) => JsonObject;
}>;

const always = ['schemas', 'id'];

export function createProjection(
  type: ResourceType,
  asked: Readonly<{ attributes: readonly string[]; excludedAttributes: readonly string[] }>,
): Projection {
  const only = asked.attributes.length > 0 ? places(type, asked.attributes) : null;
  const without = places(type, asked.excludedAttributes).filter(([name]) => !always.includes(name ?? ''));
  return {
    wants: (attribute) =>
      only
        ? only.some(([name]) => name === attribute)
        : !without.some((place) => place.length === 1 && place[0] === attribute),
    apply(resource) {
      if (only) return pick(resource, [...always.map((name) => [name]), ...only]);
      return without.length > 0 ? without.reduce(omit, resource) : resource;
    },
  };
}

/** Paths as lists of names, without those that the schema doesn't have. */
function places(type: ResourceType, paths: readonly string[]): string[][] {
  const found = paths.flatMap((path) => {
    const target = resolvePath(type, path);
    if (!target) return [];
    const { extension, attribute, sub } = target;
    return [[extension, attribute?.name, sub?.name].filter((name) => typeof name === 'string')];
  });
  // An attribute that is named in several spellings counts once.
  return [...new Map(found.map((place) => [place.join(' '), place])).values()];
}

function pick(value: JsonObject, wanted: readonly string[][]): JsonObject {
  const picked: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const within = wanted.filter(([first]) => first === name).map((place) => place.slice(1));
    if (within.length === 0) continue;
    picked[name] = within.some((place) => place.length === 0) ? member : inside(member, (part) => pick(part, within));
  }
  return picked;
}

function omit(value: JsonObject, [first, ...rest]: readonly string[]): JsonObject {
  if (first === undefined || !(first in value)) return value;
  const { [first]: member, ...others } = value;
  return rest.length === 0 ? others : { ...value, [first]: inside(member, (part) => omit(part, rest)) };
}

function inside(member: unknown, change: (value: JsonObject) => JsonObject): unknown {
  if (Array.isArray(member)) return member.map((item) => inside(item, change));
  return isObject(member) ? change(member) : member;
}
