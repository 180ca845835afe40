import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Answer, answers } from './hostile-answers.ts';
import { createHostileKeys, type TokenOptions } from './hostile-keys.ts';

export type HostileEndpoint = 'discovery' | 'authorize' | 'token' | 'userinfo' | 'jwks' | 'endSession';

const paths: Record<HostileEndpoint, string> = {
  discovery: '/.well-known/openid-configuration',
  authorize: '/authorize',
  token: '/token',
  userinfo: '/userinfo',
  jwks: '/jwks',
  endSession: '/end-session',
};

export type HostileIdp = Awaited<ReturnType<typeof startHostileIdp>>;

/**
 * What an authorization response carries; a member that is undefined is left out, an array is sent
 * several times.
 */
export type AuthorizeParams = Record<string, string | string[] | undefined>;

type IdTokenOptions = TokenOptions & {
  /** Laid over the honest claims; a member that is undefined is left out. */
  claims?: Record<string, unknown>;
  /** Takes the place of all claims: any JSON value. */
  payload?: unknown;
};

type Person = { sub: string; email: string; email_verified?: boolean; name: string };

/**
 * A plain HTTP server that plays an IdP. Left alone it answers honestly, as `person`, without
 * asking for a password; each endpoint's answer can be replaced by anything, at any time.
 */
export async function startHostileIdp(
  options: {
    clientId?: string;
    clientSecret?: string;
    person?: Person;
    /** What follows the host in the issuer, such as `/realms/zion`, or `/`. */
    issuerPath?: string;
  } = {},
) {
  const clientId = options.clientId ?? 'hostile-client';
  const clientSecret = options.clientSecret ?? 'hostile-secret';
  const keys = await createHostileKeys();
  const nonces = new Map<string, string | undefined>();
  const requests: {
    endpoint: HostileEndpoint | null;
    method: string;
    url: URL;
    headers: IncomingMessage['headers'];
    body: string;
  }[] = [];
  const replaced = new Map<HostileEndpoint, Answer>();
  let person: Person = options.person ?? {
    sub: 'mallory',
    email: 'mallory@hostile.fake',
    email_verified: true,
    name: 'Mallory',
  };
  let idToken: IdTokenOptions = {};
  let authorizeParams: (query: URLSearchParams, honest: AuthorizeParams) => AuthorizeParams = (_query, honest) =>
    honest;
  let issuer = '';
  let clock = { offset: 0, dateOffset: 0 };
  /** Seconds since 1970, on this IdP's clock. */
  const now = () => Math.floor(Date.now() / 1000) + clock.offset;

  function signIdToken({ claims, payload, ...token }: IdTokenOptions & { nonce?: string | undefined } = {}): string {
    const honest = {
      iss: issuer,
      aud: clientId,
      ...person,
      iat: now(),
      exp: now() + 300,
      auth_time: now(),
      nonce: token.nonce,
    };
    return keys.sign(payload === undefined ? { ...honest, ...claims } : payload, token);
  }

  function authorize(query: URLSearchParams): Answer {
    const code = `code-${nonces.size + 1}`;
    nonces.set(code, query.get('nonce') ?? undefined);
    const target = new URL(query.get('redirect_uri') ?? 'about:blank');
    const params = authorizeParams(query, { code, state: query.get('state') ?? undefined, iss: issuer });
    for (const [name, value] of Object.entries(params)) {
      for (const one of value === undefined ? [] : [value].flat()) target.searchParams.append(name, one);
    }
    return answers.redirect(target.href);
  }

  async function honest(endpoint: HostileEndpoint, url: URL, body: string): Promise<Answer> {
    const nonce = nonces.get(new URLSearchParams(body).get('code') ?? '');
    switch (endpoint) {
      case 'discovery':
        return answers.json(metadata());
      case 'authorize':
        return authorize(url.searchParams);
      case 'token':
        return answers.json({
          access_token: 'access',
          token_type: 'Bearer',
          expires_in: 300,
          id_token: signIdToken({ ...idToken, nonce }),
        });
      case 'userinfo':
        return answers.json(person);
      case 'jwks':
        return answers.json(await keys.jwks());
      case 'endSession':
        return answers.text('signed out');
    }
  }

  const at = (endpoint: HostileEndpoint) => issuer.replace(/\/$/, '') + paths[endpoint];
  const metadata = () => ({
    issuer,
    authorization_endpoint: at('authorize'),
    token_endpoint: at('token'),
    userinfo_endpoint: at('userinfo'),
    end_session_endpoint: at('endSession'),
    jwks_uri: at('jwks'),
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', issuer);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const names = Object.keys(paths) as HostileEndpoint[];
    const endpoint = names.find((name) => at(name) === url.origin + url.pathname) ?? null;
    requests.push({ endpoint, method: request.method ?? '', url, headers: request.headers, body });
    if (!endpoint) return answers.status(404)(request, response);
    const date = new Date(Date.now() + (clock.offset + clock.dateOffset) * 1000);
    response.setHeader('date', date.toUTCString());
    return (replaced.get(endpoint) ?? (await honest(endpoint, url, body)))(request, response);
  }

  const server = createServer((request, response) => {
    // A client that breaks off is what many of these answers are for.
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the hostile IdP has no port');
  issuer = `http://localhost:${address.port}${options.issuerPath ?? ''}`;

  return {
    issuer,
    clientId,
    clientSecret,
    metadata,
    keys,
    /** Every request so far, with its body. */
    requests,
    signIdToken,
    /** From now on this endpoint answers so. */
    set: (endpoint: HostileEndpoint, answer: Answer) => void replaced.set(endpoint, answer),
    /** From now on the token endpoint's ID tokens are made so. */
    setIdToken(how: IdTokenOptions) {
      idToken = how;
    },
    now,
    /** From now on its clock goes ahead by `offset` seconds; that of its Date headers by more. */
    setClock(offset: number, dateOffset = 0) {
      clock = { offset, dateOffset };
    },
    setPerson(changes: Partial<Person>) {
      person = { ...person, ...changes };
    },
    /** From now on the redirect back carries what this returns. */
    setAuthorizeParams(how: typeof authorizeParams) {
      authorizeParams = how;
    },
    /** Honest again. */
    reset() {
      replaced.clear();
      idToken = {};
      clock = { offset: 0, dateOffset: 0 };
      authorizeParams = (_query, usual) => usual;
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        keys.giveBack();
      }),
  };
}
