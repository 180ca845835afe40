import type { consoleSettings as english } from '../../en/console/settings.ts';

const ownersAndSuperAdmins = 'Das ändern Inhaber und Hauptadministratoren.';

/** Was die Einstellungen gemeinsam haben, und ihre erste Seite. */
export const consoleSettings: typeof english = {
  settings: {
    title: 'Einstellungen',
    security: 'Sitzungen und Sicherheit',
    identityProvider: 'Identitätsanbieter',
    organisation: 'Organisation',
    programs: 'Programme',
    cards: {
      authentication: {
        title: 'Anmeldung',
        text: 'Abmelden überall, Dauer der Sitzungen, wer von außen abmelden darf, was Sicherheitsereignisse bewirken, Aufbewahrung des Protokolls.',
      },
      connections: {
        title: 'Verbindungen',
        text: 'Die Identitätsanbieter, über die sich Personen anmelden, und was dort einzutragen ist.',
      },
      domains: { title: 'Domains', text: 'Die E-Mail-Domains, über die Personen ihre Anmeldung finden.' },
      provisioning: { title: 'Bereitstellung', text: 'Okta oder Entra ID pflegt Personen und Gruppen hier, per SCIM.' },
      apiKeys: {
        title: 'API-Schlüssel',
        text: 'Schlüssel für Skripte und Abläufe, die Zugang beenden, und für die Bereitstellung.',
      },
      webhooks: { title: 'Webhooks', text: 'Ihre eigenen Empfänger erfahren, was hier geschieht.' },
      administrators: { title: 'Administratoren', text: 'Wer verwaltet, und was jede Rolle darf.' },
      organisation: {
        title: 'Name und Aussehen',
        text: 'Der Name, das Logo und die Farbe Ihrer Anmeldeseiten, und an wen man sich wendet.',
      },
    },
    globalLogout: { on: 'Abmelden überall ist eingeschaltet', off: 'Abmelden überall ist ausgeschaltet' },
    ownersAndSuperAdmins,
    saved: 'Gespeichert.',
    back: 'Zurück',
  },
};
