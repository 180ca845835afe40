import { AppError } from '../errors.ts';
import { type GuardedFetch, GuardedFetchError } from '../http/guarded-fetch.ts';
import { discover } from './discovery.ts';

/** The addresses of a connection that somebody typed in. */
export type TypedEndpoints = Readonly<{
  issuer?: string | undefined;
  acceptedIssuers?: readonly string[] | undefined;
  authorizationEndpoint?: string | undefined;
  tokenEndpoint?: string | undefined;
  jwksUri?: string | undefined;
  userinfoEndpoint?: string | null | undefined;
  endSessionEndpoint?: string | null | undefined;
}>;

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out members that are undefined: they would overwrite what is stored. */
export function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** How a refusal spells a member for the person who typed it, and the error it throws. */
export type Typist = Readonly<{ spell: (member: string) => string; refuse: (message: string) => Error }>;

const needed = ['authorizationEndpoint', 'tokenEndpoint', 'jwksUri'] as const;
const optional = ['userinfoEndpoint', 'endSessionEndpoint'] as const;

/**
 * Refuses an issuer with a query or a fragment (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).
 * @throws AppError invalid_request
 */
export function checkIssuers({ issuer, acceptedIssuers = [] }: TypedEndpoints, { spell }: Typist): void {
  const issuers = [
    ...(issuer === undefined ? [] : [['issuer', issuer] as const]),
    ...acceptedIssuers.map((url) => ['acceptedIssuers', url] as const),
  ];
  for (const [member, url] of issuers) {
    const end = /[?#]/.exec(url);
    if (!end) continue;
    const what = { member: spell(member), from: end[0] };
    throw new AppError('invalid_request', ({ answers }) => answers.issuerForm(what), { field: member });
  }
}

/** Checks each URL for its scheme and address. @throws AppError invalid_request */
export function checkEndpoints(guardedFetch: GuardedFetch, typed: TypedEndpoints, typist: Typist): void {
  checkIssuers(typed, typist);
  const { spell } = typist;
  const named = ['issuer', ...needed, ...optional] as const;
  const urls = [
    ...named.map((member) => [member, typed[member]] as const),
    ...(typed.acceptedIssuers ?? []).map((url) => ['acceptedIssuers', url] as const),
  ];
  for (const [member, url] of urls) {
    if (url === undefined || url === null) continue;
    try {
      guardedFetch.check(url);
    } catch (error) {
      if (!(error instanceof GuardedFetchError)) throw error;
      throw new AppError(
        'invalid_request',
        (texts) => texts.answers.unusable({ member: spell(member), why: error.says(texts) }),
        { field: member, cause: error },
      );
    }
  }
}

/**
 * Returns the endpoints that were typed in and no others; if none was, those of the metadata.
 * @throws AppError invalid_request when only some were typed in or one isn't usable, and as
 * `discover`
 */
export async function resolveEndpoints(
  guardedFetch: GuardedFetch,
  typed: TypedEndpoints & { issuer: string },
  typist: Typist,
) {
  checkEndpoints(guardedFetch, typed, typist);
  const { authorizationEndpoint, tokenEndpoint, jwksUri, userinfoEndpoint, endSessionEndpoint } = typed;
  if (authorizationEndpoint !== undefined && tokenEndpoint !== undefined && jwksUri !== undefined)
    return {
      authorizationEndpoint,
      tokenEndpoint,
      jwksUri,
      // Null, because an endpoint of another issuer must not be kept.
      userinfoEndpoint: userinfoEndpoint ?? null,
      endSessionEndpoint: endSessionEndpoint ?? null,
    };
  if ([...needed, ...optional].some((member) => typed[member] !== undefined))
    throw typist.refuse(`Without discovery all three are needed: ${needed.map(typist.spell).join(', ')}.`);
  const { issuer: _same, ...found } = await discover(guardedFetch, typed.issuer);
  return found;
}
