/** A trial of a sign-in, and its report. */
export const consoleTrial = {
  trial: {
    title: 'Try a sign-in',
    text: ({ name }: { name: string }) =>
      `A sign-in through ${name} that signs nobody in. You go to the identity provider, sign in there as anybody, and come back to a report of each step.`,
    keeps: 'Your own session stays as it is. Nobody is added or changed, and the connection isn’t proven by it.',
    off: 'The connection is switched off: it can be tried all the same.',
    register: 'Before you go',
    registerText:
      'If the identity provider shows an error page of its own and doesn’t lead back here, this redirect URI isn’t registered there, to the letter:',
    redirectUri: 'redirect URI',
    go: 'Sign in at the identity provider',
    goAnew: 'The same, as after a sign-out',
    goAnewText:
      'The second way asks the identity provider for a new authentication (prompt=login), as people are asked to after they were signed out. If you have to type no password there, they could return without one.',

    reportTitle: 'What the trial found',
    result: {
      good: 'Every step is good: this sign-in would have worked.',
      doubtful: 'This sign-in would have gone on, but something is to be looked at.',
      bad: 'This sign-in would have been refused.',
    },
    nothingDone: 'Nobody was signed in by it, and nothing was changed.',
    wasOff: 'The connection is switched off: until it is on, real sign-ins are refused.',
    wasAnew: 'It asked for a new authentication, as after a sign-out.',
    outcomes: { good: 'Good', doubtful: 'Look at this', bad: 'Bad', not_reached: 'Not reached' },
    steps: {
      discovery: 'The issuer’s metadata',
      request: 'The request that was sent',
      answer: 'The answer',
      tokens: 'The token endpoint',
      id_token: 'The ID token',
      address: 'The address',
      person: 'Who it would be',
      freshness: 'Whether it is fresh',
    },
    again: 'Try again',
    toConnection: 'To the connection',
    reload: 'The report is kept nowhere: it is gone when you leave this page.',
    discoverySame: 'The issuer publishes the very endpoints that this connection has.',
    wouldProve: 'The connection isn’t proven yet, and a trial doesn’t do it: the first real sign-in will.',
    discoveryDiffers:
      'Sign-ins use the endpoints that are here, not these. As long as they differ, no sign-in proves the connection.',
    discoveryFailed: 'Sign-ins work without it, but none proves the connection.',
    sentTo: 'Sent to',
    parameter: 'Parameter',
    value: 'Value',
    randomParts: 'Beside these: state, nonce and the PKCE challenge, which are random.',
    answered: 'It came with a code, by the browser that was sent.',
    exchanged: 'The code was exchanged for an ID token.',
    endpoint: 'Endpoint',
    secretSent: 'The secret was sent',
    claim: 'Claim',
    hidden: 'There, not shown here',
    moreClaims: 'The other claims',
    allParameters: 'What was sent',
    verified: 'Its signature, issuer, audience, times and nonce hold.',
    authTimeMissing: 'auth_time is missing.',
    addressClaim: 'Claim',
    address: 'Address',
    noAddress: 'None came',
    vouched: 'The identity provider vouches for it',
    source: 'From',
    sources: { id_token: 'the ID token', user_info: 'user info', none: 'neither the ID token nor user info' },
    userInfoFailed: 'User info could not be had. It keeps nobody out who is known already.',
    known: 'They are known here by their subject, and would be signed in as:',
    toLink: 'Their account at the identity provider would be linked to this person, by the address:',
    toCreate: 'Nobody here has this address: a person would be created.',
    person: 'Person',
    wouldGetRole: 'Role by the claim',
    freshEnough: 'The sign-in counts.',
    sinceAuthentication: 'Authenticated before the token',
    seconds: ({ n }: { n: string }) => `${n} s`,
    notTold: 'Not told',
    staleAsked:
      'The person’s access was ended once, and they did not authenticate since. A real sign-in would send them to the identity provider once more, to authenticate anew.',
    couldNotReturn:
      'auth_time is missing, so after a sign-out this person couldn’t come back. Switch on “Ask for auth_time” in the settings, let the identity provider send it, or choose “Being asked is enough” in the settings.',
    said: 'It said',
    saidByBrowser: 'That came by the browser: anybody who holds it may have written it. Follow no link in it.',
    detail: 'Detail',
    todo: 'What to do',
    mend: { settings: 'Change settings', client: 'Change client or endpoints', domains: 'Domains', people: 'People' },

    /** What to do, by what went wrong; an administrator reads it. */
    advice: {
      issuer_mixed_up: ({ named }: { named: string }) =>
        `The answer names another issuer${named && `: ${named}`}. It came by the browser, so anybody may have written it. Only if that is another name of the same identity provider, add it to the further issuers.`,
      cancelled:
        'You cancelled there, or the identity provider doesn’t let this account use the application: assign it to the application.',
      idp_error: 'The identity provider refused. What it said stands here; its own log says more.',
      idp_unreachable: ({ endpoint }: { endpoint: string }) =>
        `There was no complete answer within 8 seconds from ${endpoint}. Is the address right, and is the identity provider there? One with a private address has to be allowed by the operator.`,
      idp_garbage:
        'Something other than the endpoint answered. Compare the endpoints with what the issuer publishes, and look for a proxy or a page of maintenance.',
      code_refused: ({ redirectUri }: { redirectUri: string }) =>
        `The code was used before or is too old, or it belongs to another redirect URI. Register this one to the letter: ${redirectUri}`,
      client_refused: ({ otherWay }: { otherWay: string }) =>
        `The client id or the secret is wrong or has expired: enter the secret anew. Or the identity provider wants it in another way: try ${otherWay} in the settings, first of all if the secret has more than letters, digits, “-” and “_”.`,
      not_allowed:
        'The client id or the secret is wrong, or the application there may not use the grant type “authorization code”.',
      id_token_invalid: 'The ID token doesn’t hold: the detail says which part of it.',
      user_info_invalid:
        'User info names another person than the ID token, or isn’t JSON. Let the identity provider put the address into the ID token, then user info isn’t asked.',
      user_info:
        'User info can’t be read. Let the identity provider put the address into the ID token, then it isn’t asked.',
      email_missing: ({ claim }: { claim: string }) =>
        `Neither the ID token nor user info had the claim “${claim}”. Let the identity provider send it, or choose another one in the settings: the report shows which came.`,
      email_unusable:
        'The address can’t be anybody’s, or has letters that only the connection of its own verified domain may bring in.',
      email_unverified:
        'The identity provider doesn’t say that the address is verified. Verify it there, or verify its domain here and make this connection authoritative for it.',
      connection_not_authoritative:
        'Another connection speaks for this address’s domain, or for this person. Make this one authoritative for the domain, or link the account to the person.',
      identity_mismatch:
        'The address belongs to a person whom the identity provider knows by another subject. Unlink the old account on the person’s page; if it is somebody else, change their address.',
      user_unknown:
        'The organisation adds people itself. Add the person, or let first sign-ins create people (settings).',
      user_inactive: 'The person is switched off here. Switch them on, on their page.',
      not_fresh:
        'The identity provider let the person back in without asking for the password again. It must heed prompt=login or max_age, and tell the moment as auth_time.',
      auth_time_missing:
        'The identity provider doesn’t say when the person authenticated. Switch on “Ask for auth_time” in the settings, let it send the claim, or choose “Being asked is enough” in the settings.',
      overtaken:
        'The session at the identity provider is over, or access ended meanwhile. Sign out there, and sign in anew.',
      pkce: 'Either the identity provider refuses PKCE (switch it off in the settings), or it demands it and got none (switch it on).',
      redirect_uri: ({ redirectUri }: { redirectUri: string }) =>
        `Register this redirect URI at the identity provider, exactly as it stands here: ${redirectUri}`,
      consent: 'Let an administrator there consent to this application for everybody (Entra ID: Grant admin consent).',
      prompting:
        'The identity provider doesn’t take what a sign-in after a sign-out asks for (prompt=login, max_age), or could not authenticate the person anew.',
      scopes: 'Allow this application the scopes openid, email and profile there.',
      web_application: 'The application there has to be a web application with the grant type “authorization code”.',
      their_fault: 'The identity provider has a fault of its own: look at its log and its status page, and try again.',
      no_id_token:
        'The answer has no ID token: the application there has to be one of OpenID Connect, with the scope openid.',
      clock: ({ seconds }: { seconds: string }) =>
        `The token is too old, or from the future: the identity provider’s clock is ${seconds} s ahead of ours (below 0: behind). Let both follow NTP; 60 s are tolerated.`,
      other_issuer: ({ named }: { named: string }) =>
        `The token names the issuer ${named}. If that is another name of the same identity provider, add it to the further issuers.`,
      other_audience: ({ named, clientId }: { named: string; clientId: string }) =>
        `The token is for ${named}; the client id here is ${clientId}.`,
      session_over:
        'The session at the identity provider was over when it sent the ID token (session_expiry). Begin a new one there.',
      nonce: 'The ID token wasn’t made for this sign-in: the identity provider has to pass on the nonce.',
      keys: 'The token’s key isn’t among the keys that the identity provider publishes. Look at the endpoints and keys of the connection.',
      algorithm: 'The identity provider signs with an algorithm that isn’t taken (HS256, none). Choose RS256 there.',
    },

    over: {
      title: 'The report is not for here',
      text: 'A trial’s report is shown only to the administrator who began it, in the same session and with the same rights. That session is over, or isn’t this one. Nobody was signed in. Sign in, and try once more.',
    },
  },
};
