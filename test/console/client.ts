export type Shown = Readonly<{ status: number; text: string; headers: Headers; location: string | null }>;
type Fields = Readonly<Record<string, string | readonly string[]>>;

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const decode = (text: string) => text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? '');
const attribute = (tag: string, name: string) =>
  new RegExp(`\\s${name}(?:="([^"]*)")?(?=[\\s>])`).exec(tag)?.[1] ?? null;

/** What the form with the button `act` would send as it is shown, without the button. */
export function fieldsOf(page: string, act: string): Record<string, string[]> {
  const forms = [...page.matchAll(/<form method="post"[^>]*>[\s\S]*?<\/form>/g)].map(([form]) => form);
  const form = forms.find((text) => text.includes(`name="do" value="${act}"`));
  if (!form) throw new Error(`no form with the button "${act}" in the page:\n${page.slice(0, 3_000)}`);
  const fields: Record<string, string[]> = {};
  const add = (name: string | null, value: string) => {
    if (name) fields[name] = [...(fields[name] ?? []), decode(value)];
  };
  for (const [tag] of form.matchAll(/<input\b[^>]*>/g)) {
    const isBox = /type="(checkbox|radio)"/.test(tag);
    if (!isBox || /\schecked[\s>]/.test(tag)) add(attribute(tag, 'name'), attribute(tag, 'value') ?? '');
  }
  for (const [, tag = '', text = ''] of form.matchAll(/(<textarea\b[^>]*>)([^<]*)<\/textarea>/g))
    add(attribute(tag, 'name'), text);
  for (const [, tag = '', text = ''] of form.matchAll(/(<select\b[^>]*>)([\s\S]*?)<\/select>/g)) {
    const options = [...text.matchAll(/<option\b[^>]*>/g)].map(([option]) => option);
    const chosen = options.find((option) => /\sselected[\s>]/.test(option)) ?? options[0] ?? '';
    add(attribute(tag, 'name'), attribute(chosen, 'value') ?? '');
  }
  return fields;
}

/** The text of a page's main part, as people read it. */
export function textOf(page: string): string {
  const main = /<main[^>]*>([\s\S]*?)<\/main>/.exec(page)?.[1] ?? page;
  const visible = main.replaceAll(/<template[\s\S]*?<\/template>/g, '').replaceAll(/<[^>]*>/g, ' ');
  return decode(visible).replaceAll(/\s+/g, ' ').trim();
}

/** A browser without a script that is at the console with this cookie; it keeps other cookies. */
export function openConsole(url: string, session: string) {
  const jar = new Map<string, string>();
  const ask = async (method: string, path: string, init: RequestInit = {}): Promise<Shown> => {
    const cookie = [session, ...[...jar].map(([name, value]) => `${name}=${value}`)].filter(Boolean).join('; ');
    const headers = { cookie, ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(url + path, { ...init, method, redirect: 'manual', headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
      else if (name.startsWith('console_')) jar.set(name, value);
    }
    const { status } = response;
    return {
      status,
      headers: response.headers,
      location: response.headers.get('location'),
      text: await response.text(),
    };
  };
  const get = (path: string, headers: Record<string, string> = {}) => ask('GET', path, { headers });

  /** Sends these fields, with the button. */
  const post = (path: string, fields: Fields, headers: Record<string, string> = {}) => {
    const entries = Object.entries(fields).flatMap(([name, value]) => [value].flat().map((text) => [name, text]));
    return ask('POST', path, { body: new URLSearchParams(entries as [string, string][]), headers });
  };

  return {
    get,
    post,
    ask,
    /** Opens the page, changes these fields of the form, and presses its button. */
    async press(path: string, act: string, changes: Fields = {}): Promise<Shown> {
      const page = await get(path);
      if (page.status !== 200) throw new Error(`${path}: ${page.status}\n${textOf(page.text)}`);
      return post(path, { ...fieldsOf(page.text, act), ...changes, do: act });
    },
    /** Goes where an answer leads. */
    async follow(shown: Shown): Promise<Shown> {
      if (shown.status !== 303 || shown.location === null)
        throw new Error(`${shown.status} leads nowhere:\n${textOf(shown.text)}`);
      return get(shown.location);
    },
  };
}
