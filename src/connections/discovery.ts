import { z } from 'zod';
import { AppError, type Saying } from '../errors.ts';
import { foreignText } from '../http/foreign-text.ts';
import { type GuardedFetch, GuardedFetchError, type GuardedFetchReason } from '../http/guarded-fetch.ts';
import { parseJson } from '../http/parse-json.ts';
import { wrongMembers } from '../issues.ts';
import type { Texts } from '../texts/texts.ts';

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

const wellKnown = '/.well-known/openid-configuration';

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
  const address = `${issuer.replace(/\/$/, '')}${wellKnown}`;
  if (issuer.includes(wellKnown))
    throw new AppError(
      'invalid_request',
      ({ answers }) =>
        answers.metadata.ofTheirAddress({
          file: wellKnown,
          issuer: JSON.stringify(issuer.split(wellKnown, 1)[0]),
        }),
      { field: 'issuer' },
    );
  const found = parse(await get(guardedFetch, address), address);
  // §4.3: the issuers must be exactly equal, or one could speak for another.
  if (found.issuer !== issuer) throw refusal(address, explainIssuer(found.issuer, issuer));
  if (found.response_types_supported && !found.response_types_supported.includes('code'))
    throw refusal(address, ({ answers }) => answers.metadata.noCodeFlow);
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

/** Names the IdP's own issuer, and how it differs from the one that was typed. */
function explainIssuer(named: string, typed: string): Saying {
  const issuer = JSON.stringify(foreignText(named, 200) ?? '');
  const bare = (url: string) => url.replace(/\/$/, '');
  const differences: [(words: Texts['answers']['metadata']) => string, (url: string) => string][] = [
    [({ bySlash }) => bySlash, bare],
    [({ byCase }) => byCase, (url) => url.toLowerCase()],
    [({ byScheme }) => byScheme, (url) => url.replace(/^https?:/, '')],
    [({ byVersion }) => byVersion, (url) => bare(url).replace(/\/v2\.0$/, '')],
    [({ byPath }) => byPath, (url) => new URL(url).host],
  ];
  const how = URL.canParse(named) ? differences.find(([, form]) => form(named) === form(typed))?.[0] : undefined;
  return ({ answers: { metadata: words } }) => {
    if (/[{}]/.test(named)) return words.otherIssuer({ issuer, how: words.manyTenants });
    return words.otherIssuer({ issuer, how: how ? words.differs({ how: how(words) }) : words.differsElsewhere });
  };
}

async function get(guardedFetch: GuardedFetch, address: string): Promise<string> {
  try {
    const response = await guardedFetch(address);
    if (response.status !== 200)
      throw refusal(address, ({ answers }) => answers.metadata.status({ status: response.status }));
    return response.text;
  } catch (error) {
    if (error instanceof GuardedFetchError) throw refusal(address, (texts) => sayUnreadable(texts, error), error);
    throw error;
  }
}

const advice = {
  timeout: 'isThere',
  network: 'isThere',
  too_large: null,
  refused_address: 'privateAddress',
  redirect: 'leadsOn',
  insecure: null,
} as const satisfies Record<GuardedFetchReason, keyof Texts['answers']['metadata'] | null>;

function sayUnreadable(texts: Texts, { reason, says }: GuardedFetchError): string {
  const words = texts.answers.metadata;
  const name = advice[reason];
  return words.unreadable({ reason, why: says(texts), advice: name === null ? '.' : words[name] });
}

function parse(text: string, address: string): z.infer<typeof metadata> {
  const json = parseJson(text);
  if (json === undefined) throw refusal(address, ({ answers }) => answers.metadata.noJson);
  const parsed = metadata.safeParse(json);
  if (parsed.success) return parsed.data;
  const { error } = parsed;
  throw refusal(address, ({ answers: { metadata: words } }) =>
    words.lacks({ members: wrongMembers(error, words.wholeDocument).join(', ') }),
  );
}

function checkEndpoint(guardedFetch: GuardedFetch, address: string, name: string, value: string): string {
  try {
    guardedFetch.check(value);
    return value;
  } catch (error) {
    if (!(error instanceof GuardedFetchError)) throw error;
    throw refusal(address, (texts) => texts.answers.metadata.unusable({ name, why: error.says(texts) }), error);
  }
}

// §3: without the member, client_secret_basic is what the IdP takes.
function clientAuthentication(methods: readonly string[] | null | undefined, address: string) {
  if (!methods || methods.includes('client_secret_basic')) return 'client_secret_basic';
  if (methods.includes('client_secret_post')) return 'client_secret_post';
  throw refusal(address, ({ answers }) => answers.metadata.noClientAuthentication);
}

const refusal = (address: string, what: Saying, cause?: unknown) =>
  new AppError('invalid_request', (texts) => texts.answers.metadata.at({ address, what: what(texts) }), {
    field: 'issuer',
    cause,
  });
