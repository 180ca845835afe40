import { z } from 'zod';
import { AppError } from '../errors.ts';
import { type GuardedFetch, GuardedFetchError } from '../http/guarded-fetch.ts';
import { parseJson } from '../http/parse-json.ts';
import { wrongMembers } from '../issues.ts';

/** The columns of a connection that its IdP's metadata gives. */
export type DiscoveredConnection = Readonly<{
  issuer: string;
  authorizationEndpoint: string;
  tokenEndpoint: string;
  userinfoEndpoint: string | null;
  endSessionEndpoint: string | null;
  jwksUri: string;
  tokenEndpointAuth: 'client_secret_basic' | 'client_secret_post';
  responseIss: boolean;
}>;

const url = z.string().max(2000);

// OpenID Connect Discovery 1.0 §3, as far as we use it; RFC 9207 §3 for the last member.
const metadata = z.object({
  issuer: url,
  authorization_endpoint: url,
  token_endpoint: url,
  userinfo_endpoint: url.nullish(),
  end_session_endpoint: url.nullish(),
  jwks_uri: url,
  response_types_supported: z.array(z.string()).nullish(),
  code_challenge_methods_supported: z.array(z.string()).nullish(),
  token_endpoint_auth_methods_supported: z.array(z.string()).nullish(),
  authorization_response_iss_parameter_supported: z.boolean().nullish(),
});

/**
 * Reads an issuer's OpenID Connect metadata.
 * @throws AppError invalid_request, with a detail that tells an administrator what is wrong
 */
export async function discover(guardedFetch: GuardedFetch, issuer: string): Promise<DiscoveredConnection> {
  // §4.1: a terminating slash of the issuer is removed before the path is appended.
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const found = parse(await get(guardedFetch, address), address);
  // §4.3: the issuers must be exactly equal, or one could speak for another.
  if (found.issuer !== issuer)
    throw refusal(
      address,
      `names another issuer than ${JSON.stringify(issuer)}. Use the issuer exactly as the IdP spells it`,
    );
  if (found.response_types_supported && !found.response_types_supported.includes('code'))
    throw refusal(address, 'does not offer the authorization code flow (response type "code")');
  const checked = (name: string, value: string) => checkEndpoint(guardedFetch, address, name, value);
  return {
    issuer: found.issuer,
    authorizationEndpoint: checked('authorization_endpoint', found.authorization_endpoint),
    tokenEndpoint: checked('token_endpoint', found.token_endpoint),
    userinfoEndpoint: found.userinfo_endpoint ? checked('userinfo_endpoint', found.userinfo_endpoint) : null,
    endSessionEndpoint: found.end_session_endpoint ? checked('end_session_endpoint', found.end_session_endpoint) : null,
    jwksUri: checked('jwks_uri', found.jwks_uri),
    tokenEndpointAuth: clientAuthentication(found.token_endpoint_auth_methods_supported, address),
    responseIss: found.authorization_response_iss_parameter_supported === true,
  };
}

async function get(guardedFetch: GuardedFetch, address: string): Promise<string> {
  try {
    const response = await guardedFetch(address);
    if (response.status !== 200) throw refusal(address, `answers with status ${response.status} instead of 200`);
    return response.text;
  } catch (error) {
    if (error instanceof GuardedFetchError)
      throw refusal(address, `cannot be read (${error.reason}: ${error.message})`, error);
    throw error;
  }
}

function parse(text: string, address: string): z.infer<typeof metadata> {
  const json = parseJson(text);
  if (json === undefined) throw refusal(address, 'does not answer with JSON');
  const parsed = metadata.safeParse(json);
  if (parsed.success) return parsed.data;
  throw refusal(address, `lacks or misspells: ${wrongMembers(parsed.error, 'the document').join(', ')}`);
}

function checkEndpoint(guardedFetch: GuardedFetch, address: string, name: string, value: string): string {
  try {
    guardedFetch.check(value);
    return value;
  } catch (error) {
    const why = error instanceof GuardedFetchError ? error.message : 'unusable';
    throw refusal(address, `has an unusable ${name}: ${why}`, error);
  }
}

// §3: without the member, client_secret_basic is what the IdP takes.
function clientAuthentication(methods: readonly string[] | null | undefined, address: string) {
  if (!methods || methods.includes('client_secret_basic')) return 'client_secret_basic';
  if (methods.includes('client_secret_post')) return 'client_secret_post';
  throw refusal(address, 'offers neither client_secret_basic nor client_secret_post at its token endpoint');
}

function refusal(address: string, what: string, cause?: unknown): AppError {
  return new AppError('invalid_request', `The issuer's metadata at ${address} ${what}.`, { cause });
}
