/** The two forms that change a connection. */
export const consoleConnectionSettings = {
  connectionSettings: {
    title: 'Settings of the connection',
    name: 'Name',
    address: 'Address and roles',
    emailClaim: 'Claim that is a person’s address',
    emailClaimHint:
      'email, or another such as upn or preferred_username. Another one is believed only in the domains that this connection is authoritative for.',
    freshness: 'Signing in again after a sign-out',
    reauthentication: 'How a new sign-in is proven',
    reauthentications: {
      verified: {
        label: 'By auth_time',
        hint: 'The identity provider says when the person authenticated. A sign-in without it is refused after a sign-out.',
      },
      best_effort: {
        label: 'Being asked is enough',
        hint: 'For an identity provider that doesn’t say. The person is sent there with the request to authenticate anew; whether they really were asked can’t be proven.',
      },
    },
    requestAuthTime: 'Ask for auth_time',
    requestAuthTimeHint: 'Sign-ins ask for it as an essential claim (the claims parameter): some tell it only then.',
    logout: 'Signing out',
    logoutTokenEnds: 'A logout token that names a session there ends',
    logoutTokenEndsOptions: {
      session: { label: 'what came of that session', hint: 'As the standard says.' },
      person: {
        label: 'everything of the person',
        hint: 'For Keycloak, whose “log out all sessions” names one session alone.',
      },
    },
    signOutAtIdp: 'Signing out here goes on to the identity provider',
    signOutAtIdpHint: 'It then ends its own session too. It needs an end session endpoint.',
    protocol: 'The protocol',
    pkce: 'PKCE',
    pkceHint: 'Off only for an identity provider that refuses it (RFC 7636).',
    tokenEndpointAuth: 'How the client’s secret is sent',
    tokenEndpointAuthHint:
      'Where a right secret is refused, try the other one: some don’t decode the header as the standard says.',
    tokenEndpointAuths: {
      client_secret_basic: 'In the Authorization header (client_secret_basic)',
      client_secret_post: 'In the body (client_secret_post)',
    },
    responseIss: 'Its answers name the issuer (iss)',
    responseIssHint: 'RFC 9207. On: an answer without it is refused.',
    roleClaim: 'Claim that gives roles',
    roleClaimHint: 'Such as groups. Empty: no claim changes a role. Owners stay owners.',
    roleMapping: 'What a value of it makes of a person',
    roleMappingHint: 'Somebody with several gets the greatest; with none of them they are a member.',
    mapValue: ({ n }: { n: number }) => `Value ${n}`,
    mapRole: ({ n }: { n: number }) => `Role for value ${n}`,
    noRole: 'No role',
  },

  connectionClient: {
    title: 'Issuer, client and endpoints',
    text: 'Another issuer, client id or endpoint needs the client secret in the same form. After it the connection must be proven anew.',
    issuer: 'Issuer',
    issuerHint: 'Where it changes, its endpoints are read anew from its metadata.',
    clientId: 'Client id',
    clientSecret: 'Client secret',
    clientSecretHint: 'Empty: the one that is kept stays.',
    sameSubjects: 'The new issuer knows people by the same subjects',
    sameSubjectsHint: 'Only with another issuer of the same identity provider: people stay linked.',
    acceptedIssuers: 'Further issuers whose tokens count',
    acceptedIssuersHint: 'One in a line. With any that you name, only the operator’s word proves the connection.',
    endpoints: 'Endpoints',
    endpointsText: 'Leave them alone where the issuer has metadata.',
  },
};
