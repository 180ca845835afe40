import type { Config } from '../config.ts';

/**
 * Completes the library's metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2). The two
 * well-known addresses give the same document, which has no empty array (RFC 8414 §3.2).
 *
 * The draft (§5) takes the names of authentication methods at the revocation endpoint from IANA's
 * registries. An API key and a signed JWT are both sent as `Bearer`; Okta's name for the JWT,
 * SIGNED_JWT, is in neither registry.
 */
export function completeMetadata({ publicUrl }: Pick<Config, 'publicUrl'>, answer: { body: unknown; set: SetHeader }) {
  const {
    // This member says how clients sign assertions; our clients hold no keys.
    token_endpoint_auth_signing_alg_values_supported: _algorithms,
    ...metadata
  } = answer.body as Record<string, unknown>;
  const complete: Record<string, unknown> = {
    ...metadata,
    response_modes_supported: ['query'],
    revocation_endpoint_auth_methods_supported: ['none'],
    introspection_endpoint_auth_methods_supported: ['none'],
    global_token_revocation_endpoint: `${publicUrl}/global-token-revocation`,
    global_token_revocation_endpoint_auth_methods_supported: ['Bearer'],
    service_documentation: `${publicUrl}/docs`,
  };
  answer.set('Cache-Control', 'public, max-age=300');
  answer.body = Object.fromEntries(
    Object.entries(complete).filter(([, value]) => !(Array.isArray(value) && value.length === 0)),
  );
}

type SetHeader = (name: string, value: string) => void;
