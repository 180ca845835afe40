import type { consoleTrial as english } from '../../en/console/trial.ts';

export const consoleTrial: typeof english = {
  trial: {
    title: 'Eine Anmeldung ausprobieren',
    text: ({ name }: { name: string }) =>
      `Eine Anmeldung über ${name}, die niemanden anmeldet. Sie gehen zum Identitätsanbieter, melden sich dort als irgendjemand an und kommen zu einem Bericht über jeden Schritt zurück.`,
    keeps:
      'Ihre eigene Sitzung bleibt, wie sie ist. Niemand wird hinzugefügt oder geändert, und die Verbindung gilt dadurch nicht als nachgewiesen.',
    off: 'Die Verbindung ist abgeschaltet: Ausprobieren lässt sie sich trotzdem.',
    register: 'Bevor Sie gehen',
    registerText:
      'Zeigt der Identitätsanbieter eine eigene Fehlerseite und führt nicht hierher zurück, ist diese Umleitungs-URI dort nicht buchstabengetreu eingetragen:',
    redirectUri: 'Umleitungs-URI',
    go: 'Beim Identitätsanbieter anmelden',
    goAnew: 'Dasselbe, wie nach einer Abmeldung',
    goAnewText:
      'Der zweite Weg bittet den Identitätsanbieter um eine neue Authentifizierung (prompt=login), wie es nach einer Abmeldung geschieht. Wenn Sie dort kein Passwort eingeben müssen, kämen auch Abgemeldete ohne Passwort zurück.',

    reportTitle: 'Was der Test ergab',
    result: {
      good: 'Jeder Schritt ist gut: Diese Anmeldung wäre gelungen.',
      doubtful: 'Diese Anmeldung wäre weitergegangen, aber etwas sollten Sie sich ansehen.',
      bad: 'Diese Anmeldung wäre abgewiesen worden.',
    },
    nothingDone: 'Niemand wurde dadurch angemeldet, und nichts wurde geändert.',
    wasOff: 'Die Verbindung ist abgeschaltet: Bis sie an ist, werden echte Anmeldungen abgewiesen.',
    wasAnew: 'Verlangt wurde eine neue Authentifizierung, wie nach einer Abmeldung.',
    outcomes: { good: 'Gut', doubtful: 'Ansehen', bad: 'Schlecht', not_reached: 'Nicht erreicht' },
    steps: {
      discovery: 'Die Metadaten des Ausstellers',
      request: 'Die gesendete Anfrage',
      answer: 'Die Antwort',
      tokens: 'Der Token-Endpunkt',
      id_token: 'Das ID-Token',
      address: 'Die Adresse',
      person: 'Wer es wäre',
      freshness: 'Ob die Anmeldung neu ist',
    },
    again: 'Noch einmal versuchen',
    toConnection: 'Zur Verbindung',
    reload: 'Der Bericht wird nirgends aufbewahrt: Er ist fort, wenn Sie diese Seite verlassen.',
    discoverySame: 'Der Aussteller veröffentlicht genau die Endpunkte dieser Verbindung.',
    wouldProve:
      'Die Verbindung ist noch nicht nachgewiesen, und ein Test genügt nicht: Die erste echte Anmeldung weist sie nach.',
    discoveryDiffers:
      'Anmeldungen benutzen die Endpunkte hier, nicht diese. Solange sie verschieden sind, weist keine Anmeldung die Verbindung nach.',
    discoveryFailed: 'Anmeldungen gehen auch ohne sie, aber keine weist die Verbindung nach.',
    sentTo: 'Gesendet an',
    parameter: 'Parameter',
    value: 'Wert',
    randomParts: 'Dazu kommen state, nonce und die PKCE-Aufgabe; sie sind zufällig.',
    answered: 'Sie kam mit einem Code, durch den Browser, der geschickt wurde.',
    exchanged: 'Der Code wurde gegen ein ID-Token getauscht.',
    endpoint: 'Endpunkt',
    secretSent: 'Das Geheimnis stand',
    claim: 'Angabe',
    hidden: 'Vorhanden, hier nicht gezeigt',
    moreClaims: 'Die übrigen Angaben',
    allParameters: 'Was gesendet wurde',
    verified: 'Signatur, Aussteller, Empfänger, Zeiten und nonce stimmen.',
    authTimeMissing: 'auth_time fehlt.',
    addressClaim: 'Angabe',
    address: 'Adresse',
    noAddress: 'Es kam keine',
    vouched: 'Der Identitätsanbieter bürgt dafür',
    source: 'Aus',
    sources: { id_token: 'dem ID-Token', user_info: 'Userinfo', none: 'weder dem ID-Token noch Userinfo' },
    userInfoFailed: 'Userinfo war nicht zu haben. Wer schon bekannt ist, wird dadurch nicht ausgesperrt.',
    known: 'Die Person ist hier an ihrer Kennung bekannt und würde angemeldet als:',
    toLink: 'Das Konto beim Identitätsanbieter würde über die Adresse mit dieser Person verknüpft:',
    toCreate: 'Niemand hier hat diese Adresse: Eine Person würde angelegt.',
    person: 'Person',
    wouldGetRole: 'Rolle durch die Angabe',
    freshEnough: 'Die Anmeldung gilt.',
    sinceAuthentication: 'Ausgewiesen vor dem Token',
    seconds: ({ n }: { n: string }) => `${n} s`,
    notTold: 'Nicht genannt',
    staleAsked:
      'Der Zugang der Person wurde einmal beendet, und seither hat sie sich nicht neu ausgewiesen. Eine echte Anmeldung würde sie dafür noch einmal zum Identitätsanbieter schicken.',
    couldNotReturn:
      'auth_time fehlt, deshalb könnte diese Person nach einer Abmeldung nicht zurückkommen. Schalten Sie in den Einstellungen „Nach auth_time fragen“ ein, oder wählen Sie dort „Gefragt zu haben genügt“; oder lassen Sie den Identitätsanbieter auth_time senden.',
    said: 'Er sagte',
    saidByBrowser:
      'Das kam durch den Browser: Wer ihn in der Hand hat, kann es geschrieben haben. Folgen Sie keinem Link darin.',
    detail: 'Einzelheit',
    todo: 'Was zu tun ist',
    mend: {
      settings: 'Einstellungen ändern',
      client: 'Client oder Endpunkte ändern',
      domains: 'Domains',
      people: 'Personen',
    },

    /** Was zu tun ist, je nachdem, was misslang. */
    advice: {
      issuer_mixed_up: ({ named }: { named: string }) =>
        `Die Antwort nennt einen anderen Aussteller${named && `: ${named}`}. Das kam durch den Browser, also kann es jeder geschrieben haben. Nur wenn das ein anderer Name desselben Identitätsanbieters ist, tragen Sie ihn bei den weiteren Ausstellern ein.`,
      cancelled:
        'Sie haben dort abgebrochen, oder der Identitätsanbieter lässt dieses Konto die Anwendung nicht benutzen: Weisen Sie es der Anwendung zu.',
      idp_error:
        'Der Identitätsanbieter hat die Anmeldung abgewiesen. Was er sagte, steht hier; mehr sagt sein eigenes Log.',
      idp_unreachable: ({ endpoint }: { endpoint: string }) =>
        `Von ${endpoint} kam binnen 8 Sekunden keine vollständige Antwort. Stimmt die Adresse, und ist der Identitätsanbieter da? Eine private Adresse muss der Betreiber erlauben.`,
      idp_garbage:
        'Geantwortet hat etwas anderes als der Endpunkt. Vergleichen Sie die Endpunkte mit dem, was der Aussteller veröffentlicht, und suchen Sie nach einem Proxy oder einer Wartungsseite.',
      code_refused: ({ redirectUri }: { redirectUri: string }) =>
        `Der Code wurde schon benutzt oder ist zu alt, oder er gehört zu einer anderen Umleitungs-URI. Tragen Sie diese dort buchstabengetreu ein: ${redirectUri}`,
      client_refused: ({ otherWay }: { otherWay: string }) =>
        `Die Client-ID oder das Geheimnis ist falsch oder abgelaufen: Geben Sie das Geheimnis neu ein. Oder der Identitätsanbieter will es auf andere Art: Versuchen Sie ${otherWay} in den Einstellungen, zuerst dann, wenn das Geheimnis mehr als Buchstaben, Ziffern, „-“ und „_“ enthält.`,
      not_allowed:
        'Die Client-ID oder das Geheimnis ist falsch, oder die Anwendung dort darf den Grant Type „authorization code“ nicht benutzen.',
      id_token_invalid: 'Das ID-Token stimmt nicht: Welcher Teil, sagt die Einzelheit.',
      user_info_invalid:
        'Userinfo nennt eine andere Person als das ID-Token oder ist kein JSON. Lassen Sie den Identitätsanbieter die Adresse in das ID-Token schreiben, dann wird Userinfo nicht gefragt.',
      user_info:
        'Userinfo lässt sich nicht lesen. Lassen Sie den Identitätsanbieter die Adresse in das ID-Token schreiben, dann wird es nicht gefragt.',
      email_missing: ({ claim }: { claim: string }) =>
        `Weder das ID-Token noch Userinfo hatte die Angabe „${claim}“. Lassen Sie sie senden, oder wählen Sie in den Einstellungen eine andere: Der Bericht zeigt, welche kamen.`,
      email_unusable:
        'Die Adresse kann niemandem gehören, oder sie hat Buchstaben, die nur die Verbindung ihrer eigenen bestätigten Domain hereinbringen darf.',
      email_unverified:
        'Der Identitätsanbieter sagt nicht, dass die Adresse bestätigt ist. Bestätigen Sie sie dort, oder bestätigen Sie hier ihre Domain, und machen Sie diese Verbindung für sie maßgeblich.',
      connection_not_authoritative:
        'Für die Domain dieser Adresse, oder für diese Person, spricht eine andere Verbindung. Machen Sie diese für die Domain maßgeblich, oder verknüpfen Sie das Konto mit der Person.',
      identity_mismatch:
        'Die Adresse gehört einer Person, die der Identitätsanbieter unter einer anderen Kennung kennt. Lösen Sie das alte Konto auf der Seite der Person; ist es jemand anderes, ändern Sie deren Adresse.',
      user_unknown:
        'Die Organisation nimmt Personen selbst auf. Fügen Sie die Person hinzu, oder lassen Sie erste Anmeldungen Personen anlegen (Einstellungen).',
      user_inactive: 'Die Person ist hier gesperrt. Auf ihrer Seite können Sie sie entsperren.',
      not_fresh:
        'Der Identitätsanbieter ließ die Person wieder herein, ohne noch einmal nach dem Passwort zu fragen. Er muss prompt=login oder max_age befolgen und den Zeitpunkt als auth_time nennen.',
      auth_time_missing:
        'Der Identitätsanbieter sagt nicht, wann sich die Person ausgewiesen hat. Schalten Sie in den Einstellungen „Nach auth_time fragen“ ein, oder wählen Sie dort „Gefragt zu haben genügt“; oder lassen Sie ihn die Angabe senden.',
      overtaken:
        'Die Sitzung beim Identitätsanbieter ist vorbei, oder der Zugang wurde inzwischen beendet. Melden Sie sich dort ab und neu an.',
      pkce: 'Entweder lehnt der Identitätsanbieter PKCE ab (schalten Sie es in den Einstellungen ab), oder er verlangt es und bekam keins (schalten Sie es ein).',
      redirect_uri: ({ redirectUri }: { redirectUri: string }) =>
        `Tragen Sie diese Umleitungs-URI beim Identitätsanbieter ein, genau wie sie hier steht: ${redirectUri}`,
      consent: 'Lassen Sie dort für alle zustimmen (Entra ID: Administratorzustimmung erteilen).',
      prompting:
        'Der Identitätsanbieter nimmt nicht an, worum eine Anmeldung nach einer Abmeldung bittet (prompt=login, max_age), oder konnte die Person nicht neu ausweisen.',
      scopes: 'Erlauben Sie der Anwendung dort die Scopes openid, email und profile.',
      web_application: 'Die Anwendung dort muss eine Web-Anwendung mit dem Grant Type „authorization code“ sein.',
      their_fault:
        'Der Identitätsanbieter hat selbst einen Fehler: Sehen Sie in sein Log und auf seine Statusseite, und versuchen Sie es noch einmal.',
      no_id_token:
        'Die Antwort hat kein ID-Token: Die Anwendung dort muss eine für OpenID Connect sein, mit dem Scope openid.',
      clock: ({ seconds }: { seconds: string }) =>
        `Das Token ist zu alt oder aus der Zukunft: Die Uhr des Identitätsanbieters geht ${seconds} s vor (unter 0: nach). Lassen Sie beide NTP folgen; 60 s werden hingenommen.`,
      other_issuer: ({ named }: { named: string }) =>
        `Das Token nennt den Aussteller ${named}. Ist das ein anderer Name desselben Identitätsanbieters, tragen Sie ihn bei den weiteren Ausstellern ein.`,
      other_audience: ({ named, clientId }: { named: string; clientId: string }) =>
        `Das Token ist für ${named}; die Client-ID hier ist ${clientId}.`,
      session_over:
        'Die Sitzung beim Identitätsanbieter war schon vorbei, als er das ID-Token sandte (session_expiry). Beginnen Sie dort eine neue.',
      nonce: 'Das ID-Token wurde nicht für diese Anmeldung gemacht: Der Identitätsanbieter muss die nonce weitergeben.',
      keys: 'Der Schlüssel des Tokens ist nicht unter denen, die der Identitätsanbieter veröffentlicht. Sehen Sie sich Endpunkte und Schlüssel der Verbindung an.',
      algorithm:
        'Der Identitätsanbieter signiert mit einem Verfahren, das nicht angenommen wird (HS256, none). Wählen Sie dort RS256.',
    },

    over: {
      title: 'Der Bericht ist nicht für hier',
      text: 'Den Bericht eines Tests sieht nur, wer ihn begonnen hat, in derselben Sitzung und mit denselben Rechten. Diese Sitzung ist vorbei oder eine andere. Niemand wurde angemeldet. Melden Sie sich an, und versuchen Sie es noch einmal.',
    },
  },
};
