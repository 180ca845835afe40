import { connect as connectTls } from 'node:tls';
import { type Connection, createConnection, type QueryError } from 'mysql2';
import { z } from 'zod';
import type { CheckedAddress, Connector, EndOutcome, SetOutcome, Target, VerifyOutcome } from './connector.ts';
import { type ConnectorError, errorOf, notEnded } from './errors.ts';
import { placeAt } from './settings.ts';
import { guardSocket, type Opened, openSocket, tlsTo } from './sockets.ts';

const settings = z.strictObject({
  ...placeAt(3306),
  /** The host part of the account, as MariaDB has it: from where it may sign in. */
  at: z.string().min(1).max(255).default('%'),
});
type Settings = z.output<typeof settings>;
type Credential = Readonly<{ userName: string; password: string }>;
type Row = Readonly<Record<string, unknown>>;
type Ask = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** An account of MariaDB 10.5 and later, or of MySQL 8. */
export function createMariadb(reach: CheckedAddress): Connector<Settings> {
  async function signedIn<T>(
    place: Settings,
    { userName, password }: Credential,
    signal: AbortSignal,
    work: (ask: Ask) => Promise<T>,
  ): Promise<T> {
    const opened = await openSocket(reach, { ...place, secure: false }, signal);
    try {
      const connection = speak(place, opened, { userName, password });
      await Promise.race([settled((done) => connection.connect(done)), opened.gone]).catch((error) => {
        throw ofSignIn(error);
      });
      return await work(async (sql, values = []) => {
        const asked = settled<readonly Row[]>((done) => connection.query(sql, [...values], done as never));
        return Promise.race([asked, opened.gone]);
      });
    } finally {
      opened.end();
    }
  }

  async function set(
    { userName, settings: place, admin }: Target<Settings>,
    { password, old }: Readonly<{ password: string; old: string | null }>,
    signal: AbortSignal,
  ): Promise<SetOutcome> {
    // An account may change its own password.
    const credential = admin ?? (old === null ? null : { userName, password: old });
    if (!credential) return { result: 'denied', error: 'no_administrator' };
    let sent = false;
    try {
      return await signedIn(place, credential, signal, async (ask) => {
        // The driver escapes with backslashes, which NO_BACKSLASH_ESCAPES would take as they are.
        await ask("SET SESSION sql_mode = ''");
        const [{ version, name } = {}] = await ask('SELECT VERSION() AS version, CURRENT_USER() AS name');
        if (!admin && !isOf(place, userName, name)) return { result: 'denied', error: 'other_account' };
        signal.throwIfAborted();
        sent = true;
        if (admin) await ask('ALTER USER ?@? IDENTIFIED BY ?', [userName, place.at, password]).catch(asking(ask));
        else
          await ask(String(version).includes('MariaDB') ? 'SET PASSWORD = PASSWORD(?)' : 'SET PASSWORD = ?', [
            password,
          ]);
        return { result: 'set' };
      });
    } catch (error) {
      return ofFailure(error, sent, signal);
    }
  }

  /** `means`: whether the account that let us in is the one that is meant. */
  async function signsIn(
    place: Settings,
    credential: Credential,
    means: (currentUser: unknown) => boolean,
    signal: AbortSignal,
  ): Promise<VerifyOutcome> {
    try {
      return await signedIn(place, credential, signal, async (ask) => {
        const rows = await ask('SELECT CURRENT_USER() AS name');
        return means(rows[0]?.name) ? { result: 'accepted' } : { result: 'unproven', error: 'other_account' };
      });
    } catch (error) {
      if (!(error instanceof SignInError)) return { result: 'unavailable', error: errorOf(error, signal) };
      if (error.errno === 1045) return { result: 'refused' };
      if (error.method) return { result: 'unproven', error: error.method };
      // Its password has expired, or it has too many connections: both are said to the right one only.
      if ([1203, 1226, 1820, 1862].includes(error.errno)) return { result: 'accepted' };
      return { result: 'unavailable', error: error.errno === 1040 ? 'busy' : 'not_let_in' };
    }
  }

  const verify = ({ userName, settings: place }: Target<Settings>, password: string, signal: AbortSignal) =>
    signsIn(place, { userName, password }, (name) => isOf(place, userName, name), signal);

  /** `at` is the account's: the administrator may come from elsewhere. */
  const verifyAdmin = async (
    { settings: place, admin }: Target<Settings>,
    signal: AbortSignal,
  ): Promise<VerifyOutcome> =>
    admin
      ? signsIn(place, admin, (name) => String(name).startsWith(`${admin.userName}@`), signal)
      : { result: 'unproven', error: 'no_administrator' };

  async function endConnections(
    { userName, settings: place, admin }: Target<Settings>,
    signal: AbortSignal,
  ): Promise<EndOutcome> {
    if (!admin) return { ended: null };
    try {
      return await signedIn(place, admin, signal, async (ask) => {
        // Without the right PROCESS the list would be of the administrator's own alone; this asks for that right.
        await ask('SELECT COUNT(*) FROM information_schema.INNODB_TRX');
        const list = 'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = ? AND ID <> CONNECTION_ID()';
        const rows = await ask(list, [userName]);
        let ended = 0;
        for (const { id } of rows) {
          // 1094: it has ended by itself meanwhile.
          const done = await ask('KILL CONNECTION ?', [id]).then(
            () => true,
            (error) => {
              if (isQueryError(error) && error.errno === 1094) return false;
              throw error;
            },
          );
          ended += done ? 1 : 0;
        }
        return { ended };
      });
    } catch (error) {
      return notEnded(ofFailure(error, false, signal));
    }
  }

  return {
    kind: 'mariadb',
    needsAdmin: false,
    settings,
    set,
    verify,
    verifyAdmin,
    endConnections,
  };
}

/** Another account of that name, or an anonymous one, may be nearer to where we come from. */
const isOf = ({ at }: Settings, userName: string, currentUser: unknown): boolean => currentUser === `${userName}@${at}`;

class SignInError extends Error {
  readonly errno: number;
  /** The method that the server wants can't be used, or isn't safe. */
  readonly method: ConnectorError | null;
  constructor(errno: number, method: ConnectorError | null, cause: unknown) {
    super('The server refused the sign-in.', { cause });
    this.errno = errno;
    this.method = method;
  }
}

function ofSignIn(error: unknown): unknown {
  const { code, message } = error as Partial<QueryError>;
  if (code === 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED' || error instanceof UnsafeMethodError)
    return new SignInError(0, 'weak_method', error);
  // Such as MariaDB's ed25519, which the driver doesn't know.
  if (message?.includes('unknown plugin')) return new SignInError(0, 'not_supported', error);
  return isQueryError(error) ? new SignInError(error.errno ?? 0, null, error) : error;
}

class UnsafeMethodError extends Error {}

/** MariaDB says only that ALTER USER failed (1396), and why in a warning: it may be a rule for passwords. */
const asking = (ask: Ask) => async (error: unknown) => {
  if (!isQueryError(error) || error.errno !== 1396) throw error;
  const warnings = await ask('SHOW WARNINGS');
  throw Object.assign(error, { errno: warnings.some(({ Code }) => Code === 1819) ? 1819 : 1396 });
};

/** What the server answered, or the driver refused to do: everything else is the connection's. */
function isQueryError(error: unknown): error is QueryError {
  return error instanceof Error && 'sqlState' in error && typeof (error as QueryError).errno === 'number';
}

/** Without TLS the server gets no more than an answer to a challenge, as mysql_native_password has it. */
const refusedWithoutTls = ['caching_sha2_password', 'sha256_password', 'mysql_clear_password'];

function speak(place: Settings, { socket }: Opened, { userName, password }: Credential): Connection {
  const refuse = () => async () => {
    throw new UnsafeMethodError();
  };
  const connection = createConnection({
    stream: () => socket,
    user: userName,
    password,
    charset: 'utf8mb4',
    connectTimeout: 0,
    ...(place.tls === 'verify'
      ? { ssl: {} }
      : { authPlugins: Object.fromEntries(refusedWithoutTls.map((name) => [name, refuse])) }),
  } as Parameters<typeof createConnection>[0]);
  connection.on('error', () => {});
  const inside = connection as unknown as {
    stream: typeof socket;
    packetParser: { execute(data: Buffer): void };
    startTLS(ready: (error?: Error) => void): void;
  };
  // The driver's own takes `localhost` for the name where the host is an address.
  inside.startTLS = (ready) => {
    socket.removeAllListeners('data');
    const secure = guardSocket(connectTls({ ...tlsTo(place.host, place.ca), socket }));
    secure.once('secureConnect', () => ready());
    // The driver writes a code of its own into what it is given.
    secure.once('error', (cause) => ready(new Error('TLS failed.', { cause })));
    secure.on('data', (data: Buffer) => inside.packetParser.execute(data));
    inside.stream = secure;
  };
  return connection;
}

function settled<T>(begin: (done: (error: unknown, value?: T) => void) => void): Promise<T> {
  const work = new Promise<T>((resolve, reject) => {
    begin((error, value) => (error ? reject(error) : resolve(value as T)));
  });
  work.catch(() => {});
  return work;
}

function ofFailure(error: unknown, sent: boolean, signal: AbortSignal): SetOutcome {
  if (error instanceof SignInError) {
    if (error.method) return { result: 'denied', error: error.method };
    if (error.errno === 1040) return { result: 'unavailable', error: 'busy' };
    return { result: 'denied', error: 'wrong_administrator' };
  }
  if (!isQueryError(error)) return { result: sent ? 'unknown' : 'unavailable', error: errorOf(error, signal) };
  const denied: Record<number, ConnectorError> = {
    1044: 'not_permitted',
    1045: 'not_permitted',
    1095: 'not_permitted',
    1142: 'not_permitted',
    1227: 'not_permitted',
    1396: 'unknown_user',
  };
  const word = denied[error.errno ?? 0];
  if (word) return { result: 'denied', error: word };
  if (error.errno === 1819) return { result: 'rejected', error: 'password_rules' };
  if (error.errno === 3638) return { result: 'rejected', error: 'password_history' };
  if (error.errno === 1290 || error.errno === 1836) return { result: 'unavailable', error: 'read_only' };
  return { result: sent ? 'unknown' : 'unavailable', error: 'unexpected_answer' };
}
