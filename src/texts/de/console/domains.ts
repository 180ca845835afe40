import type { consoleDomains as english } from '../../en/console/domains.ts';

export const consoleDomains: typeof english = {
  domains: {
    title: 'Domains',
    list: 'E-Mail-Domains',
    domain: 'Domain',
    state: 'Zustand',
    verified: 'Bestätigt',
    unverified: 'Noch nicht bestätigt',
    since: 'Bestätigt',
    authoritative: 'Maßgeblich',
    nobody: 'Keine: Es gilt das Wort jeder Verbindung',
    none: 'An der Domain ihrer Adresse finden Personen ihre Anmeldung, und eine Verbindung spricht für die Adressen darin. Noch gibt es keine: Fügen Sie Ihre hinzu, und veröffentlichen Sie dann einen Eintrag in ihrem DNS.',
    add: 'Domain hinzufügen',
    addHint: 'Zum Beispiel acme.example. Sie bekommen einen Eintrag für ihr DNS.',
    addButton: 'Hinzufügen',
    record: 'Diesen Eintrag veröffentlichen',
    recordText:
      'Tragen Sie ihn dort ein, wo das DNS der Domain verwaltet wird. Bis eine Änderung überall zu sehen ist, können Stunden vergehen.',
    part: 'Teil',
    value: 'Einzutragen',
    recordName: 'Name',
    recordType: 'Art',
    recordValue: 'Wert',
    checkNow: 'Jetzt prüfen',
    found: 'Stattdessen gefunden:',
    verifiedText: 'Sie bleibt bestätigt, auch wenn der Eintrag entfernt wird.',
    unverifiedText: 'Bis sie bestätigt ist, verlässt sich nichts auf sie.',
    chosen: 'Maßgebliche Verbindungen',
    chosenText:
      'Sie und keine anderen bringen Personen mit Adressen dieser Domain herein, auch mit solchen, für die ihr Identitätsanbieter nicht bürgt, und beenden den Zugang aller, die eine solche Adresse haben. Mehrere sind für den Umzug von einem Identitätsanbieter zum anderen gedacht. Wen eine andere Verbindung schon hereingebracht hat, den kennt sie weiterhin.',
    noConnections: 'Es gibt noch keine Verbindung.',
    off: 'abgeschaltet',
    remove: 'Entfernen',
    removeTitle: 'Domain entfernen',
    removeAsk: ({ domain }: { domain: string }) => `${domain} entfernen?`,
    removeText:
      'Ihre Adressen führen dann nicht mehr zur Anmeldung Ihrer Organisation. Niemand wird abgemeldet, und die Personen bleiben, wie sie sind.',
    removeOpen:
      'Ihre Verbindungen sind dann nicht mehr für sie maßgeblich: Eine Adresse darin gilt, wo ein Identitätsanbieter für sie bürgt. Eine andere Organisation kann die Domain für sich bestätigen.',
    removeButton: 'Domain entfernen',
  },
};
