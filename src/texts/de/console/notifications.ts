import type { consoleNotifications as english } from '../../en/console/notifications.ts';
import { count } from './count.ts';

/** Mitteilungen, E-Mails, Webhooks und was nicht zugestellt wurde. */
export const consoleNotifications: typeof english = {
  notifications: {
    title: 'Mitteilungen',
    views: 'Mitteilungen und ihre Wege',
    mail: 'Per E-Mail',
    webhooks: 'Webhooks',
    undelivered: 'Nicht zugestellt',

    filter: 'Welche',
    all: 'Alle',
    onlyUnread: 'Ungelesen',
    list: 'Mitteilungen, die neueste zuerst',
    unread: 'Ungelesen',
    none: 'Noch ist nichts geschehen. Wird jemandes Zugang beendet, ein Aufrufer abgewiesen oder eine Rolle geändert, so steht es hier.',
    noneUnread: 'Sie haben alles gelesen.',
    showAll: 'Alle zeigen',
    markRead: 'Alle als gelesen markieren',
    unreadNow: (n: number) => count(n, { one: 'ungelesene Mitteilung', other: 'ungelesene Mitteilungen' }),
    unreadMany: ({ n }: { n: string }) => `${n} oder mehr ungelesene Mitteilungen`,
    since: ({ first }: { first: string }) => `seit ${first}`,

    links: {
      event: 'Im Protokoll',
      refusedCalls: 'Abgewiesene Aufrufe',
      connection: 'Identitätsanbieter',
      account: 'Das Konto',
      undelivered: 'Nicht zugestellt',
      app: 'Die App',
      provisioning: 'Bereitstellung',
      apiKeys: 'API-Schlüssel',
    },

    kinds: {
      revocation: 'Zugang beendet',
      refused_calls: 'Abgewiesene Aufrufe',
      refused_sign_in: 'Abgewiesene Anmeldung',
      contested_address: 'Umstrittene Adresse',
      refused_provisioning: 'Abgewiesene Bereitstellung',
      api_key: 'API-Schlüssel',
      role_change: 'Rolle',
      identity_change: 'Wer ist wer',
      connection: 'Identitätsanbieter',
      shared_account: 'Gemeinsames Konto',
      dead_letter: 'Nicht zugestellt',
      account_password: 'Neues Passwort',
      account_task: 'Passwort von Hand zu ändern',
      test: 'Test',
    },
    kindHints: {
      revocation: 'Der Zugang einer Person wurde beendet, oder der von allen.',
      refused_calls: 'Ein Aufrufer wird immer wieder abgewiesen, oder was er sendet, beendet niemandes Zugang.',
      refused_sign_in: 'Eine Anmeldung wurde abgewiesen, und die Verwaltung kann das in Ordnung bringen.',
      contested_address: 'Eine Adresse meint zwei Personen.',
      refused_provisioning: 'Der Identitätsanbieter konnte jemanden nicht anlegen, ändern oder entfernen.',
      api_key: 'Ein API-Schlüssel wurde angelegt.',
      role_change: 'Jemand hat eine andere Rolle bekommen.',
      identity_change: 'Eine Person wurde verknüpft, gelöst, gelöscht oder bekam eine andere Adresse.',
      connection:
        'Ein Identitätsanbieter arbeitet zwar, lässt aber niemanden wieder herein, der einmal abgemeldet wurde.',
      shared_account:
        'Das Passwort eines gemeinsamen Kontos braucht jemandes Hand, oder jemand hat sich selbst ein Recht an einem Konto gegeben.',
      dead_letter:
        'Eine Nachricht an einen Webhook, eine E-Mail oder eine Abmeldung für eine App konnte nicht zugestellt werden.',
    },
  },

  mailSettings: {
    title: 'Was Sie per E-Mail bekommen',
    text: ({ email }: { email: string }) =>
      `Was Sie hier auswählen, geht auch an ${email}. Die Auswahl gilt nur für Sie: Alle, die verwalten, treffen ihre eigene. In der Liste hier steht immer alles.`,
    kinds: 'Auch per E-Mail',
    unavailable:
      'Von hier gehen keine E-Mails aus, denn das ist nicht eingerichtet. Wer diese Anwendung betreibt, setzt dafür SMTP_URL und MAIL_FROM. Bis dahin lesen Sie Mitteilungen hier, oder ein eigener Empfänger bekommt sie über einen Webhook.',
  },

  webhooks: {
    title: 'Webhooks',
    text: 'Ein Webhook ist eine Adresse von Ihnen, die sofort als signierte Nachricht bekommt, was hier geschieht.',
    list: 'Webhooks',
    none: 'Es gibt noch keinen Webhook. Fügen Sie einen hinzu, dann erfährt ein Empfänger von Ihnen alles, was Sie auswählen.',
    receiver: 'Empfänger',
    gets: 'Bekommt',
    state: 'Zustand',
    added: 'Hinzugefügt',
    on: 'An',
    paused: 'Angehalten',
    twoSecrets: 'Zwei Geheimnisse',

    add: 'Webhook hinzufügen',
    url: 'Adresse (URL)',
    urlHint: 'Sie beginnt mit https:// und ist aus dem Internet zu erreichen: keine private Adresse.',
    kinds: 'Was er bekommt',
    chooseKinds: 'Wählen Sie für den Webhook mindestens eine Art von Nachricht aus.',
    wrongUrl: ({ why }: { why: string }) => `An diese Adresse kann nichts gesendet werden: ${why}.`,

    oneTitle: 'Ein Webhook',
    facts: 'Wie er steht',
    address: 'Adresse',
    changed: 'Zuletzt geändert',
    oldSecret: 'Das vorige Geheimnis',
    oldSecretUntil: ({ until }: { until: string }) => `gilt bis ${until}: So lange hat jede Nachricht zwei Signaturen.`,
    test: 'Test senden',
    pause: 'Anhalten',
    resume: 'Einschalten',
    remove: 'Entfernen',
    pausedText:
      'Er ist angehalten: Nichts wird an ihn gesendet, und was auf ihn wartete, geht später nicht von selbst hinaus. Schalten Sie ihn ein, und senden Sie dann noch einmal, was Sie brauchen.',

    sent: 'Was an ihn ging',
    nothingSent: 'An ihn ging noch nichts. Senden Sie einen Test, um zu sehen, ob er bei Ihrem Empfänger ankommt.',
    message: 'Nachricht',
    result: 'Zustand',
    tries: 'Versuche',
    when: 'Entstanden',

    change: 'Einstellungen',

    secret: 'Geheimnis',
    secretText:
      'Mit dem Geheimnis prüft Ihr Empfänger, ob eine Nachricht von hier kommt. Es wird nur einmal gezeigt, wenn es entsteht. Erzeugen Sie ein neues, wenn Sie es verloren haben oder jemand es gesehen hat: Das vorige gilt noch 24 Stunden, damit Sie es bei Ihrem Empfänger tauschen können, ohne dass eine Nachricht verloren geht.',
    rotate: 'Neues Geheimnis erzeugen',

    secretTitle: 'Das Geheimnis des Webhooks',
    addedHeading: 'Der Webhook ist hinzugefügt',
    rotatedHeading: 'Das neue Geheimnis',
    onlyNow:
      'Kopieren Sie das Geheimnis jetzt dorthin, wo Ihr Empfänger seine Geheimnisse aufbewahrt. Es wird nicht noch einmal gezeigt, und niemand hier kann es lesen.',
    oldCounts: 'Das vorige Geheimnis gilt noch 24 Stunden. So lange hat jede Nachricht zwei Signaturen.',
    verify: 'So prüft Ihr Empfänger eine Nachricht',
    verifyText:
      'Nachrichten sind nach Standard Webhooks signiert. Dafür gibt es in den meisten Sprachen eine Bibliothek. In JavaScript mit dem Paket standardwebhooks:',
    codeComment: 'Wirft bei falscher Signatur oder alter Nachricht.',
    verifyMore:
      'Nehmen Sie den Inhalt so, wie er kam, nicht wie er gelesen wurde. Antworten Sie innerhalb von 8 Sekunden mit 2xx. Übergehen Sie eine webhook-id, die Sie schon hatten: Eine Nachricht kann zweimal kommen.',
    done: 'Ich habe es kopiert',

    removeTitle: 'Webhook entfernen',
    removeAsk: ({ receiver }: { receiver: string }) => `Den Webhook zu ${receiver} entfernen?`,
    removeText:
      'Nichts wird mehr an ihn gesendet, was auf ihn wartet, wird verworfen, und die Liste dessen, was an ihn ging, verschwindet mit ihm. Das lässt sich nicht rückgängig machen. Soll er nur eine Weile ruhen, halten Sie ihn an.',
    removeButton: 'Webhook entfernen',
  },

  deliveries: {
    title: 'Eine Nachricht',
    heading: ({ kinds }: { kinds: string }) => `Nachricht: ${kinds}`,
    facts: 'Wie sie steht',
    state: 'Zustand',
    to: 'An',
    byMailTo: 'eine Person der Verwaltung, per E-Mail',
    toWebhook: 'einen Webhook',
    id: 'Kennung der Nachricht',
    made: 'Entstanden',
    finished: 'Abgeschlossen',
    lookAgain: 'Noch einmal nachsehen',
    statuses: {
      pending: 'Unterwegs',
      delivered: 'Zugestellt',
      dead: 'Nicht zugestellt',
      cancelled: 'Verworfen',
    },
    attempts: 'Versuche',
    noAttempts: 'Sie wurde noch nicht versucht. Das dauert in der Regel ein paar Sekunden.',
    attempt: 'Versuch',
    at: 'Wann',
    answer: 'Antwort',
    took: 'Dauer',
    milliseconds: ({ n }: { n: string }) => `${n} ms`,
    status: ({ status }: { status: number }) => `Status ${status}`,
    noAnswer: 'Keine Antwort',
    again: 'Noch einmal senden',
    againText: 'Dieselbe Nachricht geht noch einmal hinaus, unter derselben Kennung.',
    againLabel: ({ message }: { message: string }) => `Noch einmal senden: ${message}`,
    errors: {
      authentication: 'der Mailserver hat den Namen oder das Passwort abgewiesen',
      gone: 'der Empfänger hat mit 410 geantwortet: Er will nichts mehr',
      insecure: 'die Adresse muss mit https aufgerufen werden',
      network: 'keine Verbindung',
      no_receiver: 'die Person verwaltet nichts mehr oder will keine solche E-Mail',
      no_smtp: 'von hier gehen keine E-Mails mehr aus',
      nothing_to_tell: 'es gab nichts mehr mitzuteilen',
      redirect: 'der Empfänger hat weitergeleitet; dem wird nicht gefolgt',
      refused: 'der Empfänger hat sie abgewiesen',
      refused_address: 'die Adresse ist nicht öffentlich',
      timeout: 'keine Antwort in der Zeit',
      tls: 'keine sichere Verbindung zum Mailserver',
      too_large: 'die Antwort war zu groß',
      webhook_off: 'der Webhook war angehalten',
    },

    deadTitle: 'Nicht zugestellt',
    deadText:
      'Nachrichten, die trotz Versuchen über einen Tag nicht ankamen oder die ihr Empfänger endgültig abgewiesen hat. Bringen Sie erst den Empfänger in Ordnung, und senden Sie sie dann noch einmal.',
    deadList: 'Nachrichten, die nicht zugestellt wurden',
    noDead:
      'Alles ist angekommen. Was einen Tag lang nicht zugestellt werden kann, steht hier und kann noch einmal gesendet werden.',
    allAgain: 'Alle noch einmal senden',
    failed: 'Warum',
  },
};
