import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import { byOperator } from '../../src/by.ts';
import { ssfSettings } from '../../src/downstream/app-settings.ts';
import { type AppWithSecret, createApps } from '../../src/downstream/apps.ts';
import type { Product } from '../support/product.ts';

type At = Pick<Product, 'url' | 'context' | 'orgs'>;
export type TestApps = ReturnType<typeof createApps>;
type OrgName = keyof Product['orgs'];

export const audience = 'https://receiver.fake';
export const uris = {
  revoked: 'https://schemas.openid.net/secevent/caep/event-type/session-revoked',
  disabled: 'https://schemas.openid.net/secevent/risc/event-type/account-disabled',
  enabled: 'https://schemas.openid.net/secevent/risc/event-type/account-enabled',
  purged: 'https://schemas.openid.net/secevent/risc/event-type/account-purged',
  credential: 'https://schemas.openid.net/secevent/caep/event-type/credential-change',
  verification: 'https://schemas.openid.net/secevent/ssf/event-type/verification',
  updated: 'https://schemas.openid.net/secevent/ssf/event-type/stream-updated',
} as const;

export type Answer = { status: number; headers: Headers; body: Record<string, unknown> };
export type Sets = Record<string, string>;

/** An app of kind `ssf`, registered as an administrator does. */
export function addReceiver({ context, orgs }: At, settings: object = {}, org: OrgName = 'whiterabbit') {
  const apps = createApps({ ...context, appFetch: context.webhookFetch });
  const form = ssfSettings.parse({ audience, ...settings });
  return apps.add(orgs[org].id, { kind: 'ssf', name: 'SIEM', settings: form }, byOperator);
}

/** What a receiver does over HTTP, and nothing else. */
export function receiverAt(
  { url, orgs }: Pick<Product, 'url' | 'orgs'>,
  { id, clientSecret }: AppWithSecret,
  org: OrgName = 'whiterabbit',
) {
  const issuer = `${url}/orgs/${orgs[org].id}`;
  let token = '';

  const call = async (method: string, path: string, body?: unknown, bearer: string | null = token): Promise<Answer> => {
    const raw = typeof body === 'string';
    const response = await fetch(path.startsWith('http') ? path : `${issuer}/ssf${path}`, {
      method,
      headers: {
        ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  };

  return {
    issuer,
    call,
    /** By client credentials (RFC 6749 §4.4). An app that was just added is known within a second. */
    async askForToken(scope = 'ssf.manage ssf.read'): Promise<string> {
      for (;;) {
        const response = await fetch(`${issuer}/oauth/token`, {
          method: 'POST',
          headers: {
            'Content-Type': 'application/x-www-form-urlencoded',
            Authorization: `Basic ${Buffer.from(`${id}:${clientSecret}`).toString('base64')}`,
          },
          body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) }),
        });
        const answer = (await response.json()) as { access_token?: string; error?: string };
        if (answer.access_token) {
          token = answer.access_token;
          return token;
        }
        if (answer.error !== 'invalid_client') throw new Error(`no access token: ${JSON.stringify(answer)}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    /** One that was asked for before. */
    useToken(given: string): void {
      token = given;
    },
    createStream: (body: object = {}) => call('POST', '/stream', body),
    poll: (stream: string, body: object = { returnImmediately: true }) => call('POST', `/poll/${stream}`, body),
    /** Polls until so many events have come; none is acknowledged. */
    async pollFor(stream: string, count: number): Promise<JWTPayload[]> {
      for (;;) {
        const { status, body } = await call('POST', `/poll/${stream}`, { returnImmediately: false });
        if (status !== 200) throw new Error(`the poll was answered ${status}`);
        const sets = Object.values(body.sets as Sets);
        if (sets.length >= count) return Promise.all(sets.map((set) => this.verify(set)));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    /** Checks a token as RFC 8417 and SSF 1.0 §4 want it. */
    async verify(set: string): Promise<JWTPayload> {
      const keys = createRemoteJWKSet(new URL(`${issuer}/oauth/jwks`));
      const { payload } = await jwtVerify(set, keys, { issuer, audience, typ: 'secevent+jwt', algorithms: ['RS256'] });
      return payload;
    },
  };
}
export type EventReceiver = ReturnType<typeof receiverAt>;

/** The one event of a token: its URI and its members. */
export const eventOf = ({ events }: JWTPayload): [string, Record<string, unknown>] =>
  Object.entries(events as Record<string, Record<string, unknown>>)[0] as [string, Record<string, unknown>];
