/** A value in a distinguished name (RFC 4514, section 2.4): it ends no part, and begins no other. */
export function escapeInDn(value: string): string {
  return value
    .replace(/[\\,+"<>;=#\0]/g, (character) => `\\${Buffer.from(character).toString('hex').padStart(2, '0')}`)
    .replace(/^ | $/g, '\\20');
}

/** `template` with the user's name in it; alone, `{{user}}` is a name that is a DN already. */
export function dnOf(template: string, userName: string): string {
  return template === '{{user}}' ? userName : template.replaceAll('{{user}}', () => escapeInDn(userName));
}

/** What an administrator binds as: where they aren't one of those below `template`, by a DN of their own. */
export const bindNameOf = (template: string, userName: string): string =>
  /^[a-z\d][\w.-]*=[^,]+,.*=/i.test(userName) ? userName : dnOf(template, userName);

/** Whether it names an entry, as far as can be told without asking. */
export const isDn = (name: string): boolean => name.includes('=');

/**
 * Whether the directory takes it for a name: Active Directory also `user@domain` and `DOMAIN\\user`.
 * What is none the library may take for a SASL mechanism.
 */
export const isBindName = (name: string, variant: 'rfc3062' | 'active_directory'): boolean =>
  isDn(name) || (variant === 'active_directory' && /[@\\]/.test(name));

/**
 * The value of a Password Modify request (RFC 3062). Both members always stand in it: without the
 * first, the password of whoever is signed in changes.
 */
export function passwordModifyValue(userIdentity: string, newPassword: string): Buffer {
  return element(
    0x30,
    Buffer.concat([element(0x80, Buffer.from(userIdentity)), element(0x82, Buffer.from(newPassword))]),
  );
}

/** One element of BER: its tag, the length of its content, and that. */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const bytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  if (length > 0xffff) throw new RangeError('too long for this element');
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

/** What Active Directory takes for `unicodePwd`: UTF-16, in quotes. */
export const unicodePwd = (password: string): Buffer => Buffer.from(`"${password}"`, 'utf16le');
