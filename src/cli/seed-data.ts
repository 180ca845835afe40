import type { DemoTenantOptions } from '../demo-idp/tenant.ts';
import { seedApiKeys } from '../orgs/seed-keys.ts';

type SeedPerson = Readonly<{
  subject: string;
  email: string;
  name: string;
  givenName: string;
  familyName: string;
  password: string;
  todos: readonly string[];
  /** The role in the organisation; default: member. */
  role?: 'owner';
}>;

export type SeedOrg = Readonly<{
  slug: string;
  name: string;
  domain: string;
  apiKey: string;
  client: Readonly<{ id: string; secret: string }>;
  people: readonly SeedPerson[];
}>;

/** The demo's orgs. Names and keys are those of Okta's workshop, whose curl lines work here. */
export const seedOrgs: readonly SeedOrg[] = [
  {
    slug: '1',
    name: 'White Rabbit',
    domain: 'whiterabbit.fake',
    apiKey: seedApiKeys.whiteRabbit,
    client: { id: 'universal-logout', secret: 'secret-of-the-demo-client-at-white-rabbit' },
    people: [
      {
        subject: 'trinity',
        email: 'trinity@whiterabbit.fake',
        name: 'Trinity',
        givenName: 'Trinity',
        familyName: 'Moss',
        password: 'Zion123$',
        todos: ['Follow the white rabbit', 'Find a phone that rings'],
      },
      {
        subject: 'morpheus',
        email: 'morpheus@whiterabbit.fake',
        name: 'Morpheus',
        givenName: 'Morpheus',
        familyName: 'Fishburne',
        password: 'Zion123$',
        todos: ['Offer two pills'],
        role: 'owner',
      },
      {
        subject: 'neo',
        email: 'neo@whiterabbit.fake',
        name: 'Neo',
        givenName: 'Thomas',
        familyName: 'Anderson',
        password: 'Zion123$',
        todos: ['Learn kung fu'],
      },
    ],
  },
  {
    slug: '2',
    name: 'Metacortex',
    domain: 'metacortex.fake',
    apiKey: seedApiKeys.metacortex,
    client: { id: 'universal-logout', secret: 'secret-of-the-demo-client-at-metacortex' },
    people: [
      {
        // Another person with the same address: neither may be affected by the other's revocation.
        subject: 'contractor-7',
        email: 'trinity@whiterabbit.fake',
        name: 'Trinity, contractor at Metacortex',
        givenName: 'Trinity',
        familyName: 'Mason',
        password: 'Cubicle101$',
        todos: ['Clean the windows'],
      },
    ],
  },
];

/**
 * The demo identity provider's side of the orgs. `publicUrl` is the app's origin. A connection's id
 * is made later, at the seeding: `connectionId` returns it by the org's slug before each security
 * event that is sent.
 */
export function demoTenants(publicUrl: string, connectionId: (slug: string) => Promise<string>): DemoTenantOptions[] {
  return seedOrgs.map((org) => ({
    path: org.slug,
    name: org.name,
    client: {
      ...org.client,
      redirectUris: [`${publicUrl}/openid/callback/${org.slug}`],
      postLogoutRedirectUris: [`${publicUrl}/signed-out`],
    },
    users: org.people.map(({ todos: _ours, role: _here, ...person }) => person),
    app: {
      name: 'Universal Logout',
      revocationEndpoint: `${publicUrl}/global-token-revocation`,
      backchannelLogoutUri: `${publicUrl}/openid/backchannel-logout/${org.slug}`,
      securityEventsUrl: async () => `${publicUrl}/ssf/events/${await connectionId(org.slug)}`,
    },
  }));
}
