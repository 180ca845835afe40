/** Which system an account is at, as far as its settings tell: what is at one is one key. */
export function placeOf(connector: string, settings: unknown): string {
  const { host, port, baseUrl, url } = settings as Readonly<Record<string, unknown>>;
  const address = String(baseUrl ?? url ?? '');
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(address)?.[1] ?? address;
  return `${connector} ${String(host ?? authority).toLowerCase()} ${port ?? ''}`;
}

/** The same in SQL, of the account `a`. */
export const placeSql = `CASE a.connector WHEN 'manual' THEN a.id ELSE
  a.connector || ' ' || lower(coalesce(a.settings ->> 'host',
    substring(coalesce(a.settings ->> 'baseUrl', a.settings ->> 'url') FROM '^[A-Za-z]+://([^/?#]*)'),
    a.settings ->> 'baseUrl', a.settings ->> 'url', '')) || ' ' || coalesce(a.settings ->> 'port', '') END`;
