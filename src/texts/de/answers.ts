import type { answerTexts as english } from '../en/answers.ts';

export const answerTexts: typeof english = {
  answers: {
    forms: {
      missing: 'fehlt',
      long: ({ most }) => `mehr als ${most} Zeichen`,
      short: ({ least }) => `weniger als ${least} Zeichen`,
      many: ({ most }) => `mehr als ${most}`,
      great: ({ most }) => `größer als ${most}`,
      small: ({ least }) => `kleiner als ${least}`,
      unknown: 'hier nicht bekannt',
      choice: ({ choices }) => `muss eines von ${choices} sein`,
      form: 'nicht in der richtigen Form',
    },

    settings: {
      host: 'muss der Name oder die Adresse eines Hosts sein, ohne Schema und ohne Port',
      certificates: 'müssen Zertifikate in PEM sein, die mit -----BEGIN CERTIFICATE----- anfangen',
      plainAddress: 'muss eine Adresse ohne Abfrage (?…) sein',
      address: 'muss eine Adresse sein',
      https: 'muss https sein, außer die Verschlüsselung ist aus: Dann liest jedes Passwort, wer das Netz mitliest',
      withUser: 'muss {{user}} enthalten',
      placeholder: 'hat einen Platzhalter, den es nicht gibt: Die Liste steht in docs/accounts.md',
      fixedHost: 'muss eine Adresse sein, ohne Veränderliches im Host und ohne Leerzeichen',
      noDots: 'darf . oder .. nicht als Teil des Pfades haben',
      noSecret:
        'darf keinen anderen Platzhalter haben als {{user}} und {{admin}}: Geheimes gehört in einen Header oder den Inhalt',
      headerName: 'muss der Name eines Headers sein',
      headerLine: 'muss eine Zeile ASCII sein',
      headers: 'dürfen höchstens 20 Header sein',
      transport:
        'darf diese nicht nennen: host, content-length, transfer-encoding, connection, upgrade, expect, keep-alive, te',
      json: 'muss JSON sein, mit jedem Platzhalter in einer Zeichenkette',
      form: 'muss ein Formular sein: user={{user}}&password={{new}}',
      tried:
        'muss {{new}} oder {{basic_new}} in einem Header oder im Inhalt haben: Das ist das Passwort, das geprüft wird',
      apart: 'muss accepted und refused durch einen Status oder einen Text unterscheiden',
      new: 'muss {{new}} in einem Header oder im Inhalt haben: Sonst wird das Passwort nicht geändert',
      characters: 'lässt weniger als zehn Zeichen übrig, oder keines einer Art: Lassen Sie weniger weg',
      storable: 'darf kein NUL enthalten, das sich nicht speichern lässt: Entfernen Sie es',
    },

    unstorable: 'Die Anfrage enthält ein Zeichen, das sich nicht speichern lässt, etwa NUL.',
    unavailable:
      'Etwas, wovon dieser Dienst abhängt, antwortet nicht; versuchen Sie es in einigen Sekunden noch einmal.',
    internal: 'Bei uns ist etwas schiefgegangen; es ist unter der Kennung der Anfrage protokolliert.',
    brokenAddress: 'Die Adresse enthält eine fehlerhafte Prozent-Kodierung.',
    large: 'Was gesendet wurde, ist für diese Adresse zu groß.',
    unreadable: 'Was gesendet wurde, ließ sich nicht lesen; senden Sie es vollständig und in UTF-8.',

    email: {
      form: 'Eine E-Mail-Adresse hat die Form Name@Domain.',
      quoted: 'Eine Adresse, deren Teil vor dem @ in Anführungszeichen steht („…“@Domain), wird nicht angenommen.',
      invisible:
        'Die Adresse enthält ein Leerzeichen, ein Steuerzeichen oder ein anderes Zeichen, das man nicht sieht.',
      lookAlike:
        'Die Adresse enthält ein Zeichen, das für ein einfaches steht, etwa einen Buchstaben in voller Breite, eine Ligatur oder ein i mit einem zweiten Punkt: Schreiben Sie das einfache.',
      character: "Der Teil vor dem @ enthält andere Zeichen als Buchstaben, Ziffern und .!#$%&'*+/=?^_`{|}~-",
      scripts:
        'Der Teil vor dem @ mischt Schriften, etwa lateinische und kyrillische Buchstaben, oder seine Schrift wird heute nicht mehr benutzt.',
      domain: 'Was hinter dem @ steht, ist kein Domain-Name.',
      removed: 'Die Domain der Adresse steht für Personen, die entfernt wurden.',
      length: 'Die Adresse ist länger als 254 Bytes.',
    },

    calls: {
      notUrl: 'keine URL',
      insecure: ({ host }) => `${host} muss mit https aufgerufen werden, ohne einen Benutzer in der URL`,
      notPublic: ({ host }) => `${host} hat eine Adresse, die nicht öffentlich ist`,
      redirect: ({ status }) => `antwortet mit einer Weiterleitung (${status})`,
      large: ({ most }) => `die Antwort ist größer als ${most} Bytes`,
      late: 'keine vollständige Antwort in der erlaubten Zeit',
      broken: 'die Verbindung kam nicht zustande',
    },
    wrongUrl: ({ why }) => `Diese URL geht nicht: ${why}.`,

    notAddress: ({ email, why }) => `„${email}“ wird nicht als E-Mail-Adresse angenommen. ${why}`,
    sameAddress: ({ name }) => `Das ist schon die Adresse von ${name}.`,
    addressTaken: ({ email, bearer }) =>
      `Die Adresse ${email} gehört schon ${bearer}. Geben Sie dieser Person zuerst eine andere.`,
    subjectTaken: ({ bearer }) => `Dieses Konto (sub) gehört schon ${bearer}. Lösen Sie es dort zuerst.`,
    bearer: ({ name, email, id }) => `${name} (${email}, ${id})`,
    international:
      'Eine Adresse mit Zeichen außerhalb von ASCII kann aussehen wie eine andere. In einer Domain, für die kein Identitätsanbieter der Organisation spricht, vergeben sie nur die Bereitstellung oder der Betreiber.',
    linkedAlready: ({ name, identity }) =>
      `${name} ist mit diesem Identitätsanbieter schon verknüpft, durch die Identität ${identity}. Lösen Sie diese zuerst.`,
    provisionedName: 'Wie diese Person heißt, sagt die Bereitstellung: Ändern Sie es in Ihrem Verzeichnis.',

    noMember: 'Sie gehören nicht mehr zu den aktiven Mitgliedern Ihrer Organisation.',
    aboveYou:
      'Ihre Rolle ändert niemanden, der über ihr steht, und vergibt keine Rolle, die über ihr steht, auch nicht an Sie selbst.',
    provisioningKey:
      'Mit Ihrer Rolle können Sie keinen Schlüssel zur Bereitstellung anlegen oder beenden; Inhaber können es.',
    lastOwner:
      'Das ist der letzte aktive Inhaber der Organisation, und er bleibt es. Machen Sie zuerst jemand anderen zum Inhaber.',
    ownAccessEnded: 'Ihr eigener Zugang ist inzwischen beendet; es wurde nichts getan.',
    largeGroup: ({ most }) => `Die Gruppe hat mehr als ${most} Mitglieder. Melden Sie sie in mehreren Listen ab.`,

    limits: {
      connections: ({ there, most }) =>
        `Die Organisation hat ${there} Identitätsanbieter und darf höchstens ${most} haben.`,
      domains: ({ there, most }) => `Die Organisation hat ${there} Domains und darf höchstens ${most} haben.`,
      apiKeys: ({ there, most }) =>
        `Die Organisation hat ${there} gültige API-Schlüssel und darf höchstens ${most} haben.`,
      webhooks: ({ most }) => `Eine Organisation hat höchstens ${most} Webhooks; entfernen Sie zuerst einen.`,
      apps: ({ most }) => `Eine Organisation hat höchstens ${most} Apps; entfernen Sie zuerst eine.`,
      accounts: ({ most }) => `Eine Organisation hat höchstens ${most} gemeinsame Konten; entfernen Sie zuerst einige.`,
      accountRights: ({ most }) =>
        `Ein Konto hat höchstens ${most} Rechte: Geben Sie einer Gruppe ein Recht, oder nehmen Sie zuerst einige weg.`,
      accountVersions: ({ most }) =>
        `Für dieses Konto wurden ${most} Passwörter eingegeben, und von keinem späteren ist bekannt, dass man sich damit anmelden kann. Lassen Sie es prüfen oder ändern: Sobald die Anmeldung mit einem gelungen ist, entfallen alte.`,
    },

    accounts: {
      none: 'Dieses Konto gibt es nicht, oder Sie haben keinen Zugang dazu: Wer es verwaltet, kann ihn geben.',
      noRotation: 'Das Konto hat keinen solchen Passwortwechsel.',
      notManual: 'Diesen Passwortwechsel muss niemand von Hand ausführen: Er geht von selbst weiter.',
      noCandidate: 'Dafür wurde kein Passwort erzeugt: Senden Sie das, das Sie dort eingegeben haben.',
      noVersion: 'Das Konto hat keine solche Version.',
      manyReveals: ({ most }) =>
        `Sie haben in einer Minute ${most} Passwörter gelesen. Warten Sie, bevor Sie das nächste lesen.`,
      wrongJustNow:
        'Gerade wurde ein Passwort dieses Kontos probiert, und es war falsch. Systeme sperren Konten nach einigen: Warten Sie eine Minute, bevor Sie es wieder probieren.',
      administratorJustNow:
        'Das Passwort des Verwaltungskontos zu diesem Konto wurde gerade probiert und war falsch, oder es wird gerade probiert. Systeme sperren Verwaltungskonten nach einigen: Warten Sie, bevor Sie es wieder probieren.',
      noPassword:
        'Für dieses Konto ist kein Passwort hinterlegt: Geben Sie das an, mit dem man sich anmeldet, oder lassen Sie es ändern.',
      currentOnly: 'Sie dürfen das aktuelle Passwort lesen. Frühere sind für die, die das Konto verwalten.',
      csv: {
        line: ({ line, what }) => `Zeile ${line}: ${what}`,
        wrong: ({ lines, more }) => `Es wurde nichts angelegt. ${lines}${more > 0 ? ` Und ${more} weitere.` : ''}`,
        quote:
          'Ein Anführungszeichen wird hier nicht geschlossen, oder hinter dem schließenden steht noch etwas. Verdoppeln Sie es innerhalb von Anführungszeichen.',
        encoding:
          'Ein Zeichen lässt sich nicht lesen. Speichern Sie die Datei als UTF-8, sonst wären die Passwörter darin falsch.',
        heading: ({ columns }) =>
          `Die erste Zeile muss die Spalten nennen, jede einmal, mit Kommas dazwischen: aus ${columns}, mindestens name und user_name.`,
        count: ({ most }) => `Eine Datei hat 1 bis ${most} Konten. Teilen Sie eine längere.`,
        rights: ({ most }) =>
          `Eine Datei gibt höchstens ${most} Rechte: Nennen Sie Gruppen, oder teilen Sie die Datei.`,
        fields: ({ there, expected }) =>
          `Sie hat ${there} Felder, die erste Zeile ${expected}. Setzen Sie ein Feld mit einem Komma in Anführungszeichen.`,
        column: ({ column, why }) => `Spalte ${column}: ${why}.`,
        settings: 'Dieser Anschluss braucht Einstellungen: Lassen Sie ihn hier weg, und wählen Sie ihn danach.',
        twin: ({ name }) =>
          `user_name: Das Konto ${name} ist schon dieselbe Anmeldung. Lassen Sie die Zeile weg, und geben Sie Zugang zu jenem.`,
        twinLine: ({ line }) => `user_name: Zeile ${line} ist dieselbe Anmeldung. Lassen Sie eine davon weg.`,
        nobody: ({ column, place }) =>
          `${column}: Name ${place} ist weder die Adresse einer Person noch der Name einer Gruppe. Berichtigen Sie ihn, oder lassen Sie ihn weg.`,
        switched_off: ({ column, place }) =>
          `${column}: Name ${place} ist eine gesperrte Person. Entsperren Sie sie zuerst, oder lassen Sie sie weg.`,
        several_groups: ({ column, place }) =>
          `${column}: Name ${place} haben mehrere Gruppen. Lassen Sie ihn weg, und geben Sie das Recht danach.`,
      },
      administers: ({ others }) =>
        `Dieses Konto ändert die Passwörter ${others === 1 ? 'eines anderen' : `von ${others} anderen`}: Geben Sie ${others === 1 ? 'diesem' : 'diesen'} zuerst ein anderes Verwaltungskonto.`,
      twin: ({ name }) =>
        `${name === null ? 'Ein anderes Konto, das Sie nicht sehen dürfen,' : `Das Konto ${name}`} ist schon dieselbe Anmeldung: Jedes würde ein Passwort setzen, das beim anderen als falsch gilt. ${name === null ? 'Bitten Sie die Administration um Zugang.' : 'Geben Sie den Personen Zugang zu jenem.'}`,
      administratorShared: ({ name }) =>
        `Dieses Verwaltungskonto ist ${name === null ? 'ein Konto, das Sie nicht sehen dürfen und' : `das Konto ${name},`} dessen Passwort hier geändert wird: Nennen Sie stattdessen jenes Konto, mit seiner Id (accountId). Wer Inhaber oder Hauptadministrator ist, darf das.`,
      administratorItself:
        'Dieses Verwaltungskonto ist das Konto selbst, dessen Passwort sich ändert: Lassen Sie es weg, dann ändert das Konto sein eigenes.',
      removedInChange:
        'Ein neues Passwort ist gerade unterwegs zum System dieses Kontos und ginge mit ihm verloren. Warten Sie, bis das Konto es hat. Antwortet das System nicht, lässt sich das Konto dann entfernen.',
      noKey:
        'Die Organisation hat keinen Schlüssel für gemeinsame Konten: Es wurde nie ein Passwort hinterlegt, oder er ist schon gelöscht.',
      noRight: 'Das Konto hat kein solches Recht.',
      noPerson: 'Ihre Organisation hat keine solche Person.',
      noGroup: 'Ihre Organisation hat keine solche Gruppe.',
      switchedOff: 'Diese Person ist gesperrt: Entsperren Sie sie zuerst, und geben Sie dann das Recht.',
      noConnector: 'ist kein Anschluss, der hier bekannt ist',
      wrongSettings: ({ of }) => `Die Einstellungen passen nicht zum Anschluss: ${of}.`,
      administratorAgain:
        'Geben Sie Benutzernamen und Passwort des Verwaltungskontos noch einmal an: Sie gelten für das Konto und den Ort, für die sie angegeben wurden.',
      wrongRules: ({ of }) => `So lässt sich kein Passwort bilden: ${of}.`,
      passwordAgain:
        'Geben Sie das Passwort an, das dort gilt: Die aufbewahrten sind für den Ort und den Benutzernamen, für die sie aufbewahrt wurden, und werden nicht anderswohin gesendet. Wer das Konto verwaltet, liest sie weiterhin.',
      passwordElsewhere:
        'Ein Passwort wird hier nur angegeben, wenn das Konto an einen anderen Ort führt. Welches jetzt gilt, sagen Sie dort, wo dem Konto sein Passwort gegeben wird.',
      noAdministrator: 'Es gibt kein Konto mit dieser ID, das das Verwaltungskonto sein könnte.',
      administratorByRole:
        'Ein anderes Konto als Verwaltungskonto nennen, und es mit diesem an einen anderen Ort führen, darf nur ein Inhaber oder Hauptadministrator: Seine Passwörter gehen dorthin, wo dieses Konto ist, auch die späteren. Bitten Sie darum, oder geben Sie ein anderes Verwaltungskonto an.',
      circle:
        'Diese Konten würden gegenseitig ihre Passwörter ändern: Gingen beide verloren, könnte niemand eines davon setzen.',
      rotating: 'Das Konto bekommt gerade ein neues Passwort. Warten Sie, bis es eines hat.',
      toConfirm: 'Sein Passwort ist von Hand zu ändern: Bestätigen Sie das, mit dem neuen Passwort.',
    },

    noMail: 'Hier werden keine E-Mails verschickt: Der Betreiber hat SMTP_URL und MAIL_FROM nicht gesetzt.',
    deliveryUnderWay: 'Diese Zustellung ist noch unterwegs.',
    itsWebhookOff: 'Ihr Webhook ist abgeschaltet; schalten Sie ihn zuerst ein.',
    wrongAppSettings: ({ of }) => `Die Einstellungen der App passen nicht: ${of}.`,
    appPageAddress: 'muss https sein (oder http auf localhost), ohne Fragment und ohne Passwort',
    appFrameElsewhere: 'muss an derselben Adresse (Origin) liegen wie eine der redirectUris',
    appNeedsKeys: 'wird für private_key_jwt gebraucht: die Adresse der öffentlichen Schlüssel der App',
    appNeedsCredential:
      'Dieser App wird ein Schlüssel vorgezeigt: Geben Sie ihn an. Hat sich die Adresse geändert, muss er noch einmal angegeben werden.',
    appTakesNoCredential: 'Dieser App wird kein Schlüssel vorgezeigt.',
    appWithoutSecret:
      'Diese App zeigt kein Geheimnis vor: Sie weist sich mit einem eigenen Schlüssel aus oder gar nicht.',
    appOfUnknownGroup: 'Die Organisation hat keine solche Gruppe.',
    pollNeedsCredential:
      'Geben Sie das Bearer-Token oder das Client-Secret an: Es gilt für die Adresse, für die es angegeben wurde.',
    appOfUnknownConnection: 'Die Organisation hat keine solche Verbindung.',
    appForOwners: 'Mit Ihrer Rolle ändern Sie keine App, bei der sich Personen anmelden; Inhaber können es.',
    peopleCsvLines: ({ most }) => `Eine Liste hat 1 bis ${most} Zeilen.`,
    peopleCsvLine: ({ line }) => `Zeile ${line} ist keine Person und Kennung mit einem Komma dazwischen.`,
    forwardNotDead:
      'Nur was nicht zugestellt werden konnte oder als Echo oder mangels eines Namens oder einer Adresse dort ausgelassen wurde, kann noch einmal gesendet werden.',
    forwardForgotten:
      'Wie die Person bei der App heißt, ist hierfür nicht mehr aufbewahrt; darum kann es nicht noch einmal gesendet werden. Eine neue Abmeldung der Person wird neu weitergegeben.',
    forwardNameless:
      'Die App hat für diese Person noch immer keinen Namen: geben Sie zuerst einen an, auf der Seite der App.',
    forwardOvertaken: 'Eine spätere Abmeldung dieser Person ist an ihre Stelle getreten.',
    itsAppOff: 'Ihre App ist abgeschaltet; schalten Sie sie zuerst ein.',
    webhookOff: 'Dieser Webhook ist abgeschaltet; schalten Sie ihn zuerst ein.',

    notDomain: ({ domain }) => `„${domain}“ ist keine Domain wie example.com.`,
    domainTaken: ({ domain }) =>
      `${domain} ist für eine andere Organisation bestätigt. Eine bestätigte Domain gehört nur einer Organisation.`,
    domainGone: ({ domain }) => `Jemand hat ${domain} im selben Augenblick entfernt. Versuchen Sie es noch einmal.`,
    recordChanged: ({ domain }) =>
      `Der Eintrag, den ${domain} veröffentlichen soll, hat sich inzwischen geändert. Sehen Sie ihn sich noch einmal an.`,
    noRecord: ({ name }) =>
      `Im DNS gibt es unter ${name} noch keinen TXT-Eintrag. Veröffentlichen Sie den erwarteten; es kann Stunden dauern, bis eine Änderung überall zu sehen ist.`,
    otherRecords: ({ name }) => `Die TXT-Einträge unter ${name} sind andere als der erwartete.`,
    silentDns: ({ name, code }) =>
      `Das DNS hat für ${name} nicht geantwortet (${code}). Versuchen Sie es später noch einmal.`,
    connectionOff: ({ id }) =>
      `Der Identitätsanbieter ${id} ist abgeschaltet. Schalten Sie ihn zuerst ein, oder wählen Sie einen anderen.`,

    longerIdle: ({ idle, absolute }) => `${idle} darf nicht größer sein als ${absolute}.`,

    connectionChanged: ({ id }) =>
      `Jemand anderes hat den Identitätsanbieter ${id} im selben Augenblick geändert. Sehen Sie ihn sich an, und versuchen Sie es noch einmal.`,
    twinConnection: ({ id }) =>
      `Der eingeschaltete Identitätsanbieter ${id} dieser Organisation hat dieselbe Client-ID und einen Aussteller mit diesem gemeinsam. Ändern Sie jenen, oder schalten Sie ihn zuerst ab.`,
    keptLinks: ({ count, issuer }) =>
      `${count === 1 ? 'Eine Person ist mit ihrem Konto' : `${count} Personen sind mit ihren Konten`} bei ${issuer} hier verknüpft und ${count === 1 ? 'könnte' : 'könnten'} sich nicht mehr anmelden. Kennt der neue Aussteller sie unter denselben Konten, so kreuzen Sie das an; für einen anderen Anbieter fügen Sie einen Identitätsanbieter hinzu, oder lassen Sie diesen zuerst die Konten vergessen.`,
    secretMissing: ({ members }) =>
      `Geben Sie auch das Client-Geheimnis ein: es würde sich etwas ändern (${members}), und das gespeicherte Geheimnis würde dort verwendet.`,
    otherSecret: ({ members }) =>
      `Geben Sie das Client-Geheimnis ein, das gespeichert ist: Das eingegebene ist ein anderes, und es würde sich etwas ändern (${members}). Ein neues Geheimnis speichern Sie für sich allein.`,
    issuerForm: ({ member, from }) =>
      `So nicht zu verwenden (${member}): Ein Aussteller hat weder Abfrage noch Fragment (OpenID Connect Discovery, Abschnitt 3). Lassen Sie alles ab „${from}“ weg, wenn der Identitätsanbieter seinen Aussteller so schreibt.`,
    unusable: ({ member, why }) => `So nicht zu verwenden (${member}): ${why}.`,

    metadata: {
      ofTheirAddress: ({ file, issuer }) =>
        `Der Aussteller ist die Adresse der Metadaten ohne ${file}: Geben Sie ${issuer} ein, wenn der Identitätsanbieter ihn so schreibt.`,
      at: ({ address, what }) => `Die Metadaten des Ausstellers unter ${address} ${what}`,
      otherIssuer: ({ issuer, how }) => `nennen einen anderen Aussteller: ${issuer}${how}.`,
      manyTenants:
        '; das steht für die Aussteller vieler Mandanten. Geben Sie die Adresse Ihres eigenen Mandanten ein, mit seiner Kennung an der Stelle der Klammern',
      differs: ({ how }) => `. Er unterscheidet sich von Ihrem ${how}: Verwenden Sie ihn genau so, wie er hier steht`,
      differsElsewhere: '. Ist das Ihr Identitätsanbieter, so verwenden Sie ihn genau so, wie er hier steht',
      bySlash: 'nur durch den Schrägstrich am Ende',
      byCase: 'nur durch Groß- und Kleinbuchstaben',
      byScheme: 'nur durch http und https',
      byVersion: 'nur durch /v2.0 am Ende',
      byPath: 'im Pfad',
      noCodeFlow: 'bieten den Authorization Code Flow (response type „code“) nicht an.',
      status: ({ status }) =>
        `kommen mit dem Status ${status} statt 200. Ist der Aussteller so geschrieben, wie die Konsole des Identitätsanbieters ihn zeigt, mit seinem Pfad?`,
      unreadable: ({ reason, why, advice }) => `lassen sich nicht lesen (${reason}: ${why})${advice}`,
      isThere: '. Ist der Identitätsanbieter erreichbar, und darf dieser Rechner ihn aufrufen?',
      privateAddress:
        '. Einen Identitätsanbieter mit einer privaten Adresse erlaubt der Betreiber durch PRIVATE_IDP_HOSTS.',
      leadsOn: '. Geben Sie den Aussteller unter der Adresse ein, zu der sie führt.',
      noJson: 'sind kein JSON; das ist also kaum ein Aussteller von OpenID Connect.',
      lacks: ({ members }) => `enthalten nicht oder nicht richtig geschrieben: ${members}.`,
      wholeDocument: 'das Ganze',
      unusable: ({ name, why }) => `enthalten einen unbrauchbaren Wert ${name}: ${why}.`,
      noClientAuthentication: 'bieten am Token-Endpunkt weder client_secret_basic noch client_secret_post an.',
    },
  },
};
