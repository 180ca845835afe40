import { randomUUID } from 'node:crypto';
import { startSignInBed } from '../sign-in/support.ts';
import type { createBrowser } from '../support/browser.ts';
import type { TokenOptions } from '../support/hostile-keys.ts';
import { anyAddress } from '../support/idp-jwt.ts';

export type SignalBed = Awaited<ReturnType<typeof startSignalBed>>;

export const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
export const now = () => Math.floor(Date.now() / 1000);

const secevent = 'https://schemas.openid.net/secevent';
export const eventUris = {
  'session-revoked': `${secevent}/caep/event-type/session-revoked`,
  'credential-change': `${secevent}/caep/event-type/credential-change`,
  'account-disabled': `${secevent}/risc/event-type/account-disabled`,
  'account-purged': `${secevent}/risc/event-type/account-purged`,
  'credential-compromise': `${secevent}/risc/event-type/credential-compromise`,
  'sessions-revoked': `${secevent}/risc/event-type/sessions-revoked`,
  verification: `${secevent}/ssf/event-type/verification`,
} as const;

/**
 * The product with an org, `hostile`, whose IdP signs whatever it is told to. Mallory signs in
 * there without a password, by an IdP session of the name that is given.
 */
export async function startSignalBed(options: { env?: Record<string, string> } = {}) {
  const bed = await startSignInBed({ env: { TRUST_PROXY: 'loopback', ...options.env } });
  const { hostile, url } = bed;
  const connection = await bed.prisma.connection.findFirstOrThrow({ where: { orgId: bed.org.id } });
  const receiver = `${url}/ssf/events/${connection.id}`;
  const me = async (browser: ReturnType<typeof createBrowser>) => (await browser.get('/api/users/me')).status;
  return {
    ...bed,
    connection,
    receiver,
    /** A browser that has signed in as mallory. */
    async signIn(sid?: string) {
      hostile.setIdToken({ claims: { sid } });
      const { browser, me } = await bed.attempt();
      if (me.status !== 200) throw new Error(`the sign-in failed: ${me.status} ${me.text}`);
      return browser;
    },
    me,
    userId: async () =>
      (await bed.prisma.user.findFirstOrThrow({ where: { orgId: bed.org.id, emailKey: 'mallory@hostile.fake' } })).id,
    /**
     * A logout token as it should be; `changes` are laid over its claims, undefined leaves one out.
     */
    logoutToken(changes: Record<string, unknown> = {}, { header, signer }: TokenOptions = {}): string {
      const iat = now();
      const honest = { iss: hostile.issuer, aud: hostile.clientId, iat, exp: iat + 120, jti: randomUUID() };
      const claims = { ...honest, events: { [logoutEvent]: {} }, sub: 'mallory', ...changes };
      return hostile.keys.sign(claims, { header: { typ: 'logout+jwt', ...header }, signer });
    },
    /** Each call comes from another network unless told. */
    postLogout: (token: string, { org = 'hostile', at = url, from = anyAddress() } = {}) =>
      fetch(`${at}/openid/backchannel-logout/${org}`, {
        method: 'POST',
        headers: { 'x-forwarded-for': from },
        body: new URLSearchParams({ logout_token: token }),
      }),
    /** A security event token as it should be. */
    eventToken(
      event: keyof typeof eventUris | (string & {}),
      { claims = {}, details = {}, ...token }: TokenOptions & { claims?: object; details?: unknown } = {},
    ): string {
      const uri = Object.hasOwn(eventUris, event) ? eventUris[event as keyof typeof eventUris] : event;
      const honest = {
        ...{ iss: hostile.issuer, aud: receiver, iat: now(), jti: randomUUID(), txn: randomUUID() },
        sub_id: { format: 'iss_sub', iss: hostile.issuer, sub: 'mallory' },
        events: { [uri]: details },
      };
      return hostile.keys.sign(
        { ...honest, ...claims },
        { signer: token.signer, header: { typ: 'secevent+jwt', ...token.header } },
      );
    },
    pushEvent: (body: string, { to = receiver, type = 'application/secevent+jwt', from = anyAddress() } = {}) =>
      fetch(to, { method: 'POST', headers: { 'content-type': type, 'x-forwarded-for': from }, body }),
    /** The org's audit events of that action, oldest first. */
    audited: (action: string, orgId = bed.org.id) =>
      bed.prisma.auditEvent.findMany({ where: { orgId, action }, orderBy: { at: 'asc' } }),
  };
}
