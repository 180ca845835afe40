import type { consoleProvisioning as english } from '../../en/console/provisioning.ts';

export const consoleProvisioning: typeof english = {
  provisioning: {
    title: 'Bereitstellung',
    text: 'Ihr Identitätsanbieter legt Personen und Gruppen selbst an und ändert sie, und er sperrt Personen (SCIM 2.0). Wen Sie dort sperren, dessen ganzer Zugang endet hier im selben Augenblick.',
    identifier: 'Eindeutige Kennung',
    base: 'Basis-URL (Mandanten-URL)',
    keys: 'Schlüssel dafür',
    keysNone: 'Es gibt noch keinen Schlüssel. Ein Inhaber legt einen an, mit dem der Identitätsanbieter aufruft.',
    lately: 'Letzte Aufrufe',
    did: 'Was sie bewirkten',
    didNone:
      'Noch nichts, soweit das Protokoll reicht. Wen Ihr Identitätsanbieter anlegt, ändert oder sperrt, steht hier, sobald er aufruft.',
    allRefused: 'Die neuesten Aufrufe im Protokoll wurden alle abgewiesen; warum, steht unten.',
    onRecord: 'Alles davon im Protokoll',
    calls: 'Zuletzt abgewiesen',
    callsNone: 'Soweit das Protokoll reicht, wurde kein Aufruf abgewiesen.',
    when: 'Wann',
    call: 'Aufruf',
    about: 'Wen betrifft es',
    why: 'Warum',
    enter: 'Was der Identitätsanbieter braucht',
    vendors: {
      okta: {
        steps: [
          'Der Reiter General der Anwendung, App Settings: Provisioning SCIM.',
          'Der Reiter Provisioning, Integration: die Basis-URL als SCIM connector base URL. Unique identifier field: userName.',
          'Authentication mode: HTTP Header, mit dem Schlüssel.',
          'Push New Users, Push Profile Updates und Push Groups ankreuzen. Dann To App: Create, Update und Deactivate Users.',
        ],
      },
      entra: {
        steps: [
          'Unternehmensanwendungen, Ihre Anwendung, Bereitstellung, Automatisch.',
          'Die Mandanten-URL ist die Basis-URL; das geheime Token ist der Schlüssel. Verbindung testen.',
          'Zuordnungen: userName ist der Benutzerprinzipalname, emails[type eq "work"].value die E-Mail-Adresse.',
          'Benutzer und Gruppen: Weisen Sie sie zu. Starten Sie dann die Bereitstellung.',
        ],
      },
      other: {
        steps: [
          'SCIM 2.0 mit der Basis-URL.',
          'Authentifizierung durch die HTTP-Kopfzeile Authorization: Bearer, mit dem Schlüssel.',
          'Die eindeutige Kennung ist userName.',
        ],
      },
    },
  },
};
