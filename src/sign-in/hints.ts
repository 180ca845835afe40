import { clockSkew } from '../connections/idp-keys.ts';
import type { SignInConnection } from './find-sign-in-connection.ts';
import type { RefusalReason, SignInRefused } from './refusal.ts';

/** Where a sign-in was refused. */
export type Place = Readonly<{
  /** The org's. */
  slug: string;
  connection: SignInConnection | null;
  /** The one that has to be registered at the IdP. */
  redirectUri: string;
}>;

type Hint = (place: Place, refused: SignInRefused) => string;

/** What a refusal's detail tells beyond its reason, in a word. */
type ParticularAdvice =
  | ('not_allowed' | 'pkce' | 'redirect_uri' | 'consent' | 'prompting' | 'scopes' | 'web_application')
  | ('user_info' | 'their_fault' | 'no_id_token' | 'clock' | 'other_issuer' | 'other_audience')
  | ('session_over' | 'nonce' | 'keys' | 'algorithm' | 'client_refused');
export type Advice = ParticularAdvice | RefusalReason;

const update = ({ slug, connection }: Place, options: string) =>
  `connection update ${connection?.id ?? '<connection>'} --org ${slug} ${options}`;

const otherAuth = ({ connection }: Place) =>
  connection?.tokenEndpointAuth === 'client_secret_post' ? 'client_secret_basic' : 'client_secret_post';

const credentials: Hint = (place) =>
  `The IdP does not accept this client: the client id or the secret is wrong or has expired ("${update(place, '--client-secret -')}"), or the IdP wants them in another way than ${place.connection?.tokenEndpointAuth} ("${update(place, `--token-endpoint-auth ${otherAuth(place)}`)}").${place.connection?.tokenEndpointAuth === 'client_secret_basic' ? undecoded : ''}`;

// RFC 6749 §2.3.1. LemonLDAP::NG 2.16 and Glewlwyd 2.7 are such.
const undecoded =
  ' Some IdPs do not decode the header: if the secret has more than letters, digits, "-" and "_", try client_secret_post first.';

const pkce: Hint = () =>
  'PKCE: either the IdP refuses the code challenge ("connection update" with --pkce off), or it demands one and got none (--pkce on).';

const redirectUri: Hint = ({ redirectUri }) =>
  `Register this redirect URI at the IdP, exactly as it stands here: ${redirectUri}`;

const prompting: Hint = () =>
  'The IdP did not take what a sign-in after a revocation asks for (prompt=login, max_age), or could not authenticate the person anew.';

const consent: Hint = () =>
  'The IdP wants consent to this application first. Let an administrator give it there, for everybody (Entra ID: API permissions, "Grant admin consent").';

const theirFault: Hint = () => 'The IdP has a fault of its own: look at its log and at its status page, and try again.';

const clock: Hint = (_place, { facts: { idpClockAheadSeconds: ahead } }) => {
  if (typeof ahead !== 'number') return 'The token is too old, or from the future. Compare the clocks of both sides.';
  if (Math.abs(ahead) <= clockSkew)
    return 'The token is too old, or from the future, though both clocks agree: the IdP dates it wrongly, or hands out an old one.';
  const order = ahead > 0 ? 'ahead of' : 'behind';
  return `The IdP's clock is ${Math.abs(ahead)} s ${order} ours. Let both follow NTP; ${clockSkew} s are tolerated.`;
};

const otherAudience: Hint = ({ connection }, { facts: { namedAudience } }) =>
  `The token is for ${namedAudience}; the client id here is ${connection?.clientId}.`;

const otherIssuer: Hint = (place, { facts: { namedIssuer } }) =>
  `The token names the issuer ${namedIssuer}. If that is another name of the same IdP: "${update(place, '--accepted-issuer <issuer>')}".`;

const userInfo = 'Let the IdP put the address into the ID token, then user info is not asked.';

const keys: Hint = ({ connection }) =>
  `The token's key is not in the IdP's key set. It stands at ${connection?.jwksUri}: a browser shows which keys it has; a moved one is set by --jwks-uri.`;

const address: Hint = ({ connection }) =>
  `Something other than the IdP's endpoint answered. Compare the endpoints with ${connection?.issuer}/.well-known/openid-configuration, and look for a proxy or a page of maintenance.`;

function calledBy({ connection }: Place, { detail }: SignInRefused): string {
  const { tokenEndpoint, jwksUri, userinfoEndpoint } = connection ?? {};
  const called = { token: tokenEndpoint, keys: jwksUri, user: userinfoEndpoint }[detail?.split('_')[0] ?? ''];
  return called ?? 'the IdP';
}

/** What the texts of an advice may name. */
export type AdviceParts = Readonly<
  Record<'redirectUri' | 'clientId' | 'named' | 'endpoint' | 'otherWay' | 'claim' | 'seconds', string>
>;

export function adviceParts(refused: SignInRefused, place: Place): AdviceParts {
  const { namedIssuer, namedAudience, idpClockAheadSeconds } = refused.facts;
  return {
    redirectUri: place.redirectUri,
    clientId: place.connection?.clientId ?? '',
    named: String(namedIssuer ?? namedAudience ?? ''),
    endpoint: calledBy(place, refused),
    otherWay: otherAuth(place),
    claim: place.connection?.emailClaim ?? 'email',
    seconds: idpClockAheadSeconds === undefined ? '?' : String(idpClockAheadSeconds),
  };
}

function unreachable(place: Place, refused: SignInRefused): string {
  return `There was no complete answer within 8 s from ${calledBy(place, refused)}. Try it from this machine; an IdP with a private address has to be named in PRIVATE_IDP_HOSTS.`;
}

/** What the reason alone tells. Null: the log has the error itself. */
const general: Record<RefusalReason, Hint | null> = {
  org_unknown: () => 'No organisation has this short name or id: "org list" has them all.',
  connection_unknown: ({ slug }) =>
    `The organisation has no such active connection: "connection list --org ${slug}" shows them, "connection update <id> --active" switches one on.`,
  request_malformed: () =>
    'A callback has exactly one "state", and one of "code" and "error", in its query. Look at the response mode at the IdP, and at proxies that change addresses.',
  state_missing: () =>
    'The browser brought no cookie of this sign-in: it was finished before, began in another browser or under another address than PUBLIC_URL, took longer than ten minutes, or cookies are blocked.',
  state_expired: () => 'The person took longer than ten minutes at the IdP.',
  state_foreign: ({ redirectUri }) => `The sign-in of another organisation came back to ${redirectUri}.`,
  state_spent: () => 'The callback was opened a second time: back button, double click, or a link that was kept.',
  issuer_mixed_up: (place) =>
    `The callback's "iss" is not an issuer of this connection (${place.connection?.issuer}). It came by the browser, so anybody may have written it: compare it with the "issuer" in the IdP's metadata, to the letter. Only if it is another name of the same IdP: "${update(place, '--accepted-issuer <issuer>')}".`,
  cancelled: () =>
    'The person cancelled, or the IdP does not let them use this application: assign them to it there. The words of the IdP say which.',
  idp_error: () => 'The IdP refused. Its words stand in idpError and idpErrorDescription; its own log says more.',
  idp_unreachable: unreachable,
  idp_garbage: address,
  code_refused: ({ redirectUri }) =>
    `The IdP refused the code. It was used before or is too old, or it does not belong to this redirect URI, which has to be registered exactly so: ${redirectUri} (or the PKCE verifier did not fit).`,
  client_refused: credentials,
  id_token_invalid: () => 'The ID token did not hold: the detail says which part of it.',
  user_info_invalid: () => `The user-info answer names another "sub" than the ID token, or is not JSON. ${userInfo}`,
  email_missing: () =>
    'Neither the ID token nor user info had an address. Let the IdP send the claim that the detail names, or choose another with --email-claim; "claims" in this line has those that came.',
  email_unusable: () =>
    'The address cannot be anybody\'s, or has letters that only the connection of its own verified domain may bring in. See "Which addresses are taken" in docs/integrating.md.',
  email_unverified: ({ slug }) =>
    `The IdP does not say that the address is verified (email_verified). Verify it there, or the domain here: "domain add <domain> --org ${slug}".`,
  connection_not_authoritative: () =>
    "Another connection speaks for this address's domain, or for this person. Link the person, or make this connection authoritative for the domain.",
  identity_mismatch: ({ slug }) =>
    `The address belongs to a person whom the IdP knows by another subject: "user identities <address> --org ${slug}" shows it, "user unlink" frees it.`,
  user_unknown: ({ slug }) =>
    `The organisation adds people itself: "user add <address> --org ${slug}", or "org update --org ${slug} --create-users on".`,
  user_inactive: ({ slug }) => `The person is switched off here: "user activate <address> --org ${slug}".`,
  not_fresh: () =>
    'Access was ended, and the IdP let the person back in without asking for the password again. It must heed prompt=login or max_age, and tell the moment as auth_time.',
  auth_time_missing: (place) =>
    `Access was ended, and the IdP does not tell when the person authenticated since. ${place.connection?.requestAuthTime ? 'Asking for it (--request-auth-time) was not enough. Let' : `Ask for it: "${update(place, '--request-auth-time on')}". If that changes nothing, let`} the IdP send the claim (Entra ID: the optional claim auth_time), or accept less: "${update(place, '--reauthentication best_effort')}".`,
  overtaken: () => "The person's access was ended while they signed in. Signing in again works.",
  unavailable: null,
  internal: null,
};

/** What the detail, or the words of the IdP, tell beyond the reason. The first that fits counts. */
const particular: readonly (readonly [RefusalReason, RegExp, ParticularAdvice, Hint])[] = [
  [
    'client_refused',
    /unauthorized_client/,
    'not_allowed',
    (...where) => `${credentials(...where)} Or the application there may not use the grant type "authorization code".`,
  ],
  ['idp_error', /code[_ ](challenge|verifier)|pkce/i, 'pkce', pkce],
  ['code_refused', /code[_ ](challenge|verifier)|pkce/i, 'pkce', pkce],
  ['idp_error', /redirect[_ ]ur[il]|(callback|reply) url/i, 'redirect_uri', redirectUri],
  ['idp_error', /consent_required|AADSTS65001/, 'consent', consent],
  ['code_refused', /consent_required|AADSTS65001/, 'consent', consent],
  ['idp_error', /max_age|\bprompt\b|login_required|interaction_required|account_selection/i, 'prompting', prompting],
  [
    'idp_error',
    /invalid_scope/,
    'scopes',
    () => 'The IdP has to allow this application the scopes openid, email and profile.',
  ],
  [
    'idp_error',
    /unauthorized_client|unsupported_response_type|unsupported_grant_type/,
    'web_application',
    () => 'The application at the IdP has to be a web application with the grant type "authorization code".',
  ],
  ['idp_error', /token_status_40[13]/, 'client_refused', credentials],
  [
    'idp_error',
    /user_info_status_40[13]/,
    'user_info',
    () => `The IdP refuses its own access token at its user-info endpoint. ${userInfo}`,
  ],
  ['idp_error', /server_error|temporarily_unavailable|_status_5/, 'their_fault', theirFault],
  [
    'idp_garbage',
    /token_response/,
    'no_id_token',
    () =>
      'The answer has no ID token: the application at the IdP has to be one of OpenID Connect, with the scope openid.',
  ],
  ['id_token_invalid', /claim_(exp|iat|nbf)/, 'clock', clock],
  ['id_token_invalid', /claim_iss/, 'other_issuer', otherIssuer],
  ['id_token_invalid', /claim_aud/, 'other_audience', otherAudience],
  [
    'id_token_invalid',
    /claim_azp/,
    'other_audience',
    (...where) =>
      `${otherAudience(...where)} It was issued to another application (azp): let sign-ins of this one have ID tokens of their own there.`,
  ],
  [
    'id_token_invalid',
    /claim_session_expiry/,
    'session_over',
    () =>
      'The session at the IdP was over when it sent the ID token, by its own clock (session_expiry). Let it begin a new session, and give that claim in seconds since 1970.',
  ],
  [
    'id_token_invalid',
    /claim_nonce/,
    'nonce',
    () =>
      'The ID token was not made for this sign-in: the IdP has to pass on the nonce. A kept or copied token lacks it.',
  ],
  ['id_token_invalid', /no_matching_key|signature/, 'keys', keys],
  ['user_info_invalid', /user_info_claim_(exp|iat|nbf)/, 'clock', clock],
  ['user_info_invalid', /user_info_claim_iss/, 'other_issuer', (...where) => `${otherIssuer(...where)} ${userInfo}`],
  [
    'user_info_invalid',
    /user_info_claim_aud/,
    'other_audience',
    (...where) => `${otherAudience(...where)} ${userInfo}`,
  ],
  [
    'user_info_invalid',
    /user_info_encrypted/,
    'user_info',
    () =>
      `The IdP encrypts the user-info answer, and there is no key here to open it: switch that off there. ${userInfo}`,
  ],
  ['user_info_invalid', /no_matching_key|signature/, 'keys', (...where) => `${keys(...where)} ${userInfo}`],
  [
    'id_token_invalid',
    /alg_not_allowed/,
    'algorithm',
    () => 'The IdP signs with an algorithm that is not taken (HS256, none). Choose RS256 there for the ID token.',
  ],
  [
    'user_info_invalid',
    /alg_not_allowed/,
    'algorithm',
    () => `The IdP signs user info with an algorithm that is not taken (HS256, none). Choose RS256 there. ${userInfo}`,
  ],
];

/** A sentence for the operator's log that says what to do; from a closed list. */
export function operatorHint(refused: SignInRefused, place: Place): string | null {
  return (particularOf(refused)?.[3] ?? general[refused.reason])?.(place, refused) ?? null;
}

/** The same in a word: pages have texts of their own for it. */
export function adviceOf(refused: SignInRefused): Advice {
  return particularOf(refused)?.[2] ?? refused.reason;
}

function particularOf({ reason, detail, said }: SignInRefused) {
  const about = [detail, said?.error, said?.description].filter(Boolean).join(' ');
  return particular.find(([of, sign]) => of === reason && sign.test(about));
}
