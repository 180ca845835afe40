/** What may stand in a template, in double braces. `basic_…`: a name and its password for HTTP's Basic. */
export const placeholders = [
  'user',
  'new',
  'old',
  'admin',
  'admin_password',
  'basic_new',
  'basic_old',
  'basic_admin',
] as const;

export type Placeholder = (typeof placeholders)[number];
export type Values = Readonly<Record<Placeholder, string | null>>;

const anyPlaceholder = /\{\{([^{}]*)\}\}/g;

/** Those that a template names, in their order; null: it has one that there isn't, or a half one. */
export function placeholdersOf(template: string): readonly Placeholder[] | null {
  const names = [...template.matchAll(anyPlaceholder)].map(([, name]) => name as Placeholder);
  const known = names.every((name) => placeholders.includes(name));
  return known && !/\{\{|\}\}/.test(template.replace(anyPlaceholder, '')) ? names : null;
}

/** A value that is needed and isn't known. */
export class MissingValueError extends Error {
  readonly placeholder: Placeholder;
  constructor(placeholder: Placeholder) {
    super(`{{${placeholder}}} is not known.`);
    this.placeholder = placeholder;
  }
}

/** A value that cannot stand where the template has it: a character of the password, or a user name. */
export class UnfitValueError extends Error {
  readonly word: 'characters' | 'user_name';
  constructor(placeholder: Placeholder | 'basic') {
    super('A value does not fit.');
    this.word = ['user', 'admin', 'basic'].includes(placeholder) ? 'user_name' : 'characters';
  }
}

/** Values are put in as they are, escaped: what stands in one is never read as a template. */
function fill(template: string, values: Values, escaped: (value: string, name: Placeholder) => string): string {
  return template.replace(anyPlaceholder, (_, name: Placeholder) => {
    const value = values[name];
    if (value === null) throw new MissingValueError(name);
    if (!value.isWellFormed()) throw new UnfitValueError(name);
    // The first colon ends the name (RFC 7617, section 2): what comes behind it would be sent as the password.
    const paired = name === 'basic_admin' ? values.admin : values.user;
    if (name.startsWith('basic_') && paired?.includes(':')) throw new UnfitValueError('basic');
    return escaped(value, name);
  });
}

/** In a string of JSON: `isJsonTemplate` has made sure that none stands elsewhere. */
export const fillJson = (template: string, values: Values) =>
  fill(template, values, (value) => JSON.stringify(value).slice(1, -1));

/** A template that is JSON as it is has its placeholders in strings. */
export function isJsonTemplate(template: string): boolean {
  try {
    JSON.parse(template);
    return true;
  } catch {
    return false;
  }
}

/** As forms are sent (application/x-www-form-urlencoded). */
export const fillForm = (template: string, values: Values) =>
  fill(template, values, (value) => new URLSearchParams({ v: value }).toString().slice(2));

/** A header carries one line, of the characters that every server reads alike. */
export const fillHeader = (template: string, values: Values) =>
  fill(template, values, (value, name) => {
    if (!/^[\x20-\x7e]*$/.test(value)) throw new UnfitValueError(name);
    return value;
  });

/** @throws UnfitValueError for a user such as `..`, which would lead to another path */
export function fillUrl(template: string, values: Values): string {
  const filled = fill(template, values, (value) => encodeURIComponent(value));
  const stands = URL.canParse(filled) ? new URL(filled) : null;
  if (!stands || countSegments(stands.href) !== countSegments(template)) throw new UnfitValueError('user');
  return stands.href;
}

const countSegments = (url: string) => (url.split(/[?#]/)[0] as string).split('/').length;

/** The values of one call; whoever isn't known has none. */
export function valuesOf(
  known: Readonly<{
    user: string;
    password: string;
    old: string | null;
    admin: Readonly<{ userName: string; password: string }> | null;
  }>,
): Values {
  const basic = (userName: string, password: string | null | undefined) =>
    typeof password === 'string' ? Buffer.from(`${userName}:${password}`).toString('base64') : null;
  const { user, password, old, admin } = known;
  return {
    user,
    new: password,
    old,
    admin: admin?.userName ?? null,
    admin_password: admin?.password ?? null,
    basic_new: basic(user, password),
    basic_old: basic(user, old),
    basic_admin: basic(admin?.userName ?? '', admin?.password),
  };
}
