import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type {
  CheckedAddress,
  Connector,
  EndOutcome,
  SaveOutcome,
  SetOutcome,
  Target,
  VerifyOutcome,
} from './connector.ts';
import { type ConnectorError, errorOf, notEnded } from './errors.ts';
import { type Reply, RespError, speakResp } from './resp.ts';
import { placeAt } from './settings.ts';
import { openSocket } from './sockets.ts';

const settings = z.strictObject(placeAt(6379));
type Settings = z.output<typeof settings>;
type Credential = Readonly<{ userName: string; password: string }>;
type Ask = (...command: readonly string[]) => Promise<Reply>;

/** A user of Redis 6 and later, or of Valkey, as its access control list (ACL) has it. */
export function createRedis(reach: CheckedAddress): Connector<Settings> {
  async function signedIn<T>(
    place: Settings,
    { userName, password }: Credential,
    signal: AbortSignal,
    work: (ask: Ask) => Promise<T>,
  ): Promise<T> {
    const opened = await openSocket(reach, { ...place, secure: place.tls === 'verify' }, signal);
    try {
      const ask = speakResp(opened);
      try {
        await ask('AUTH', userName, password);
      } catch (error) {
        throw error instanceof RespError ? new SignInError(error) : error;
      }
      return await work(ask);
    } finally {
      opened.end();
    }
  }

  async function set(
    { userName, settings: place, admin }: Target<Settings>,
    { password }: Readonly<{ password: string }>,
    signal: AbortSignal,
  ): Promise<SetOutcome> {
    if (!admin) return { result: 'denied', error: 'no_administrator' };
    let sent = false;
    try {
      return await signedIn(place, admin, signal, async (ask) => {
        // ACL SETUSER makes a user that isn't there.
        if ((await ask('ACL', 'GETUSER', userName)) === null) return { result: 'denied', error: 'unknown_user' };
        signal.throwIfAborted();
        sent = true;
        const reply = await ask('ACL', 'SETUSER', userName, 'resetpass', `>${password}`);
        if (reply !== 'OK') return { result: 'unknown', error: 'unexpected_answer' };
        // Where that fails, the clean-up does it again, and tells.
        await writeFile(ask);
        return { result: 'set' };
      });
    } catch (error) {
      return ofFailure(error, sent, signal);
    }
  }

  async function save({ settings: place, admin }: Target<Settings>, signal: AbortSignal): Promise<SaveOutcome> {
    if (!admin) return 'unavailable';
    try {
      return await signedIn(place, admin, signal, writeFile);
    } catch (error) {
      return error instanceof SignInError && error.word === 'WRONGPASS' ? 'denied' : 'unavailable';
    }
  }

  async function verify(
    { userName, settings: place }: Target<Settings>,
    password: string,
    signal: AbortSignal,
  ): Promise<VerifyOutcome> {
    try {
      return await signedIn(place, { userName, password }, signal, async (ask) => {
        // A user with `nopass` signs in with any.
        const any = await ask('AUTH', userName, randomBytes(24).toString('hex')).catch((error) => error);
        if (any instanceof RespError && any.word === 'WRONGPASS') return { result: 'accepted' };
        if (any === 'OK') return { result: 'unproven', error: 'no_password_asked' };
        throw any;
      });
    } catch (error) {
      if (!(error instanceof SignInError)) return { result: 'unavailable', error: errorOf(error, signal) };
      return error.word === 'WRONGPASS' ? { result: 'refused' } : { result: 'unavailable', error: 'busy' };
    }
  }

  const verifyAdmin = async ({ admin, ...target }: Target<Settings>, signal: AbortSignal): Promise<VerifyOutcome> =>
    admin
      ? verify({ ...target, admin, userName: admin.userName }, admin.password, signal)
      : { result: 'unproven', error: 'no_administrator' };

  async function endConnections(
    { userName, settings: place, admin }: Target<Settings>,
    signal: AbortSignal,
  ): Promise<EndOutcome> {
    if (!admin) return { ended: null };
    try {
      return await signedIn(place, admin, signal, async (ask) => {
        const ended = await ask('CLIENT', 'KILL', 'USER', userName);
        return typeof ended === 'number' ? { ended } : { error: 'unexpected_answer' };
      });
    } catch (error) {
      return notEnded(ofFailure(error, false, signal));
    }
  }

  return { kind: 'redis', needsAdmin: true, settings, set, save, verify, verifyAdmin, endConnections };
}

class SignInError extends Error {
  readonly word: string;
  constructor(cause: RespError) {
    super('The server refused the sign-in.', { cause });
    this.word = cause.word;
  }
}

/** Writes the users to the server's ACL file. Without one they are what redis.conf says at its next start. */
async function writeFile(ask: Ask): Promise<SaveOutcome> {
  try {
    return (await ask('ACL', 'SAVE')) === 'OK' ? 'saved' : 'not_saved';
  } catch (error) {
    if (!(error instanceof RespError)) throw error;
    return 'not_saved';
  }
}

function ofFailure(error: unknown, sent: boolean, signal: AbortSignal): SetOutcome {
  if (error instanceof SignInError) {
    const wrong = error.word === 'WRONGPASS';
    return wrong ? { result: 'denied', error: 'wrong_administrator' } : { result: 'unavailable', error: 'busy' };
  }
  if (!(error instanceof RespError)) {
    return { result: sent ? 'unknown' : 'unavailable', error: errorOf(error, signal) };
  }
  // A command that is answered with an error was not carried out.
  const errors: Record<string, ConnectorError> = { NOPERM: 'not_permitted', ERR: 'not_supported' };
  const denied = errors[error.word];
  return denied ? { result: 'denied', error: denied } : { result: 'unavailable', error: 'busy' };
}
