import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { languages } from '../../src/texts/texts.ts';

const folder = path.resolve(import.meta.dirname, '../../src/texts/de');

/** What no German text says, and what it says instead: there is one word for each thing. */
const otherWords: readonly (readonly [never: RegExp, instead: string])[] = [
  [/Eigentümer/, 'Inhaber'],
  [/Fassung/, 'Version'],
  [/\bVerwalters?\b/, 'Verwaltungskonto'],
  [/Aufzeichnung/, 'Protokoll'],
  [/Zugriff/, 'Zugang'],
  [/abgelehnt/i, 'abgewiesen'],
  [/(Konto|Person)[^.:,]* (abgeschaltet|ausgeschaltet)/, 'gesperrt'],
  [/Personen übernehmen|Übernahme/, 'Bereitstellung'],
  [/Issuer und|oder Issuer(?! and)/, 'Aussteller'],
  [/Schlüssel[^.:]* (erzeugt|erstellt|erstellen|erzeugen)/, 'anlegen'],
  [/Schlüssel[^.:]* widerrufen/, 'beenden'],
  [/Mensch|Leute/, 'Personen'],
  [/Widerrufs-Endpunkt|Endpunkt für das Abmelden/, 'Abmelde-Endpunkt'],
  [/Erneuerungstoken/, 'Refresh-Token'],
  [/Kennw[oö]rt/, 'Passwort'],
  [/\bProbe\b|ist ein Versuch\b|\bVersuchs\b/, 'Test'],
  [/Sicherheitsmeldung/, 'Sicherheitsereignis'],
  [/\bAusweis\b/, 'Authentifizierung'],
  [/\b[Aa]us(zu)?geben\b|\bausgegeben\b/, 'exportieren'],
  [/\bLeer(:| gilt| wird)/, 'Bleibt das Feld leer, …'],
];

it('German has one word for each thing, the same everywhere', () => {
  const files = globSync('**/*.ts', { cwd: folder });
  expect(files.length).toBeGreaterThan(10);
  const found = files.flatMap((file) =>
    readFileSync(path.join(folder, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        otherWords
          .filter(([never]) => never.test(line))
          .map(([, instead]) => `${file}:${index + 1}: “${instead}”: ${line.trim()}`),
      ),
  );
  expect(found).toEqual([]);
});

it.each(languages.map((texts) => [texts.language, texts] as const))(
  'where auth_time is missing, settings have the names that the console has for them: %s',
  (_, { notifications, refusals, console: { connectionSettings, trial } }) => {
    const { requestAuthTime, reauthentications } = connectionSettings;
    const enough = reauthentications.best_effort.label;
    expect(refusals.auth_time_missing.ask).toContain(enough);
    for (const text of [notifications.authTimeMissing({ target: 'Okta' }), trial.couldNotReturn]) {
      expect(text).toContain(requestAuthTime);
      expect(text).toContain(enough);
    }
  },
);
