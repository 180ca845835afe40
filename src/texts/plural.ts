/** A text for each plural form of a language; `other` serves for the forms that aren't given. */
export type PluralForms<Text> = { other: Text } & { [form in Intl.LDMLPluralRule]?: Text };

/** Chooses a form by the rules of a language (a BCP 47 tag). */
export function pluralIn(language: string) {
  const rules = new Intl.PluralRules(language);
  return <Text>(count: number, forms: PluralForms<Text>): Text => forms[rules.select(count)] ?? forms.other;
}
