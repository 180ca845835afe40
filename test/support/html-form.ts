export type HtmlForm = { action: string; method: 'GET' | 'POST'; fields: Record<string, string> };

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#39': "'" };
const decode = (text: string) =>
  text.replaceAll(/&(amp|lt|gt|quot|apos|#39);/g, (_, name: string) => entities[name] ?? '');

function attributes(tag: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, value = ''] of tag.matchAll(/\s([\w-]+)(?:="([^"]*)")?/g)) if (name) found[name] = decode(value);
  return found;
}

/**
 * Reads a form out of a page: the first one, or the first that has a field of that name. @throws
 * Error if there is none.
 */
export function findForm(page: string, having?: string): HtmlForm {
  for (const [, opening = '', content = ''] of page.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
    const inputs = [...content.matchAll(/<input\b[^>]*>/g)].map(([tag]) => attributes(tag));
    const fields = Object.fromEntries(inputs.flatMap((input) => (input.name ? [[input.name, input.value ?? '']] : [])));
    if (having !== undefined && !(having in fields)) continue;
    const form = attributes(` ${opening}`);
    return { action: form.action ?? '', method: form.method?.toLowerCase() === 'post' ? 'POST' : 'GET', fields };
  }
  throw new Error(`no form${having ? ` with a field ${having}` : ''} in the page:\n${page.slice(0, 2000)}`);
}
