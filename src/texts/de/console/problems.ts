import type { consoleProblems as english } from '../../en/console/problems.ts';

export const consoleProblems: typeof english = {
  problems: {
    title: 'Das hat nicht geklappt',
    titles: {
      forbidden: 'Das ist Ihnen nicht erlaubt',
      not_found: 'Hier ist nichts',
      not_signed_in: 'Sie sind abgemeldet',
      unavailable: 'Im Augenblick nicht verfügbar',
      too_many_requests: 'Zu viel auf einmal',
    },
    typed: 'Was Sie eingegeben hatten',
    typedText: 'Kopieren Sie, was Sie brauchen, und sehen Sie nach, bevor Sie es noch einmal senden.',
    signInAgain: 'Wieder anmelden',
    details: 'Einzelheiten (englisch):',

    unknownButton: 'Diesen Knopf gibt es hier nicht. Laden Sie die Seite neu.',
    signedOutMeanwhile:
      'Ihre Sitzung ist inzwischen beendet, und es wurde nichts geändert. Melden Sie sich wieder an, um weiterzumachen.',
    brokenForm: 'Das Formular ist beschädigt. Laden Sie die Seite neu.',
    noPage: 'Unter dieser Adresse gibt es keine Seite.',

    codes: {
      forbidden: 'Ihre Rolle erlaubt das nicht.',
      not_found: 'Das gibt es hier nicht oder nicht mehr.',
      conflict: 'Das verträgt sich nicht mit dem, was schon da ist.',
      confirmation_required:
        'Das muss bestätigt werden. Sehen Sie sich an, was es jetzt bewirkt, und drücken Sie den Knopf dann noch einmal.',
      too_many_requests:
        'Das war zu viel auf einmal. Warten Sie einen Augenblick, und versuchen Sie es dann noch einmal.',
      unavailable:
        'Etwas, wovon dieser Dienst abhängt, antwortet nicht. Versuchen Sie es in einigen Sekunden noch einmal.',
      content_too_large: 'Was gesendet wurde, ist zu groß.',
      reauthentication_required: 'Dafür müssen Sie sich gerade erst angemeldet haben.',
      internal_error: 'Bei uns ist etwas schiefgegangen. Es ist protokolliert.',
      invalid_request: 'Etwas an dem, was gesendet wurde, stimmt nicht.',
    },
    mayOwners: 'Das dürfen Inhaber.',
    mayOwnersAndSuperAdmins: 'Das dürfen Inhaber und Hauptadministratoren.',
    mayAdministrators: 'Das dürfen Inhaber, Hauptadministratoren und Administratoren.',
    wrongFields: ({ fields }) => `Etwas stimmt noch nicht. ${fields}.`,
    wrongField: ({ field, why }) => `${field}: ${why}`,

    fields: {
      name: 'Name',
      displayName: 'Name',
      email: 'E-Mail-Adresse',
      subject: 'Konto (sub)',
      connection: 'Identitätsanbieter',
      reason: 'Grund',
      note: 'Notiz',
      url: 'Adresse (URL)',
      kinds: 'Was gemeldet wird',
      domain: 'Domain',
      role: 'Rolle',
      colour: 'Farbe',
      helpText: 'Hilfe',
      scopes: 'Rechte',
      issuer: 'Aussteller',
      clientId: 'Client-ID',
      clientSecret: 'Client-Geheimnis',
      names: 'Namen',
      users: 'Personen',
      org: 'Organisation',
    },
  },
};
