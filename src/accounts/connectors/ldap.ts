import type { Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { Attribute, Change, Client } from 'ldapts';
import { z } from 'zod';
import type { CheckedAddress, Connector, SetOutcome, Target, VerifyOutcome } from './connector.ts';
import { errorOf } from './errors.ts';
import { bindNameOf, dnOf, isBindName, isDn, passwordModifyValue, unicodePwd } from './ldap-names.ts';
import { must } from './must.ts';
import { ca, host, port } from './settings.ts';
import { guardSocket, openSocket, tlsTo } from './sockets.ts';

const form = z.strictObject({
  host,
  port: port.optional(),
  /** `off`: every password is on the wire as it is. */
  tls: z.enum(['ldaps', 'starttls', 'off']).default('ldaps'),
  ca: ca.optional(),
  /** Active Directory knows no Password Modify: there it is an attribute. */
  variant: z.enum(['rfc3062', 'active_directory']).default('rfc3062'),
  /** The DN of a user; `{{user}}` alone: the user name is the DN. */
  userDn: z
    .string()
    .max(1000)
    .refine((value) => value.includes('{{user}}'), must('withUser'))
    .default('{{user}}'),
});
const settings = form.transform((given) => ({ ...given, port: given.port ?? (given.tls === 'ldaps' ? 636 : 389) }));
type Settings = z.output<typeof settings>;
type Credential = Readonly<{ name: string; password: string }>;

const modifyPassword = '1.3.6.1.4.1.4203.1.11.1';

/** An entry of a directory by LDAP: OpenLDAP, 389 DS, Active Directory and others. */
export function createLdap(reach: CheckedAddress): Connector<Settings> {
  async function bound<T>(
    place: Settings,
    { name, password }: Credential,
    signal: AbortSignal,
    work: (client: Client) => Promise<T>,
  ): Promise<T> {
    // A bind without a password succeeds, as nobody (RFC 4513, section 5.1.2).
    if (password === '') throw new BindError(49, '');
    // Nobody is asked, so that nobody has refused.
    if (!isBindName(name, place.variant)) throw new SettingsError();
    const opened = await openSocket(reach, { ...place, secure: place.tls === 'ldaps' }, signal);
    try {
      const client = clientOver(opened.socket, place.tls === 'ldaps');
      const story = async () => {
        if (place.tls === 'starttls') await client.startTLS(tlsTo(place.host, place.ca) as ConnectionOptions);
        await client.bind(name, password).catch((error) => {
          throw codeOf(error) === null ? error : new BindError(codeOf(error) as number, String(error.message));
        });
        return work(client);
      };
      const told = story();
      told.catch(() => {});
      return await Promise.race([told, opened.gone]);
    } catch (error) {
      const answered = error instanceof BindError || codeOf(error) !== null;
      throw answered ? error : (opened.failed() ?? error);
    } finally {
      opened.end();
    }
  }

  async function set(
    { userName, settings: place, admin }: Target<Settings>,
    { password, old }: Readonly<{ password: string; old: string | null }>,
    signal: AbortSignal,
  ): Promise<SetOutcome> {
    const dn = dnOf(place.userDn, userName);
    const credential = admin ? asAdmin(place, admin) : old !== null && { name: dn, password: old };
    if (!credential) return { result: 'denied', error: 'no_administrator' };
    if (!isDn(dn)) return { result: 'unavailable', error: 'settings' };
    let sent = false;
    try {
      return await bound(place, credential, signal, async (client) => {
        signal.throwIfAborted();
        sent = true;
        if (place.variant === 'active_directory') await client.modify(dn, changesOf(password, admin ? null : old));
        // As a Buffer: a string would be mangled, and another password changed.
        else await client.exop(modifyPassword, passwordModifyValue(dn, password));
        return { result: 'set' };
      });
    } catch (error) {
      return ofFailure(error, sent, signal);
    }
  }

  async function binds(place: Settings, credential: Credential, signal: AbortSignal): Promise<VerifyOutcome> {
    try {
      await bound(place, credential, signal, async () => {});
      return { result: 'accepted' };
    } catch (error) {
      if (!(error instanceof BindError)) return { result: 'unavailable', error: connectionError(error, signal) };
      if (error.code === 49) return ofActiveDirectory(error.message);
      return { result: 'unavailable', error: error.code === 51 || error.code === 52 ? 'busy' : 'not_let_in' };
    }
  }

  return {
    kind: 'ldap',
    needsAdmin: false,
    settings,
    set,
    verify: ({ userName, settings: place }, password, signal) =>
      binds(place, { name: dnOf(place.userDn, userName), password }, signal),
    verifyAdmin: async ({ settings: place, admin }, signal) =>
      admin ? binds(place, asAdmin(place, admin), signal) : { result: 'unproven', error: 'no_administrator' },
  };
}

/** Active Directory takes `user@domain` and `DOMAIN\\user`, too. */
function asAdmin(
  { variant, userDn }: Settings,
  { userName, password }: Readonly<{ userName: string; password: string }>,
): Credential {
  const asItIs = variant === 'active_directory' && /[@\\]/.test(userName);
  return { name: asItIs ? userName : bindNameOf(userDn, userName), password };
}

/** The name that the settings make of a user name is none that a directory knows. */
class SettingsError extends Error {}

class BindError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The library's client, over a socket that is open already. */
function clientOver(socket: Socket, secure: boolean): Client {
  const guarded = (options: ConnectionOptions) => guardSocket(connectTls(options));
  return new Client({
    url: `${secure ? 'ldaps' : 'ldap'}://[::1]`,
    strictDN: false,
    createConnection: () => socket,
    // For ldaps the library hands over its own options; for StartTLS those of the call.
    createSecureConnection: ((first: number | ConnectionOptions) =>
      typeof first === 'object' && first !== null ? guarded(first) : socket) as never,
  });
}

function changesOf(password: string, old: string | null): Change[] {
  const change = (operation: 'add' | 'delete' | 'replace', value: string) =>
    new Change({ operation, modification: new Attribute({ type: 'unicodePwd', values: [unicodePwd(value)] }) });
  // Whoever replaces it resets it; whoever changes their own proves the old one.
  return old === null ? [change('replace', password)] : [change('delete', old), change('add', password)];
}

/** The result code (RFC 4511, appendix A) that the directory answered; null: it answered none. */
function codeOf(error: unknown): number | null {
  const code = (error as { code?: unknown }).code;
  return error instanceof Error && typeof code === 'number' ? code : null;
}

function connectionError(error: unknown, signal: AbortSignal) {
  if (error instanceof SettingsError) return 'settings';
  // StartTLS isn't offered there.
  return [1, 2, 52, 53].includes(codeOf(error) ?? 0) ? 'no_tls' : errorOf(error, signal);
}

/**
 * Active Directory says more in its text: some refusals are of the right password (expired, to be
 * changed, outside of the hours), and a locked account refuses any.
 */
function ofActiveDirectory(message: string): VerifyOutcome {
  const data = /\bdata ([0-9a-f]{3})\b/.exec(message)?.[1] ?? '';
  if (['530', '531', '532', '533', '701', '773'].includes(data)) return { result: 'accepted' };
  return data === '775' ? { result: 'unavailable', error: 'not_let_in' } : { result: 'refused' };
}

function ofFailure(error: unknown, sent: boolean, signal: AbortSignal): SetOutcome {
  if (error instanceof BindError) {
    if (error.code === 51 || error.code === 52) return { result: 'unavailable', error: 'busy' };
    const weak = error.code === 8 || error.code === 13;
    return { result: 'denied', error: weak ? 'weak_method' : 'wrong_administrator' };
  }
  const code = codeOf(error);
  if (!sent) return { result: 'unavailable', error: connectionError(error, signal) };
  if (code === null) return { result: 'unknown', error: errorOf(error, signal) };
  const message = (error as Error).message;
  switch (code) {
    case 19:
      return { result: 'rejected', error: /history/i.test(message) ? 'password_history' : 'password_rules' };
    case 50:
      return { result: 'denied', error: 'not_permitted' };
    case 32:
      return { result: 'denied', error: 'unknown_user' };
    case 8:
    case 13:
      return { result: 'denied', error: 'weak_method' };
    case 2:
      return { result: 'denied', error: 'not_supported' };
    case 51:
      return { result: 'unavailable', error: 'busy' };
    case 53:
      // Active Directory: the password breaks its rules.
      if (/0000052D/i.test(message)) return { result: 'rejected', error: 'password_rules' };
      return { result: 'denied', error: 'not_supported' };
    default:
      return { result: 'unknown', error: 'unexpected_answer' };
  }
}
