import type { whoIsWho as english } from '../en/who-is-who.ts';
import { day, plural } from './forms.ts';

export const whoIsWho: typeof english = {
  accessEnds: ({ name }) => `Jeder Zugang von ${name} endet.`,
  nothingEnds: 'Es endet nichts.',
  addressMeans: ({ name, email }) =>
    `Mit ${email} ist von da an ${name} gemeint: Wer sich mit dieser Adresse bei einem Identitätsanbieter anmeldet, der für sie sprechen darf, und mit einem Konto, das noch nicht verknüpft ist, gilt als ${name}.`,
  addressWasAnothers: ({ name, email, other, connection, at }) =>
    `Der Identitätsanbieter ${connection} hat am ${day.format(at)} ${other.name} (${other.email}) so genannt: Von jetzt an ist mit ${email} nur noch ${name} gemeint, bis ${other.name} sich wieder damit anmeldet. Nur Aufrufe von ${connection} selbst finden durch sie noch ${other.name}.`,
  addressIsAnothersUserName: ({ email, other }) =>
    `${email} ist der Benutzername von ${other.name} (${other.email}): Die Adresse meint auch diese Person, und ein Aufruf damit beendet den Zugang beider.`,
  addressFreed: ({ email }) => `${email} ist dann frei für jemand anderen.`,
  addressIsUserName: ({ email }) =>
    `${email} bleibt der Benutzername, unter dem die Bereitstellung die Person findet, und meint sie deshalb auch.`,
  addressIsClaimed: ({ name, email }) =>
    `Auch mit ${email} ist ${name} gemeint, bis zur nächsten Anmeldung: So hieß die Person zuletzt beim Identitätsanbieter.`,
  addressProvisioned: ({ name }) =>
    `Die Adresse von ${name} kommt aus der Bereitstellung: Ihr nächster Lauf ändert sie vielleicht zurück. Ändern Sie sie auch dort.`,
  addressClaimed:
    'Nennt der Identitätsanbieter bei der nächsten Anmeldung noch eine andere Adresse und darf er für sie sprechen, so tritt sie an die Stelle dieser. Ändern Sie sie zuerst dort.',
  linkMeans: ({ name, connection, subject }) =>
    `Wer sich bei ${connection} mit dem Konto ${subject} anmeldet, gilt von da an als ${name}, welche Adresse der Identitätsanbieter auch nennt.`,
  linkRole: ({ role }) => `Die Rolle ist dann die dieser Person: ${role}.`,
  unlinkMeans: ({ name, connection, subject }) =>
    `Das Konto ${subject} bei ${connection} gehört nicht mehr zu ${name}. Wer sich damit anmeldet, wird durch die Adresse gefunden, die der Identitätsanbieter nennt, wie bei einer ersten Anmeldung.`,
  againByAddress: ({ name, connection, email }) =>
    `Wer sich als Erstes bei ${connection} mit der Adresse ${email} anmeldet, wird wieder mit ${name} verknüpft.`,
  againIfVerified: ({ name, connection, email }) =>
    `Wer sich als Erstes bei ${connection} mit der Adresse ${email} anmeldet, wird wieder mit ${name} verknüpft, wenn der Identitätsanbieter die Adresse bestätigt nennt.`,
  againByHand: ({ name, connection }) =>
    `${name} wird durch die Adresse nicht wieder verknüpft, denn ${connection} darf nicht für sie sprechen: Bis Sie die Person von Hand verknüpfen, kann sie sich dort nicht anmelden.`,
  forgetMeans: ({ people, connection }) =>
    plural(people, {
      one: `${people} Person wird von ihrem Konto bei ${connection} gelöst.`,
      other: `${people} Personen werden von ihren Konten bei ${connection} gelöst.`,
    }),
  forgetTrust: ({ connection }) =>
    `Bis zur nächsten Anmeldung entscheidet die Adresse: Wer sich als Erstes bei ${connection} mit der Adresse einer Person anmeldet, gilt hier als diese Person.`,
  forgetEnds: 'Jeder Zugang dieser Personen endet.',
  forgetEndsEveryone: ({ most }) =>
    `Es sind mehr als ${most} Personen betroffen. Deshalb werden alle in der Organisation auf einmal abgemeldet, auch wer sich über einen anderen Identitätsanbieter anmeldet.`,
  forgetByAddress: ({ people }) =>
    plural(people, {
      one: `${people} davon wird durch die Adresse wieder verknüpft.`,
      other: `${people} davon werden durch ihre Adressen wieder verknüpft.`,
    }),
  forgetIfVerified: ({ people }) =>
    plural(people, {
      one: `${people} davon wird nur dann wieder verknüpft, wenn der Identitätsanbieter die Adresse bestätigt nennt.`,
      other: `${people} davon werden nur dann wieder verknüpft, wenn der Identitätsanbieter ihre Adressen bestätigt nennt.`,
    }),
  forgetByHand: ({ people, connection }) =>
    plural(people, {
      one: `${people} davon wird nicht wieder verknüpft, denn ${connection} darf nicht für die Adresse sprechen: Verknüpfen Sie die Person von Hand.`,
      other: `${people} davon werden nicht wieder verknüpft, denn ${connection} darf nicht für ihre Adressen sprechen: Verknüpfen Sie sie von Hand.`,
    }),
  eraseMeans: ({ who }) => `${who} wird endgültig entfernt, mit allen eigenen Aufgaben.`,
  erasedBefore: ({ names }) =>
    `Diese Person wurde schon entfernt. Im Protokoll stehen noch diese Namen von ihr: ${names}.`,
  erasedBeforeNameless: 'Diese Person wurde schon entfernt, und im Protokoll steht kein Name von ihr mehr.',
  eraseRecord:
    'Alle Namen und Adressen verschwinden aus dem Protokoll, ebenso die Gründe, aus denen der Zugang beendet wurde: Was geschehen ist, bleibt dort unter einer bloßen Kennung.',
  eraseForGood: 'Das lässt sich nicht rückgängig machen.',
  noOwnerLeft:
    'Nach allem, was hier bekannt ist, könnte sich dann kein Inhaber mehr anmelden: Nur der Betreiber der Installation könnte noch helfen.',
};
