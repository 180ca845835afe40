import SCIMMY from 'scimmy';

export type Attribute = SCIMMY.Types.Attribute;
type Definition = SCIMMY.Types.SchemaDefinition;

/** A kind of resource. Attributes are keyed in lower case: case doesn't count (RFC 7643 §2.1). */
export type ResourceType = Readonly<{
  name: 'User' | 'Group' | 'Role';
  endpoint: '/Users' | '/Groups' | '/Roles';
  description: string;
  schema: string;
  extensions: readonly string[];
  definitions: readonly Definition[];
  attributes: ReadonlyMap<string, Attribute>;
  /** By the extension's URN in lower case. */
  extensionAttributes: ReadonlyMap<string, Readonly<{ id: string; attributes: ReadonlyMap<string, Attribute> }>>;
}>;

const { Attribute: NewAttribute, SchemaDefinition } = SCIMMY.Types;
const { User, Group, EnterpriseUser } = SCIMMY.Schemas;

export const enterpriseUrn = EnterpriseUser.definition.id;
export const roleUrn = 'urn:okta:scim:schemas:core:1.0:Role';

// Okta's entitlement schemas have a URN of Okta's own, which scimmy's constructor doesn't take.
const roleDefinition = Object.assign(
  new SchemaDefinition('Role', 'urn:ietf:params:scim:schemas:Role', 'A role in the organisation', [
    new NewAttribute('string', 'displayName', { required: true, mutable: false, description: 'What people call it.' }),
    new NewAttribute('string', 'description', { mutable: false, description: 'What it lets a person do.' }),
  ]),
  { id: roleUrn },
);

export const unknownMembersUrn = 'urn:ietf:params:scim:schemas:extension:universal-logout:2.0:UnknownMembers';
const unknownMembersDefinition = new SchemaDefinition(
  'UnknownMembers',
  unknownMembersUrn,
  'In the answer to a change of a group: which of the members that it named are nobody of the organisation',
  [
    new NewAttribute('string', 'unknownMembers', {
      multiValued: true,
      mutable: false,
      caseExact: true,
      description: 'Their values as they were sent, shortened; the first hundred.',
    }),
    new NewAttribute('integer', 'unknownMemberCount', { mutable: false, description: 'How many there are.' }),
  ],
);

export const userType = resourceType('User', '/Users', 'A person of the organisation', User.definition, [
  EnterpriseUser.definition,
]);
// An org's people have different addresses, which scimmy's schema doesn't say.
for (const sub of userType.attributes.get('emails')?.subAttributes ?? [])
  if (sub.name === 'value') sub.config.uniqueness = 'server';
export const groupType = resourceType('Group', '/Groups', 'People under one name', Group.definition, [
  unknownMembersDefinition,
]);
export const roleType = resourceType('Role', '/Roles', 'A role in the organisation', roleDefinition);
export const resourceTypes = [userType, groupType, roleType];

function resourceType(
  name: ResourceType['name'],
  endpoint: ResourceType['endpoint'],
  description: string,
  core: Definition,
  extensions: Definition[] = [],
): ResourceType {
  return {
    name,
    endpoint,
    description,
    schema: core.id,
    extensions: extensions.map(({ id }) => id),
    definitions: [core, ...extensions],
    attributes: byName(core.attributes),
    extensionAttributes: new Map(
      extensions.map(({ id, attributes }) => [
        id.toLowerCase(),
        { id, attributes: byName(attributes.filter((attribute) => !attribute.config.shadow)) },
      ]),
    ),
  };
}

function byName(attributes: readonly Attribute[]): ReadonlyMap<string, Attribute> {
  return new Map(attributes.map((attribute) => [attribute.name.toLowerCase(), attribute]));
}

/** A complex attribute's own attribute of that name, in any letter case. */
export function subAttribute(attribute: Attribute, name: string): Attribute | null {
  if (attribute.type !== 'complex') return null;
  return attribute.subAttributes?.find((sub) => sub.name.toLowerCase() === name.toLowerCase()) ?? null;
}

/** Whether a client's value is ignored: given by the server, or never kept. */
export function isReadOnly(attribute: Attribute): boolean {
  return attribute.config.mutable === false || attribute.config.mutable === 'readOnly';
}
