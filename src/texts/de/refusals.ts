import type { refusalTexts as english } from '../en/refusals.ts';

export const refusalTexts: typeof english = {
  refusals: {
    org_unknown: {
      title: 'Organisation nicht gefunden',
      text: 'Dieser Anmeldelink nennt eine Organisation, die es hier nicht gibt. Prüfen Sie den Link, oder melden Sie sich mit Ihrer geschäftlichen E-Mail-Adresse an.',
    },
    connection_unknown: {
      title: 'Die Anmeldung ist nicht eingerichtet',
      text: 'Diese Organisation hat hier keinen solchen Identitätsanbieter, oder er ist abgeschaltet. Fragen Sie Ihre Administratoren nach dem aktuellen Anmeldelink.',
    },
    request_malformed: {
      title: 'Diese Anmeldung war nicht lesbar',
      text: 'Der Link, oder die Antwort Ihres Identitätsanbieters, ist unvollständig oder wurde unterwegs verändert. Bitte beginnen Sie von vorn.',
    },
    state_missing: {
      title: 'Diese Anmeldung wurde nicht hier begonnen',
      text: 'Sie gehört zu einem anderen Browser, ist schon abgeschlossen, hat länger als zehn Minuten gedauert, oder Cookies sind gesperrt. Bitte beginnen Sie in diesem Browser von vorn.',
    },
    state_expired: {
      title: 'Diese Anmeldung hat zu lange gedauert',
      text: 'Eine Anmeldung muss nach zehn Minuten abgeschlossen sein. Bitte beginnen Sie von vorn.',
    },
    state_foreign: {
      title: 'Diese Anmeldung gehört zu einer anderen Organisation',
      text: 'Die Antwort kam bei einer anderen Organisation an als der, für die die Anmeldung begonnen wurde; deshalb wurde sie angehalten. Bitte beginnen Sie von vorn.',
    },
    state_spent: {
      title: 'Diese Anmeldung wurde schon benutzt',
      text: 'Jede Anmeldung zählt einmal. Wenn Sie angemeldet sind, machen Sie einfach weiter; sonst beginnen Sie bitte von vorn.',
    },
    issuer_mixed_up: {
      title: 'Die Antwort kam von der falschen Stelle',
      text: 'Die Anmeldung wurde von einem anderen Identitätsanbieter beantwortet als dem, an den sie ging; deshalb wurde sie angehalten. Bitte beginnen Sie von vorn.',
    },
    cancelled: {
      title: 'Anmeldung abgebrochen oder nicht erlaubt',
      text: 'Sie haben die Anmeldung abgebrochen, oder Ihr Identitätsanbieter lässt Sie diese Anwendung nicht benutzen. Sie können es noch einmal versuchen; wenn Sie nicht abgebrochen haben, bitten Sie Ihre Administratoren, sie Ihnen dort zuzuweisen.',
    },
    idp_error: {
      title: 'Ihr Identitätsanbieter meldet einen Fehler',
      text: 'Er hat die Anmeldung nicht abgeschlossen. Bitte versuchen Sie es noch einmal; geschieht es wieder, geben Sie Ihren Administratoren die Kennung unten.',
    },
    idp_unreachable: {
      title: 'Ihr Identitätsanbieter antwortet nicht',
      text: 'Er war nicht rechtzeitig zu erreichen. Bitte versuchen Sie es gleich noch einmal.',
    },
    idp_garbage: {
      title: 'Ihr Identitätsanbieter hat unbrauchbar geantwortet',
      text: 'Seine Antwort war nicht zu verstehen, deshalb wurde niemand angemeldet. Bitte versuchen Sie es noch einmal; geschieht es wieder, geben Sie Ihren Administratoren die Kennung unten.',
    },
    code_refused: {
      title: 'Ihr Identitätsanbieter hat diese Anmeldung nicht angenommen',
      text: 'Vielleicht wurde sie schon benutzt oder hat zu lange gedauert. Bitte beginnen Sie von vorn; geschieht es wieder, geben Sie Ihren Administratoren die Kennung unten.',
    },
    client_refused: {
      title: 'Ihr Identitätsanbieter nimmt diese Anwendung nicht an',
      text: 'Er hat abgewiesen, wie sich diese Anwendung bei ihm ausweist. Bitte geben Sie Ihren Administratoren die Kennung unten.',
    },
    id_token_invalid: {
      title: 'Der Nachweis, wer Sie sind, hat nicht gehalten',
      text: 'Was Ihr Identitätsanbieter geschickt hat, ließ sich nicht bestätigen, deshalb wurde niemand angemeldet. Bitte versuchen Sie es noch einmal; geschieht es wieder, geben Sie Ihren Administratoren die Kennung unten.',
    },
    user_info_invalid: {
      title: 'Ihr Identitätsanbieter widerspricht sich',
      text: 'Zwei seiner Antworten nennen verschiedene Personen, oder eine war nicht zu verstehen; deshalb wurde niemand angemeldet. Bitte geben Sie Ihren Administratoren die Kennung unten.',
    },
    email_missing: {
      title: 'Ihre E-Mail-Adresse fehlt',
      text: 'Ihr Identitätsanbieter hat Ihre E-Mail-Adresse nicht geschickt. Sie wird bei der ersten Anmeldung gebraucht. Ihre Administratoren können sie dort freigeben.',
    },
    email_unusable: {
      title: 'Ihre E-Mail-Adresse ist nicht verwendbar',
      text: 'Die E-Mail-Adresse, die Ihr Identitätsanbieter geschickt hat, ist nicht zulässig, oder sie enthält Buchstaben, für die nur der Identitätsanbieter ihrer Domain bürgen darf. Ihre Administratoren können sie dort berichtigen.',
    },
    email_unverified: {
      title: 'Ihre E-Mail-Adresse ist nicht bestätigt',
      text: 'Ihr Identitätsanbieter bürgt nicht für Ihre E-Mail-Adresse. Sie wird bei der ersten Anmeldung gebraucht. Bestätigen Sie sie dort, oder fragen Sie Ihre Administratoren.',
    },
    connection_not_authoritative: {
      title: 'Diese Anmeldung kann nicht für Ihre Adresse sprechen',
      text: 'Der Identitätsanbieter, von dem Sie kommen, darf in Ihrer Organisation nicht entscheiden, wem Ihre E-Mail-Adresse gehört; deshalb wurde niemand angemeldet. Melden Sie sich so an wie sonst.',
      ask: 'Soll dies Ihr Weg sein, bitten Sie Ihre Administratoren, dieses Konto hier mit Ihrer Person zu verknüpfen oder seine Verbindung für die Domain Ihrer Adresse maßgeblich zu machen.',
    },
    identity_mismatch: {
      title: 'Ihre Adresse gehört zu einem anderen Konto',
      text: 'Ihre E-Mail-Adresse wird hier schon mit einem anderen Konto Ihres Identitätsanbieters benutzt, deshalb wurde dieses nicht eingelassen. Das kommt vor, wenn Ihr Konto dort neu angelegt wurde, wenn diese Anwendung dort neu registriert wurde, oder wenn jemand vor Ihnen Ihre Adresse hatte.',
      ask: 'Bitten Sie Ihre Administratoren, das alte Konto von der Person mit Ihrer Adresse zu lösen; kommt niemand mehr hinein, dann bei allen. Sind Sie nicht diese Person, so bitten Sie, deren Adresse zu ändern.',
    },
    user_unknown: {
      title: 'Sie haben hier noch kein Konto',
      text: 'Ihre Organisation nimmt Personen selbst auf. Bitten Sie Ihre Administratoren darum, und melden Sie sich dann wieder an.',
    },
    user_inactive: {
      title: 'Ihr Konto ist gesperrt',
      text: 'Ihre Organisation hat Ihr Konto hier gesperrt. Ihre Administratoren können es entsperren.',
    },
    not_fresh: {
      title: 'Bitte melden Sie sich neu an',
      text: 'Diese Anmeldung muss eine neue sein, und Ihr Identitätsanbieter hat nicht noch einmal nach Ihrem Passwort gefragt. Melden Sie sich zuerst dort ab, dann hier wieder an.',
    },
    auth_time_missing: {
      title: 'Es ist nicht zu erkennen, wann Sie sich angemeldet haben',
      text: 'Diese Anmeldung muss eine neue sein, und Ihr Identitätsanbieter sagt nicht, wann Sie zuletzt Ihr Passwort eingegeben haben, oder sagt es so, dass es nicht stimmen kann; deshalb wurde niemand angemeldet. Es noch einmal zu versuchen, hilft nicht.',
      ask: 'Wenden Sie sich an Ihre Administratoren: Ihr Identitätsanbieter muss die Angabe auth_time senden (in Sekunden seit 1970), oder seine Verbindung muss hier auf „Gefragt zu haben genügt“ stehen (best_effort). Das betrifft alle, die sich über ihn anmelden.',
    },
    overtaken: {
      title: 'Ihr Zugang hat sich inzwischen geändert',
      text: 'Während Sie sich angemeldet haben, hat Ihre Organisation Ihren Zugang geändert. Bitte melden Sie sich noch einmal an.',
    },
    unavailable: {
      title: 'Vorübergehend nicht verfügbar',
      text: 'Etwas, das für die Anmeldung gebraucht wird, antwortet im Moment nicht. Es ist nichts geschehen; bitte versuchen Sie es in einigen Sekunden noch einmal.',
    },
    internal: {
      title: 'Etwas ist schiefgegangen',
      text: 'Bei uns ist etwas schiefgegangen und wurde festgehalten. Bitte versuchen Sie es noch einmal; geschieht es wieder, geben Sie Ihren Administratoren die Kennung unten.',
    },
  },

  afterRefusal: {
    anotherAddress: 'Mit einer anderen Adresse anmelden',
    tryAgain: 'Noch einmal versuchen',
    goOnAs: ({ email }) => `Weiter als ${email}`,
  },
};
