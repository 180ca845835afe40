/** As which a password could stand in a text: itself, as other formats write it, and inside of base64. */
export function formsOf(password: string): string[] {
  const bytes = Buffer.from(password);
  const encoded = [
    password,
    JSON.stringify(password).slice(1, -1),
    encodeURIComponent(password),
    new URLSearchParams({ '': password }).toString().slice(1),
    password.replaceAll("'", "''"),
    password.replaceAll('&', '&amp;').replaceAll("'", '&#39;').replaceAll('"', '&quot;'),
    bytes.toString('hex'),
  ];
  // Behind other bytes, as in `Basic …`, base64 is another one for each of three places.
  const inBase64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const isCut = (before + bytes.length) % 3 !== 0;
    return text.slice(Math.ceil((before * 8) / 6), isCut ? -1 : undefined);
  });
  const asUrl = inBase64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([...encoded, ...inBase64, ...asUrl])];
}

/** Which of these passwords stand in a text, in whatever form; by their names. */
export const foundIn = (text: string, passwords: ReadonlyMap<string, string>): string[] =>
  [...passwords].flatMap(([name, password]) => (formsOf(password).some((form) => text.includes(form)) ? [name] : []));
