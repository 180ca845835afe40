/** The parts of a person's name, by SCIM's names (RFC 7643 §4.1.1); all of them are texts. */
export type PersonName = Readonly<Partial<Record<NamePart | 'formatted', unknown>>>;

/** In the order in which they make a whole name. */
const nameParts = ['honorificPrefix', 'givenName', 'middleName', 'familyName', 'honorificSuffix'] as const;
type NamePart = (typeof nameParts)[number];

const part = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

/** The whole name that the parts make; null without any. */
export function formattedName(name: PersonName): string | null {
  const texts = nameParts.map((key) => part(name[key])).filter((text) => text !== '');
  return texts.length > 0 ? texts.join(' ') : null;
}

/** What a person is called of whom only the parts of a name are known; null without any. */
export function displayNameOf(name: PersonName): string | null {
  return part(name.formatted) || [part(name.givenName), part(name.familyName)].join(' ').trim() || null;
}

/**
 * The parts of which a display name is made, for people of whom nothing else is known: the last word
 * is the family name. A name of a single word is both: provisioning clients want two parts, and an
 * invented one ("-") would be worse.
 */
export function splitName(displayName: string): Readonly<{ givenName: string; familyName: string }> | null {
  const words = displayName.trim().split(/\s+/);
  const familyName = words.at(-1) ?? '';
  if (familyName === '') return null;
  return { givenName: words.slice(0, -1).join(' ') || familyName, familyName };
}
