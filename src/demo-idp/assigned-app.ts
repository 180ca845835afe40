/**
 * The name of a person in calls: e-mail address (Okta's default), or issuer and subject (RFC 9493).
 */
export type SubjectFormat = 'email' | 'iss_sub';

/** The app that a tenant's people are assigned to, and its endpoints that end access. */
export type DemoApp = {
  name: string;
  /** Its Global Token Revocation endpoint. */
  revocationEndpoint: string;
  /** Where it takes logout tokens (OIDC Back-Channel Logout 1.0). */
  backchannelLogoutUri: string;
  /** Takes pushed security events (RFC 8935). A function where the address is known only later. */
  securityEventsUrl?: string | (() => Promise<string>) | undefined;
  /** Default `email`. */
  subjectFormat?: SubjectFormat;
  /** Milliseconds for a whole call; default 8 s. */
  timeLimit?: number | undefined;
};

/** @throws Error when the app has no receiver, or its address isn't known yet. */
export async function findSecurityEventsUrl({ name, securityEventsUrl }: DemoApp): Promise<string> {
  if (securityEventsUrl === undefined) throw new Error(`${name} has no receiver of security events`);
  return typeof securityEventsUrl === 'string' ? securityEventsUrl : securityEventsUrl();
}
