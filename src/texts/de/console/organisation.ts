import type { consoleOrganisation as english } from '../../en/console/organisation.ts';

export const consoleOrganisation: typeof english = {
  organisation: {
    title: 'Name und Aussehen',
    name: 'Name',
    nameHint: 'Er steht auf Anmeldeseiten und in E-Mails.',
    nameTitle: 'Name',
    shortName: 'Kurzname in Links',
    shortNameHint: 'Er ändert sich nie: Identitätsanbieter haben ihn in ihren Einstellungen.',
    help: 'Hilfe',
    lookText:
      'Logo und Farbe stehen auf Anmeldeseiten, sobald bekannt ist, dass jemand zu Ihnen gehört, und auf der Seite, die sagt, warum jemand abgemeldet wurde.',
    logo: 'Logo',
    noLogo: 'Es gibt kein Logo. Stattdessen steht dort der Name.',
    changeLogo: 'Logo wählen',
    changeLogoOf: 'Anderes Logo wählen',
    removeLogo: 'Logo entfernen',
    logoTitle: 'Logo wählen',
    file: 'Bild',
    fileHint:
      'Ein PNG, JPEG oder WebP von höchstens 1 MB und 4096 Pixeln je Seite. Daraus wird ein neues PNG, das in 480 × 160 passt; sonst wird nichts von der Datei behalten.',
    upload: 'Dieses Bild verwenden',
    noFile: 'Wählen Sie zuerst ein Bild.',
    notPicture:
      'Das kann kein Logo sein. Nehmen Sie ein PNG, JPEG oder WebP von höchstens 1 MB und 4096 Pixeln je Seite. Ein SVG geht nicht: Speichern Sie es als PNG.',
    colour: 'Farbe',
    colourHint: 'Von Links und Knöpfen, etwa #2f3f9e. Bleibt das Feld leer, gilt die Farbe dieses Dienstes.',
    colourWrong: 'Eine Farbe ist ein # und sechs Ziffern oder Buchstaben von a bis f, etwa #2f3f9e.',
    byDay: 'Hell',
    byNight: 'Dunkel',
    adjusted: 'Sie wird dunkler oder heller, wo sie schwer zu lesen wäre.',
    signInPage: 'Ihre Anmeldeseite',
    signInPageHint:
      'Sie zeigt Logo und Farbe von Anfang an. Verlinken Sie sie dort, wo man in Ihrer Organisation danach sucht.',
    own: 'Die Farbe dieses Dienstes',
    none: 'Noch kein Text',
  },
};
