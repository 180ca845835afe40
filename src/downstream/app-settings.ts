import { z } from 'zod';

/** https, or loopback under development: the guarded fetch decides at each call. */
const address = z
  .string()
  .max(2048)
  .regex(/^\P{Cc}*$/u, 'must not have control characters');

/**
 * By which name an app knows a person. `iss_sub`: as the org's identity provider says it. `org_sub`:
 * as the org itself says it to apps that sign people in here. `id`: the app's own, which an
 * administrator or `attribute` gives.
 */
export const naming = z.enum(['email', 'iss_sub', 'org_sub', 'id']);

/**
 * Whom an app concerns: everybody, members of groups, or who is known there (named there, or seen).
 * Whoever is known there is concerned without the group, too.
 */
export const concerns = z.discriminatedUnion('who', [
  z.strictObject({ who: z.literal('everyone') }),
  z.strictObject({ who: z.literal('groups'), groups: z.array(z.string().max(80)).min(1).max(100) }),
  z.strictObject({ who: z.literal('seen') }),
]);

const common = {
  naming: naming.default('email'),
  /** Where the app's own id is, unless it was given by hand or CSV. */
  attribute: z.enum(['externalId', 'userName']).nullable().default(null),
  concerns: concerns.default({ who: 'everyone' }),
};

/**
 * Global Token Revocation (draft-parecki-oauth-global-token-revocation). `signed_jwt`: as Okta sends
 * it. `bearer`: the credential as it is. `oauth`: an access token of `tokenEndpoint` by client
 * credentials, by a secret, or by a JWT of the org's key (`private_key_jwt`, RFC 7523), as Okta's own
 * endpoint wants it.
 */
export const gtrSettings = z.strictObject({
  ...common,
  endpoint: address,
  /** Auth0 still reads `subject`. */
  member: z.enum(['sub_id', 'subject']).default('sub_id'),
  auth: z.discriminatedUnion('method', [
    z.strictObject({
      method: z.literal('signed_jwt'),
      /**
       * To the byte; null: the endpoint as it was registered. Never the client id of a web app: with a
       * `sub` of somebody's choice the token would pass for that person's ID token there.
       */
      audience: z
        .string()
        .max(2048)
        .regex(/^https?:\/\/[\x21-\x7e]+$/, 'must be an address, as of the endpoint')
        .nullable()
        .default(null),
      /** `sub`: what we are called there. */
      clientId: z.string().max(512),
    }),
    z.strictObject({ method: z.literal('bearer') }),
    z.strictObject({
      method: z.literal('oauth'),
      tokenEndpoint: address,
      clientId: z.string().max(512),
      clientAuth: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt']),
      scope: z.string().max(1000).default('okta.universalLogout.manage'),
    }),
  ]),
});

/** A web app that signs people in through us: an OpenID Connect client, told by back-channel logout. */
export const oidcSettings = z.strictObject({
  redirectUris: z.array(address).min(1).max(20),
  postLogoutRedirectUris: z.array(address).max(20).default([]),
  backchannelLogoutUri: address.nullable().default(null),
  auth: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt']).default('client_secret_basic'),
  /** The app's public keys for `private_key_jwt`. */
  jwksUri: address.nullable().default(null),
  /** Whether it hears of sessions that end by time, too. */
  tellExpired: z.boolean().default(false),
});

/** The events that a receiver can have, by their short names (CAEP 1.0, RISC 1.0). */
export const eventTypes = [
  'session-revoked',
  'credential-change',
  'account-disabled',
  'account-enabled',
  'account-purged',
] as const;
export type EventType = (typeof eventTypes)[number];

/** A receiver of security events (SSF 1.0). Its stream stands in a table of its own. */
export const ssfSettings = z.strictObject({
  ...common,
  naming: z.enum(['email', 'iss_sub']).default('email'),
  /** `aud` of its events. */
  audience: z.string().min(1).max(2048),
  /** The events that it may have. */
  events: z
    .array(z.enum(eventTypes))
    .min(1)
    .max(eventTypes.length)
    .default([...eventTypes]),
  /**
   * The connection whose IdP is the same system. What came from it isn't passed back to it: two
   * systems that forward to each other would end what somebody has just signed in to.
   */
  connection: z.string().max(80).nullable().default(null),
});

export const settingsOf = { gtr: gtrSettings, oidc: oidcSettings, ssf: ssfSettings } as const;
export type GtrSettings = z.output<typeof gtrSettings>;
export type OidcSettings = z.output<typeof oidcSettings>;
export type SsfSettings = z.output<typeof ssfSettings>;
export type AppKind = keyof typeof settingsOf;
