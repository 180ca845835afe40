/**
 * Finds the documented path (`/todos/{id}`) of an address, `other` for the rest, `/assets` for
 * files: a closed set of answers, whatever is asked.
 */
export function createRoutePatterns(paths: readonly string[]): (address: string) => string {
  const byLength = new Map<number, { path: string; parts: string[] }[]>();
  for (const path of new Set(paths)) {
    const parts = path.split('/');
    byLength.set(parts.length, [...(byLength.get(parts.length) ?? []), { path, parts }]);
  }
  // Literal segments go before placeholders.
  for (const patterns of byLength.values())
    patterns.sort((a, b) => a.path.split('{').length - b.path.split('{').length);

  return (address) => {
    const asked = address.split('?', 1)[0]?.split('/') ?? [];
    if (asked[1] === 'assets') return '/assets';
    // Express ignores a slash at the end of an address.
    if (asked.at(-1) === '' && asked.at(-2)) asked.pop();
    const found = byLength
      .get(asked.length)
      ?.find(({ parts }) =>
        parts.every((part, at) => part === asked[at] || (part.startsWith('{') && asked[at] !== '')),
      );
    return found?.path ?? 'other';
  };
}
