/**
 * What an operation answers where it refuses. The API says it in English, a page in the language of
 * whoever reads.
 */
export const answerTexts = {
  answers: {
    /** What is wrong with one field, behind its name. */
    forms: {
      missing: 'missing',
      long: ({ most }: { most: number }) => `more than ${most} characters`,
      short: ({ least }: { least: number }) => `fewer than ${least} characters`,
      many: ({ most }: { most: number }) => `more than ${most} of them`,
      great: ({ most }: { most: number }) => `more than ${most}`,
      small: ({ least }: { least: number }) => `less than ${least}`,
      unknown: 'not known here',
      choice: ({ choices }: { choices: string }) => `must be one of ${choices}`,
      form: 'not in the right form',
    },

    /** Of a setting of a connector, behind its name. */
    settings: {
      host: 'must be the name or the address of a host, without a scheme or a port',
      certificates: 'must be certificates in PEM, which begin with -----BEGIN CERTIFICATE-----',
      plainAddress: 'must be an address without a query',
      address: 'must be an address',
      https: 'must be https, unless tls is off: then whoever can read the network reads every password',
      withUser: 'must have {{user}} in it',
      placeholder: 'has a placeholder that there is not: see the list at docs/accounts.md',
      fixedHost: 'must be an address with nothing variable in its host, without a space',
      noDots: 'must not have . or .. for a part of its path',
      noSecret:
        'must have no other placeholder than {{user}} and {{admin}}: what is secret goes into a header or the body',
      headerName: 'must be the name of a header',
      headerLine: 'must be one line of ASCII',
      headers: 'must be at most 20 headers',
      transport: 'must not name host, content-length, transfer-encoding, connection, upgrade, expect, keep-alive, te',
      json: 'must be JSON, with every placeholder inside a string',
      form: 'must be a form: user={{user}}&password={{new}}',
      tried: 'must have {{new}} or {{basic_new}} in a header or the body: it is the password that is tried',
      apart: 'must tell accepted from refused by a status or a text',
      new: 'must have {{new}} in a header or the body: without it the password is not changed',
      characters: 'leaves fewer than ten characters, or none of a class: leave out fewer',
      storable: 'must not hold NUL, which cannot be stored: remove it',
    },

    unstorable: 'The request holds a character that cannot be stored, such as NUL.',
    unavailable: 'Something this service depends on does not answer; try again in a few seconds.',
    internal: 'Something went wrong on our side; it was logged under the request id.',
    brokenAddress: 'The address holds a malformed percent-encoding.',
    large: 'The request body is too large for this address.',
    unreadable: 'The body could not be read; send JSON in UTF-8, complete and as its headers say.',

    /** Why nobody can have an address. Callers read it: it holds nothing of the address. */
    email: {
      form: 'An e-mail address has the form name@domain.',
      quoted: 'An address whose part before the @ is quoted ("…"@domain) is not accepted.',
      invisible: 'The address holds a blank, or a control character or another one that cannot be seen.',
      lookAlike:
        'The address holds a character that stands for a plain one, such as a full-width letter, a ligature or an i with a second dot: write the plain one.',
      character: "The part before the @ has other characters than letters, digits and .!#$%&'*+/=?^_`{|}~-",
      scripts:
        'The part before the @ mixes scripts, such as Latin and Cyrillic letters, or its script is not in use today.',
      domain: 'What stands behind the @ is no domain name.',
      removed: 'The domain of the address stands for people who were removed.',
      length: 'The address is longer than 254 octets.',
    },

    /** Why an address that others chose isn't called, or gave nothing. */
    calls: {
      notUrl: 'not a URL',
      insecure: ({ host }: { host: string }) => `${host} must be called by https, without a user in the URL`,
      notPublic: ({ host }: { host: string }) => `${host} has an address that is not public`,
      redirect: ({ status }: { status: number }) => `answered with a redirect (${status})`,
      large: ({ most }: { most: number }) => `the answer is larger than ${most} bytes`,
      late: 'no complete answer in time',
      broken: 'the connection failed',
    },
    wrongUrl: ({ why }: { why: string }) => `Wrong in url: ${why}.`,

    notAddress: ({ email, why }: { email: string; why: string }) =>
      `"${email}" is not an acceptable e-mail address. ${why}`,
    sameAddress: ({ name }: { name: string }) => `This is the address of ${name} already.`,
    addressTaken: ({ email, bearer }: { email: string; bearer: string }) =>
      `The address ${email} is ${bearer} already. Give them another one first.`,
    subjectTaken: ({ bearer }: { bearer: string }) => `This subject is ${bearer} already. Unlink it there first.`,
    /** Whose something is. */
    bearer: ({ name, email, id }: { name: string; email: string; id: string }) => `${name}’s (${email}, ${id})`,
    international:
      'An address outside ASCII may look like another one. In a domain that no connection of the organisation speaks for, only provisioning or the operator gives it.',
    linkedAlready: ({ name, identity }: { name: string; identity: string }) =>
      `${name} is linked to this connection already, by the identity ${identity}. Unlink that first.`,
    provisionedName: 'Provisioning says what this person is called: change it in your directory.',

    noMember: 'You are no active member of your organisation any longer.',
    aboveYou: 'Your role changes nobody above it, and gives no role above it, also not to yourself.',
    provisioningKey: 'Your role makes and ends no key for provisioning; an owner may.',
    lastOwner: 'This is the last active owner of the organisation, who stays one. Make somebody else an owner first.',
    ownAccessEnded: 'Your own access has ended meanwhile; nothing was done.',
    largeGroup: ({ most }: { most: number }) => `The group has more than ${most} members. Send lists of ids instead.`,

    /** An organisation's own limits. */
    limits: {
      connections: ({ there, most }: { there: number; most: number }) =>
        `The organisation has ${there} connections, and may have ${most} at most.`,
      domains: ({ there, most }: { there: number; most: number }) =>
        `The organisation has ${there} domains, and may have ${most} at most.`,
      apiKeys: ({ there, most }: { there: number; most: number }) =>
        `The organisation has ${there} current API keys, and may have ${most} at most.`,
      webhooks: ({ most }: { most: number }) => `An organisation has ${most} webhooks at most; remove one first.`,
      apps: ({ most }: { most: number }) => `An organisation has ${most} apps at most; remove one first.`,
      accounts: ({ most }: { most: number }) =>
        `An organisation has ${most} shared accounts at most; remove some first.`,
      accountRights: ({ most }: { most: number }) =>
        `An account has ${most} rights at most: give a right to a group, or take some away first.`,
      accountVersions: ({ most }: { most: number }) =>
        `People have typed in ${most} passwords of this account, and no later one is known to sign in. Have it tested or changed: once one has signed in, old ones go.`,
    },

    /** Of shared accounts. */
    accounts: {
      none: 'There is no such account, or you have no access to it: whoever manages it can give it to you.',
      noRotation: 'The account has no such rotation.',
      notManual: 'Nobody has to do this one by hand: it goes on by itself.',
      noCandidate: 'No password was made for it: send the one that you have entered there.',
      noVersion: 'The account has no such version.',
      manyReveals: ({ most }: { most: number }) => `You have read ${most} passwords in a minute. Wait before the next.`,
      wrongJustNow:
        'A password of this account was tried just now, and was wrong. Systems lock accounts after a few: wait a minute before the next try.',
      administratorJustNow:
        'The password of this account’s administrator was tried just now, and was wrong or is being tried. Systems lock administrators after a few: wait before the next try.',
      noPassword: 'No password is kept for this account: give the one that signs in, or have it changed.',
      currentOnly: 'You may read the current password. Earlier ones are for those who manage the account.',
      /** Of a file of accounts. Nothing of the file is repeated. */
      csv: {
        line: ({ line, what }: { line: number; what: string }) => `Line ${line}: ${what}`,
        wrong: ({ lines, more }: { lines: string; more: number }) =>
          `Nothing was added. ${lines}${more > 0 ? ` And ${more} more.` : ''}`,
        quote:
          'a quotation mark is not closed here, or something stands behind the closing one. Double it within quotes.',
        encoding:
          'it has a character that cannot be read: save the file as UTF-8, or the passwords in it would be wrong.',
        heading: ({ columns }: { columns: string }) =>
          `the first line has to name the columns, each once, with commas between them: of ${columns}, at least name and user_name.`,
        count: ({ most }: { most: number }) => `A file has 1 to ${most} accounts. Split a longer one.`,
        rights: ({ most }: { most: number }) => `A file gives ${most} rights at most: name groups, or split it.`,
        fields: ({ there, expected }: { there: number; expected: number }) =>
          `it has ${there} fields, and the first line ${expected}. Put a field with a comma in quotation marks.`,
        column: ({ column, why }: { column: string; why: string }) => `${column}: ${why}.`,
        settings: 'this connector needs settings: leave it out here, and choose the connector afterwards.',
        twin: ({ name }: { name: string }) =>
          `user_name: the account ${name} is the same login already. Leave the line out, and give people a right to that one.`,
        twinLine: ({ line }: { line: number }) => `user_name: line ${line} is the same login. Leave one of them out.`,
        nobody: ({ column, place }: { column: string; place: number }) =>
          `${column}: name ${place} is no address of a person and no name of a group. Correct it, or leave it out.`,
        switched_off: ({ column, place }: { column: string; place: number }) =>
          `${column}: name ${place} is somebody who is switched off. Switch them on first, or leave them out.`,
        several_groups: ({ column, place }: { column: string; place: number }) =>
          `${column}: name ${place} is the name of several groups. Leave it out, and give the right afterwards.`,
      },
      administers: ({ others }: { others: number }) =>
        `This account changes the passwords of ${others === 1 ? 'another one' : `${others} others`}: give ${others === 1 ? 'that' : 'those'} another administrator first.`,
      twin: ({ name }: { name: string | null }) =>
        `${name === null ? 'Another account, which you may not see,' : `The account ${name}`} is the same login already: each would set a password that the other calls wrong. ${name === null ? 'Ask an administrator for a right to it.' : 'Give people a right to that one.'}`,
      administratorShared: ({ name }: { name: string | null }) =>
        `This administrator is the shared account ${name ?? 'that you may not see'}, whose password changes: name that account instead, by its id (accountId). An owner or a super admin may.`,
      administratorItself:
        'This administrator is the account itself, whose password changes: leave the administrator out, and it changes its own.',
      removedInChange:
        'A new password is on its way to the system of this account, and would be lost with it. Wait until the account has it; where the system does not answer, the account can be removed then.',
      noKey: 'The organisation has no key of shared accounts: no password was ever given, or it is erased already.',
      noRight: 'The account has no such right.',
      noPerson: 'Your organisation has no such person.',
      noGroup: 'Your organisation has no such group.',
      switchedOff: 'This person is switched off: switch them on first, and then give the right.',
      noConnector: 'is no connector that is known here',
      wrongSettings: ({ of }: { of: string }) => `The settings do not fit the connector: ${of}.`,
      administratorAgain:
        'Give the administrator’s user name and password again: they are for the account and the place that they were given for.',
      wrongRules: ({ of }: { of: string }) => `Such a password cannot be made: ${of}.`,
      passwordAgain:
        'Give the password that signs in there: the kept ones are for the place and the user name that they were kept for, and are not sent elsewhere. Whoever manages the account still reads them.',
      passwordElsewhere:
        'A password is given here only where the account is led elsewhere. To say which one signs in now, use what gives the account its password.',
      noAdministrator: 'There is no account of this id that could be the administrator.',
      administratorByRole:
        'Another account may be named as the administrator, and led elsewhere with this one, by an owner or a super admin alone: its passwords go to where this account is, the later ones too. Ask one of them, or give another administrator.',
      circle: 'These accounts would change each other’s passwords: if both were lost, nobody could set either.',
      rotating: 'The account is just getting a new password. Wait until it has it.',
      toConfirm: 'Its password waits to be changed by hand: confirm that, with the new password.',
    },

    noMail: 'This deployment sends no e-mail: its operator has not set SMTP_URL and MAIL_FROM.',
    deliveryUnderWay: 'This delivery is still under way.',
    itsWebhookOff: 'Its webhook is switched off; switch it on first.',
    wrongAppSettings: ({ of }: { of: string }) => `The settings of the app do not fit: ${of}.`,
    appPageAddress: 'must be https (or http on localhost), without a fragment and without a password',
    appFrameElsewhere: 'must be at the origin of one of redirectUris',
    appNeedsKeys: 'is needed for private_key_jwt: the address of the app’s public keys',
    appNeedsCredential:
      'This app is shown a credential: give it. Where the address has changed, it has to be given again.',
    appTakesNoCredential: 'This app is shown no credential.',
    appWithoutSecret: 'This app shows no client secret: it proves itself by a key of its own, or not at all.',
    appOfUnknownGroup: 'The organisation has no such group.',
    pollNeedsCredential: 'Give the bearer token, or the client secret: it is for the address that it was given for.',
    appOfUnknownConnection: 'The organisation has no such connection.',
    appForOwners: 'Your role changes no app that signs people in; an owner may.',
    peopleCsvLines: ({ most }: { most: number }) => `A list has 1 to ${most} lines.`,
    peopleCsvLine: ({ line }: { line: number }) => `Line ${line} is not a person and an id, with a comma between them.`,
    forwardNotDead:
      'Only what could not be delivered, or was left out as an echo or for want of a name or an address there, can be sent again.',
    forwardForgotten:
      'What the person is called at the app is no longer kept for this one, so it cannot be sent again. A new sign-out of the person is passed on anew.',
    forwardNameless: 'The app still has no name for this person: give one first, at the app’s page.',
    forwardOvertaken: 'A later sign-out of this person has taken its place.',
    itsAppOff: 'Its app is disabled; enable it first.',
    webhookOff: 'This webhook is switched off; switch it on first.',

    notDomain: ({ domain }: { domain: string }) => `"${domain}" is not a domain such as example.com.`,
    domainTaken: ({ domain }: { domain: string }) =>
      `${domain} is verified for another organisation. A verified domain belongs to one organisation only.`,
    domainGone: ({ domain }: { domain: string }) => `Somebody removed ${domain} at the same moment. Try again.`,
    recordChanged: ({ domain }: { domain: string }) =>
      `The record that ${domain} is to publish has changed meanwhile. Look at it again.`,
    noRecord: ({ name }: { name: string }) =>
      `The DNS has no TXT record at ${name} yet. Publish the one that is expected; a change may take hours to be seen everywhere.`,
    otherRecords: ({ name }: { name: string }) =>
      `The TXT records at ${name} are others than the one that is expected.`,
    silentDns: ({ name, code }: { name: string; code: string }) =>
      `The DNS did not answer for ${name} (${code}). Try again later.`,
    connectionOff: ({ id }: { id: string }) =>
      `The connection ${id} is switched off. Switch it on first, or choose another one.`,

    longerIdle: ({ idle, absolute }: { idle: string; absolute: string }) =>
      `${idle} must not be greater than ${absolute}.`,

    connectionChanged: ({ id }: { id: string }) =>
      `Somebody else changed the connection ${id} at the same moment. Look at it, and try again.`,
    twinConnection: ({ id }: { id: string }) =>
      `The active connection ${id} of this organisation has the same client id and an issuer in common. Change that one, or switch it off first.`,
    keptLinks: ({ count, issuer }: { count: number; issuer: string }) =>
      `${count === 1 ? '1 person is' : `${count} people are`} linked to this connection at ${issuer} and could no longer sign in. If the new issuer knows them by the same subjects, say so (sameSubjects, --same-subjects); for another identity provider, add a connection, or let this one forget their subjects first (forgotten-subjects, \`connection forget-subjects\`).`,
    secretMissing: ({ members }: { members: string }) =>
      `Send the connection's "clientSecret" as well, in the same request: ${members} would be another, and the secret that is kept would be used there.`,
    otherSecret: ({ members }: { members: string }) =>
      `Send the connection's "clientSecret" as well, in the same request: the one that was sent is not the one that is kept, and ${members} would be another. A new secret goes in a request of its own.`,
    issuerForm: ({ member, from }: { member: string; from: string }) =>
      `${member} is not usable: an issuer has no query and no fragment (OpenID Connect Discovery, section 3). Leave out everything from "${from}" on, if the identity provider spells its issuer so.`,
    unusable: ({ member, why }: { member: string; why: string }) => `${member} is not usable: ${why}.`,

    /** What is wrong with an identity provider's metadata. */
    metadata: {
      ofTheirAddress: ({ file, issuer }: { file: string; issuer: string }) =>
        `The issuer is the address of the metadata without ${file}: give ${issuer}, if the IdP spells it so.`,
      /** Before each of the following. */
      at: ({ address, what }: { address: string; what: string }) => `The issuer's metadata at ${address} ${what}`,
      otherIssuer: ({ issuer, how }: { issuer: string; how: string }) => `names another issuer: ${issuer}${how}.`,
      manyTenants:
        ', which stands for those of many tenants. Give the address of your own tenant, with its id in the place of the braces',
      differs: ({ how }: { how: string }) => `. It differs from yours ${how}: use it exactly as it stands here`,
      differsElsewhere: '. If that is your identity provider, use it exactly as it stands here',
      bySlash: 'only by the slash at its end',
      byCase: 'only by capital and small letters',
      byScheme: 'only by http and https',
      byVersion: 'only by /v2.0 at its end',
      byPath: 'in its path',
      noCodeFlow: 'does not offer the authorization code flow (response type "code").',
      status: ({ status }: { status: number }) =>
        `answers with status ${status} instead of 200. Is the issuer spelled as the IdP's console shows it, with its path?`,
      unreadable: ({ reason, why, advice }: { reason: string; why: string; advice: string }) =>
        `cannot be read (${reason}: ${why})${advice}`,
      isThere: '. Is the IdP there, and may this machine call it?',
      privateAddress: '. The operator allows an IdP with a private address by PRIVATE_IDP_HOSTS.',
      leadsOn: '. Give the issuer at the address that it leads to.',
      noJson: 'does not answer with JSON, so it is hardly an issuer of OpenID Connect.',
      lacks: ({ members }: { members: string }) => `lacks or misspells: ${members}.`,
      wholeDocument: 'the document',
      unusable: ({ name, why }: { name: string; why: string }) => `has an unusable ${name}: ${why}.`,
      noClientAuthentication: 'offers neither client_secret_basic nor client_secret_post at its token endpoint.',
    },
  },
};
