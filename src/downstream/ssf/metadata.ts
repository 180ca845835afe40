import { z } from 'zod';
import { poll, push } from './stream-forms.ts';

const address = z
  .string()
  .meta({ examples: ['https://logout.example/orgs/org_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47/ssf/stream'] });

/** SSF 1.0 §7.1. */
export const metadataShown = z
  .object({
    spec_version: z.literal('1_0'),
    issuer: z.string().meta({ examples: ['https://logout.example/orgs/org_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47'] }),
    jwks_uri: address,
    delivery_methods_supported: z.array(z.enum([push, poll])),
    configuration_endpoint: address,
    status_endpoint: address,
    add_subject_endpoint: address,
    remove_subject_endpoint: address,
    verification_endpoint: address,
    authorization_schemes: z.array(z.object({ spec_urn: z.literal('urn:ietf:rfc:6749') })),
    default_subjects: z.literal('ALL'),
  })
  .meta({ id: 'EventTransmitter' });

/** The transmitter's metadata. Its issuer is the org's own, whose keys sign its events. */
export function metadataOf(issuer: string): z.output<typeof metadataShown> {
  return {
    spec_version: '1_0',
    issuer,
    jwks_uri: `${issuer}/oauth/jwks`,
    delivery_methods_supported: [push, poll],
    configuration_endpoint: `${issuer}/ssf/stream`,
    status_endpoint: `${issuer}/ssf/status`,
    add_subject_endpoint: `${issuer}/ssf/subjects/add`,
    remove_subject_endpoint: `${issuer}/ssf/subjects/remove`,
    verification_endpoint: `${issuer}/ssf/verify`,
    authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
    default_subjects: 'ALL',
  };
}
