const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const decode = (text: string) => text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? '');
const valueIn = (tag: string) => decode(/\svalue="([^"]*)"/.exec(tag)?.[1] ?? '');

/** What a browser sends of the form whose button does `act`, as the page shows it. */
export function fieldsOf(page: string, act: string): URLSearchParams {
  const forms = [...page.matchAll(/<form\b[^>]*>([\s\S]*?)<\/form>/g)].map(([, content]) => content as string);
  const form = forms.find((content) => content.includes(`name="do" value="${act}"`));
  if (!form) throw new Error(`no form does "${act}" in:\n${textOf(page).slice(0, 2000)}`);
  const sent = new URLSearchParams({ do: act });
  for (const [tag, kind, name = ''] of form.matchAll(/<(input|select|textarea)\b[^>]*?\sname="([^"]*)"[^>]*>/g)) {
    const rest = form.slice(form.indexOf(tag) + tag.length);
    if (kind === 'textarea') sent.append(name, decode(/^([\s\S]*?)<\/textarea>/.exec(rest)?.[1] ?? ''));
    else if (kind === 'select')
      sent.append(name, valueIn(/<option[^>]*\sselected[^>]*>/.exec(rest.split('</select>')[0] ?? '')?.[0] ?? ''));
    else if (!/type="(checkbox|radio)"/.test(tag)) sent.append(name, valueIn(tag));
    else if (/\schecked/.test(tag)) sent.append(name, valueIn(tag) || 'on');
  }
  return sent;
}

/** What people read of a page. */
export const textOf = (page: string): string =>
  decode(page.slice(page.indexOf('<main')).replaceAll(/<[^>]*>/g, ' ')).replaceAll(/\s+/g, ' ');

/** Somebody at the console, without a script. What was just done is kept, as by a browser. */
export function createVisitor(url: string, session: string) {
  let notice = '';
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(url + path, {
      redirect: 'manual',
      ...init,
      headers: {
        cookie: [session, notice].filter(Boolean).join('; '),
        origin: url,
        accept: 'text/html',
        ...init.headers,
      },
    });
    const left = response.headers.getSetCookie().find((line) => line.startsWith('console_notice='));
    if (left !== undefined) notice = /^console_notice=[^;]+/.exec(left)?.[0] ?? '';
    const page = await response.text();
    return { status: response.status, to: response.headers.get('location'), page, text: textOf(page) };
  };
  return {
    open: (path: string) => ask(path),
    post: (path: string, body: URLSearchParams | FormData) => ask(path, { method: 'POST', body }),
    /** Opens a page, changes what is given of one of its forms, and sends it. `null` leaves a field out. */
    async send(path: string, act: string, changes: Record<string, string | null> = {}, shown?: string) {
      const fields = fieldsOf(shown ?? (await ask(path)).page, act);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) fields.delete(name);
        else fields.set(name, value);
      }
      return ask(path, { method: 'POST', body: fields });
    },
  };
}
