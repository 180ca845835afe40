/** The organisation’s name and look. */
export const consoleOrganisation = {
  organisation: {
    title: 'Name and look',
    name: 'Name',
    nameHint: 'People read it on sign-in pages and in mails.',
    nameTitle: 'Name',
    shortName: 'Short name in links',
    shortNameHint: 'It never changes: identity providers have it in their settings.',
    help: 'Help',
    lookText:
      'Your logo and colour are on sign-in pages once it is known that somebody is yours, and on the page that says why they were signed out.',
    logo: 'Logo',
    noLogo: 'There is no logo. People read the name instead.',
    changeLogo: 'Choose a logo',
    changeLogoOf: 'Choose another logo',
    removeLogo: 'Remove the logo',
    logoTitle: 'Choose a logo',
    file: 'Picture',
    fileHint:
      'A PNG, JPEG or WebP of at most 1 MB and 4096 pixels on a side. It is made anew as a PNG that fits 480 × 160, and nothing else of the file is kept.',
    upload: 'Use this picture',
    noFile: 'Choose a picture first.',
    notPicture:
      'This cannot be used as a logo. Take a PNG, JPEG or WebP of at most 1 MB and 4096 pixels on a side. An SVG does not work: save it as a PNG.',
    colour: 'Colour',
    colourHint: 'Of links and buttons, such as #2f3f9e. Leave it empty for the colour of this service.',
    colourWrong: 'A colour is a # and six digits or letters from a to f, such as #2f3f9e.',
    byDay: 'In light',
    byNight: 'In the dark',
    adjusted: 'It is made darker or lighter where it would be hard to read.',
    signInPage: 'Your sign-in page',
    signInPageHint: 'It shows your logo and colour from the beginning. Put it where your people look for it.',
    own: 'The colour of this service',
    none: 'No words yet',
  },
};
