/** What a table has under a name that somebody sent, which may be `constructor` as well. */
export const knownValue = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
