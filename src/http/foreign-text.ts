/** Characters that are looked at: an answer may be a megabyte long. */
const longestRead = 2_000;

const unseen = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+/gu;

/** An @ as URLs, JSON and HTML escape it, once or more often. */
const escapedAt = /%(?:25)*40|\\+(?:u0040|u\{0*40\}|x40)|&(?:amp;)*(?:#0*64|#x0*40|commat);?/gi;

/** What may be an e-mail address, if it has an @ inside. */
const word = /[^\s"'<>()[\]{},;:=]+/g;
const at = /.@./;

/**
 * A text that another party chose, as one line for the log or the record: nothing unseen, nothing
 * that turns the direction of the letters around it, no e-mail address as far as it can be
 * recognised (the record names nobody), none of the secrets `hidden`, and at most `longest`
 * characters. Null for what is no text, or is empty then.
 */
export function foreignText(value: unknown, longest: number, hidden: readonly (string | null)[] = []): string | null {
  if (typeof value !== 'string') return null;
  // NFKC: a full-width @ is one, too.
  const line = value.slice(0, longestRead).normalize('NFKC').replaceAll(unseen, ' ').trim();
  const secrets = hidden.flatMap((secret) => (secret ? [secret, secret.normalize('NFKC'), formEncoded(secret)] : []));
  // The longest first: one secret may begin like another.
  const ordered = secrets.toSorted((a, b) => b.length - a.length);
  const safe = ordered.reduce((text, secret) => text.replaceAll(secret, '[hidden]'), line);
  const shown = safe.replaceAll(escapedAt, '@').replaceAll(word, (each) => (at.test(each) ? '[address]' : each));
  const characters = [...shown];
  const bounded = characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : shown;
  return bounded || null;
}

/** As a form's value is encoded (application/x-www-form-urlencoded). */
export function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
