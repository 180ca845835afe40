import { pageSize } from './list.ts';
import { resourceTypes } from './schemas.ts';
import type { JsonObject } from './values.ts';

/** RFC 7643 §5. */
export function serviceProviderConfig(baseUrl: string, maxPayloadSize: number): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize },
    filter: { supported: true, maxResults: pageSize.most },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'API key',
        description: 'An API key of the organisation with the scope "scim", as a bearer token.',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

/** RFC 7643 §6; Okta finds its `/Roles` here. */
export function listResourceTypes(baseUrl: string): JsonObject[] {
  return resourceTypes.map(({ name, endpoint, description, schema, extensions }) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: name,
    name,
    endpoint,
    description,
    schema,
    ...(extensions.length > 0 ? { schemaExtensions: extensions.map((id) => ({ schema: id, required: false })) } : {}),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${name}` },
  }));
}

/** RFC 7643 §7. */
export function listSchemas(baseUrl: string): JsonObject[] {
  const definitions = resourceTypes.flatMap((type) => type.definitions);
  // scimmy's own objects are meant to be read as JSON.
  return JSON.parse(JSON.stringify(definitions.map((definition) => definition.describe(`${baseUrl}/Schemas`))));
}
