const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const decode = (text: string) => text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? '');

const attributesOf = (tag: string) =>
  new Map(
    [...tag.matchAll(/\s([\w-]+)(?:="([^"]*)")?/g)].map(([, name, value]) => [name as string, decode(value ?? '')]),
  );

/** The forms of a page, by the value of the button that sends them. */
const formsOf = (page: string) =>
  new Map(
    [...page.matchAll(/<form method="post"[\s\S]*?<\/form>/g)].flatMap(([form]) => {
      const button = /<button name="do" value="([^"]*)"/.exec(form)?.[1];
      return button === undefined ? [] : [[button, form] as const];
    }),
  );

/** The names of all fields of a page's forms. */
export const fieldsOf = (page: string): string[] =>
  [...page.matchAll(/<(?:input|textarea|select)\b[^>]*\sname="([^"]*)"/g)].map(([, name]) => name as string);

/**
 * What a browser would send of the form whose button is `act`, after a person has changed some
 * fields: a list stands for a field that is there several times, null for one that is taken away.
 */
export function fillForm(
  page: string,
  act: string,
  changes: Readonly<Record<string, string | readonly string[] | null>> = {},
): URLSearchParams {
  const form = formsOf(page).get(act);
  if (form === undefined) throw new Error(`no form "${act}" in the page:\n${page.slice(0, 3_000)}`);
  const sent = new URLSearchParams();
  for (const [tag, opening = '', textarea, options] of form.matchAll(
    /<(?:input\b([^>]*)>|textarea\b[^>]*>([^<]*)<\/textarea>|select\b[^>]*>([\s\S]*?)<\/select>)/g,
  )) {
    const attributes = attributesOf(tag.slice(0, tag.indexOf('>') + 1));
    const name = attributes.get('name');
    if (!name) continue;
    const isOff = /^(checkbox|radio)$/.test(attributes.get('type') ?? '') && !attributes.has('checked');
    if (isOff) continue;
    if (options !== undefined) {
      const chosen = /<option value="([^"]*)" selected/.exec(options) ?? /<option value="([^"]*)"/.exec(options);
      sent.append(name, decode(chosen?.[1] ?? ''));
    } else sent.append(name, textarea === undefined ? (attributesOf(opening).get('value') ?? '') : decode(textarea));
  }
  for (const [name, value] of Object.entries(changes)) {
    sent.delete(name);
    for (const each of value === null ? [] : [value].flat()) sent.append(name, each);
  }
  sent.set('do', act);
  return sent;
}
