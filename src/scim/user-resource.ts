import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Role } from '../database/generated/client.ts';
import { emailKey, readEmail, userNameKey } from '../users/email.ts';
import { displayNameOf, formattedName, splitName } from '../users/person-name.ts';
import { applyChanges, type Change, setOrDelete } from './patch.ts';
import { roleNames, roleOf } from './roles.ts';
import { enterpriseUrn, userType } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import { isObject, type JsonObject, readValue } from './values.ts';

/**
 * A user's row. `profile` holds what has no column of its own, by SCIM's names, and the display name
 * if the client has given one: a display name that was made of the name's parts follows them.
 */
export type UserRow = Readonly<{
  id: string;
  email: string;
  email_key: string;
  user_name: string | null;
  user_name_key: string | null;
  external_id: string | null;
  name: string;
  role: Role;
  active: boolean;
  profile: JsonObject;
  provisioned: boolean;
  created_at: Date;
  updated_at: Date;
  groups?: readonly Readonly<{ value: string; display: string }>[] | null;
}>;

/** The columns of a user that provisioning writes. */
export type ProvisionedPerson = Omit<UserRow, 'id' | 'provisioned' | 'created_at' | 'updated_at' | 'groups'>;

/** In characters: indexed text must fit an index entry; `profile` is all the rest, as JSON. */
const longest = { userName: 256, externalId: 512, displayName: 512, profile: 65_536 };

/** These have columns of their own, or aren't the profile's to say. */
const notInProfile = ['schemas', 'id', 'meta', 'externalId', 'userName', 'active', 'roles', 'groups'];

/** @param baseUrl of the SCIM endpoints, without a slash at the end */
export function toUserResource(row: UserRow, baseUrl: string): JsonObject {
  const { emails, displayName: _given, ...profile } = row.profile;
  return {
    schemas: [userType.schema, ...(enterpriseUrn in profile ? [enterpriseUrn] : [])],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    meta: {
      resourceType: 'User',
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: `${baseUrl}/Users/${row.id}`,
      version: userVersion(row),
    },
    userName: row.user_name ?? row.email,
    displayName: row.name,
    active: row.active,
    emails: emails ?? impliedEmails(row),
    roles: [{ value: row.role, display: roleNames[row.role], type: 'Role', primary: true }],
    ...profile,
    ...shownName(row),
    ...(row.groups
      ? { groups: row.groups.map((group) => ({ ...group, type: 'direct', $ref: `${baseUrl}/Groups/${group.value}` })) }
      : {}),
  };
}

/** A part of the name that is missing or blank is shown as the display name has it. */
function shownName({ name: displayName, profile }: UserRow): { name?: JsonObject } {
  const name = keptName(profile);
  const filled = Object.entries(splitName(displayName) ?? {}).filter(([part]) => isBlank(name[part]));
  return profile.name || filled.length > 0 ? { name: { ...name, ...Object.fromEntries(filled) } } : {};
}

const keptName = (profile: JsonObject): JsonObject => (isObject(profile.name) ? profile.name : {});
const isBlank = (part: unknown) => typeof part !== 'string' || part.trim() === '';

/** Provisioning owns somebody's names and addresses once it has said one of these. */
const naming = ['userName', 'emails', 'name', 'displayName', 'externalId'];

const isOf = (names: readonly string[], { target }: Change) =>
  target.extension === null && names.includes(target.attribute.name);

/** Whether changes say what the person is called or where they are written to. */
export const saysNames = (changes: readonly Change[]): boolean => changes.some((change) => isOf(naming, change));

/** The person that a PATCH leads to. A display name is the client's own only if the client gave it. */
export function patchedPerson(before: UserRow, changes: readonly Change[]): ProvisionedPerson {
  const person = toPerson(patchedResource(before, changes), before);
  const isOwn = 'displayName' in before.profile || changes.some((change) => isOf(['displayName'], change));
  if (isOwn) return person;
  const { displayName: _shown, ...profile } = person.profile;
  return { ...person, profile };
}

/**
 * The resource that a PATCH leads to. `name.formatted` and the display name, where they aren't among
 * the changes, follow the name's parts.
 */
function patchedResource(before: UserRow, changes: readonly Change[]): JsonObject {
  const resource = structuredClone(toUserResource(before, ''));
  const ofName = changes.filter((change) => isOf(['name'], change));
  const known = keptName(before.profile);
  const isKnown = !isBlank(known.givenName) || !isBlank(known.familyName);
  // What the answers alone show isn't kept by a change of something else, nor beside a known part.
  if (ofName.length === 0 || isKnown) setOrDelete(resource, 'name', structuredClone(before.profile.name));
  // The request alone says which role counts: the present one isn't sent as primary.
  resource.roles = [{ value: before.role }];
  const isOwn = before.profile.displayName !== undefined;
  if (!isOwn && before.name === displayName(isKnown ? { name: known } : shownName(before))) delete resource.displayName;
  const name = isObject(resource.name) ? resource.name : {};
  applyChanges(resource, changes);
  const after = resource.name;
  if (!isObject(after) || after.formatted === undefined || ofName.some(givesFormatted)) return resource;
  if (formattedName(after) !== formattedName(name)) setOrDelete(after, 'formatted', formattedName(after) ?? undefined);
  return resource;
}

function givesFormatted({ target, value }: Change): boolean {
  if (target.sub) return target.sub.name === 'formatted';
  const given = readValue(target.attribute, value);
  return isObject(given) && 'formatted' in given;
}

/** Weak: covers what provisioning sees of a person, groups too. A revocation doesn't change it. */
export function userVersion(row: UserRow): string {
  const person = [row.email, row.user_name, row.external_id, row.name, row.role, row.active, row.profile];
  const seen = [...person, row.groups ?? []];
  return `W/"${hash('sha256', JSON.stringify(seen), 'base64url').slice(0, 22)}"`;
}

function impliedEmails(row: UserRow): JsonObject[] {
  return [{ value: row.email, type: 'work', primary: true }];
}

/**
 * The user that a client's resource describes. Name, address, role and `active` stay where a PUT
 * leaves them out. @throws ScimError invalidValue
 */
export function toPerson(resource: JsonObject, before: UserRow | null): ProvisionedPerson {
  const emails =
    Array.isArray(resource.emails) && resource.emails.length > 0
      ? (resource.emails as JsonObject[]).map(trimmedEmail)
      : null;
  // Without emails given the address stays what it was, or follows a userName that is an address.
  const implied = before !== null && !('emails' in before.profile) && isDeepStrictEqual(emails, impliedEmails(before));
  const given = implied ? null : emails;
  const userName = text(resource, 'userName');
  if (userName === null)
    throw new ScimError(400, 'invalidValue', 'userName is required (RFC 7643 §4.1.1).', 'userName');
  const email = primaryAddress(given) ?? addressFor(userName, before) ?? '';
  const { key, problem } = readEmail(email);
  if (key === null) {
    throw new ScimError(
      400,
      'invalidValue',
      `A user needs an acceptable e-mail address, in emails or as userName. ${problem}`,
      given ? 'emails.value' : 'userName',
    );
  }
  const named = userName !== email;
  return {
    email,
    email_key: key,
    user_name: named ? userName : null,
    user_name_key: named ? userNameKey(userName) : null,
    external_id: text(resource, 'externalId'),
    name: displayName(resource) ?? before?.name ?? email.slice(0, email.lastIndexOf('@')),
    role: roleOf(resource.roles, before?.role ?? null),
    active: typeof resource.active === 'boolean' ? resource.active : (before?.active ?? true),
    profile: toProfile(resource, given),
  };
}

/** The address that counts: the primary one, else one for work, else the first. */
export function primaryAddress(emails: readonly JsonObject[] | null): string | null {
  const found =
    emails?.find((email) => email.primary === true) ?? emails?.find((email) => email.type === 'work') ?? emails?.[0];
  if (!found) return null;
  return typeof found.value === 'string' ? found.value : '';
}

function trimmedEmail(email: JsonObject): JsonObject {
  return typeof email.value === 'string' ? { ...email, value: email.value.trim() } : email;
}

function addressFor(userName: string, before: UserRow | null): string | null {
  // For a user whose user name isn't the address, a new name says nothing about the address.
  if (before && (before.user_name !== null || userName === before.email)) return before.email;
  return before && emailKey(userName) === null ? before.email : userName;
}

function displayName(resource: JsonObject): string | null {
  const found = text(resource, 'displayName') ?? displayNameOf(isObject(resource.name) ? resource.name : {});
  // The cut must not leave half of a surrogate pair.
  return found?.slice(0, longest.displayName).replace(/[\ud800-\udbff]$/, '') ?? null;
}

function toProfile(resource: JsonObject, emails: readonly JsonObject[] | null): JsonObject {
  const left = [...notInProfile, 'emails', ...(text(resource, 'displayName') === null ? ['displayName'] : [])];
  const kept = Object.entries(resource).filter(
    ([name, value]) => !left.includes(name) && !(Array.isArray(value) && value.length === 0),
  );
  const profile = { ...Object.fromEntries(kept), ...(emails ? { emails } : {}) };
  if (JSON.stringify(profile).length > longest.profile)
    throw new ScimError(400, 'invalidValue', `The attributes of a user exceed ${longest.profile} characters in all.`);
  return profile;
}

/** A member's text without spaces around it; null when it is absent or empty. */
function text(resource: JsonObject, name: string): string | null {
  const value = resource[name];
  const trimmed = typeof value === 'string' ? value.trim() : '';
  const limit = Object.entries(longest).find(([of]) => of === name)?.[1];
  if (limit !== undefined && trimmed.length > limit)
    throw new ScimError(400, 'invalidValue', `${name} is longer than ${limit} characters.`, name);
  return trimmed === '' ? null : trimmed;
}

/** The attributes that differ, by SCIM's names. */
export function changedAttributes(before: UserRow, after: ProvisionedPerson): string[] {
  const columns = [
    ['userName', before.user_name, after.user_name],
    ['emails', [before.email, before.profile.emails], [after.email, after.profile.emails]],
    ['externalId', before.external_id, after.external_id],
    ['displayName', before.name, after.name],
  ] as const;
  const others = new Set([...Object.keys(before.profile), ...Object.keys(after.profile)]);
  others.delete('emails');
  others.delete('displayName');
  return [
    ...columns.filter(([, old, now]) => !isDeepStrictEqual(old, now)).map(([name]) => name),
    ...[...others].filter((name) => !isDeepStrictEqual(before.profile[name], after.profile[name])),
  ];
}
