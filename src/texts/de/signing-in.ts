import type { signingIn as english } from '../en/signing-in.ts';
import { time } from './forms.ts';

export const signingIn: typeof english = {
  signIn: {
    title: 'Anmelden',
    how: 'Mit Ihrer geschäftlichen E-Mail-Adresse, über Ihre Organisation.',
    howAt: ({ org }) => `Mit Ihrer geschäftlichen E-Mail-Adresse, über ${org}.`,
    email: 'Geschäftliche E-Mail-Adresse',
    continue: 'Weiter',
    otherWay: 'Ich habe einen Anmeldelink oder den Namen einer Organisation',
    organisation: 'Organisation oder Link',
    toOrganisation: 'Zu ihrer Anmeldung',
    problems: {
      enterEmail: 'Geben Sie Ihre geschäftliche E-Mail-Adresse ein, zum Beispiel name@firma.example.',
      nobodys:
        'Mit dieser Adresse meldet sich keine Organisation an. Prüfen Sie sie, oder fragen Sie Ihre Administratoren nach dem Anmeldelink.',
      enterOrganisation: 'Geben Sie den Kurznamen ein, oder den ganzen Link, den Sie bekommen haben.',
      noOrganisation:
        'Eine Organisation dieses Namens gibt es hier nicht. Prüfen Sie ihn, oder fragen Sie Ihre Administratoren nach dem Anmeldelink.',
    },
    leaving: ({ org }) => `Weiter zur Anmeldung von ${org} …`,
  },

  frontChannelLogout: 'Was durch diese Sitzung bei Ihrem Identitätsanbieter angemeldet war, ist abgemeldet.',

  signedOut: {
    revoked: { title: 'Ihre Organisation hat Sie abgemeldet', text: 'Was Sie gespeichert haben, bleibt erhalten.' },
    ended: { title: 'Sie haben sich abgemeldet', text: 'Dieser Browser hat keinen Zugang zu Ihrer Liste mehr.' },
    displaced: {
      title: 'Zu viele Geräte: Sie wurden abgemeldet',
      text: 'Sie haben sich auf mehr Geräten angemeldet, als Ihre Organisation erlaubt, und dies war das älteste. Melden Sie sich wieder an, um hier weiterzumachen; dann wird das älteste der anderen abgemeldet.',
    },
    expired: {
      title: 'Ihre Sitzung ist abgelaufen',
      text: 'Sie war zu lange unbenutzt oder hat ihr Höchstalter erreicht. Melden Sie sich wieder an, um weiterzumachen, wo Sie waren.',
    },
    none: { title: 'Sie sind abgemeldet', text: 'In diesem Browser gibt es keine Sitzung.' },
    wasSignedInAs: ({ person, org }) => `Hier war angemeldet: ${person}, bei ${org}.`,
    ask: 'Die Administratoren Ihrer Organisation wissen mehr. Fragen Sie sie, wenn Sie das nicht erwartet haben.',
    reason: 'Das sagt Ihre Organisation dazu',
    because: {
      switchedOff: 'Ihre Organisation hat Ihr Konto gesperrt.',
      removed: 'Ihre Organisation hat Ihr Konto entfernt.',
      namesChanged: 'Ihre Organisation hat Ihren Benutzernamen oder Ihre E-Mail-Adresse geändert.',
      addressChanged: 'Ihre Organisation hat Ihre E-Mail-Adresse geändert.',
      identityChanged: 'Ihre Organisation bittet Sie, sich neu anzumelden.',
    },
    mayReturn: 'Sie können sich jederzeit wieder anmelden.',
    switchedOff: 'Ihr Konto ist hier gesperrt; deshalb können Sie sich im Moment nicht damit anmelden.',
    at: ({ time }) => `um ${time}`,
    inUtc: ({ moment }) => `${time.format(moment)} UTC`,
    signedInSince: 'Jene Sitzung ist zu Ende. Seither haben Sie sich in diesem Browser wieder angemeldet.',
    toList: 'Zurück zu Ihrer Liste',
    signInAgain: 'Wieder anmelden',
    signInAgainAs: ({ email }) => `Wieder anmelden als ${email}`,
    leaving: 'Hier sind Sie abgemeldet. Weiter zur Abmeldung bei Ihrer Organisation …',
    signInAsSomebodyElse: 'Als jemand anderes anmelden',
    script: { on: ({ time }) => `am ${time}` },
  },
};
