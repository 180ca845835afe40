import type { consoleMeanwhile as english } from '../../en/console/meanwhile.ts';

export const consoleMeanwhile: typeof english = {
  meanwhile: {
    conflict:
      'Jemand anderes hat das inzwischen geändert. Gespeichert wurde noch nichts: Sehen Sie sich an, was markiert ist, und speichern Sie dann erneut.',
    theirs: ({ value }) =>
      `Jemand anderes hat das inzwischen geändert. Es ist jetzt: ${value}. Was Sie gewählt hatten, steht noch da; speichern Sie noch einmal, um es an dessen Stelle zu setzen.`,
    nothing: 'nichts',
  },
};
