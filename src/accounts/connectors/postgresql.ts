import { Socket } from 'node:net';
import pg from 'pg';
import { z } from 'zod';
import type { CheckedAddress, Connector, EndOutcome, SetOutcome, Target, VerifyOutcome } from './connector.ts';
import { type ConnectorError, errorOf, notEnded } from './errors.ts';
import { isPrepared, makeScramVerifier } from './scram.ts';
import { placeAt } from './settings.ts';
import { atAbort, guardSocket, tlsTo, within } from './sockets.ts';

const settings = z.strictObject({ ...placeAt(5432), database: z.string().min(1).max(63).default('postgres') });
type Settings = z.output<typeof settings>;
type Credential = Readonly<{ userName: string; password: string }>;

/** A role's password in PostgreSQL 10 and later, or in what speaks its protocol and stores SCRAM. */
export function createPostgresql(reach: CheckedAddress): Connector<Settings> {
  /** Signs in, and says how, also where that fails. */
  async function signIn(place: Settings, { userName, password }: Credential, signal: AbortSignal) {
    const socket = guardSocket(new Socket());
    const forget = atAbort(signal, () => socket.destroy());
    const how: { asked: 'nothing' | 'scram' | 'other'; weak: boolean; letIn: boolean; error: unknown } = {
      asked: 'nothing',
      weak: false,
      letIn: false,
      error: null,
    };
    const client = new pg.Client({
      host: await within(signal, reach(place.host, place.port)),
      port: place.port,
      user: userName,
      database: place.database,
      application_name: 'universal-logout',
      ssl: place.tls === 'verify' ? tlsTo(place.host, place.ca) : false,
      stream: () => socket,
      // A function: of an empty string the library makes PGPASSWORD of the environment.
      password: () => password,
    });
    client.on('error', () => {});
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter & { stream: Socket } };
    connection.on('sslconnect', () => guardSocket(connection.stream));
    connection.on('authenticationSASL', () => {
      how.asked = 'scram';
    });
    // Whoever pretends to be the server without TLS could ask for the password in a form that gives
    // it away, also after SCRAM. The library, which hears of it next, writes to a closed socket.
    for (const name of ['authenticationCleartextPassword', 'authenticationMD5Password'])
      connection.prependListener(name, () => {
        how.asked = 'other';
        if (place.tls !== 'off') return;
        how.weak = true;
        connection.stream.destroy();
      });
    connection.on('authenticationOk', () => {
      // Of SCRAM the library has then seen that the server knows the password's verifier, too.
      how.letIn = how.asked !== 'scram' || (client as unknown as { saslSession: unknown }).saslSession === null;
    });
    const end = () => {
      forget();
      connection.stream.destroy();
      socket.destroy();
    };
    try {
      await client.connect();
      if (!how.letIn) throw new Error('The server has proven nothing.');
    } catch (error) {
      how.error = how.weak ? new WeakMethodError() : error;
      end();
    }
    return { client, ...how, end };
  }

  async function set(
    { userName, settings: place, admin }: Target<Settings>,
    { password, old }: Readonly<{ password: string; old: string | null }>,
    signal: AbortSignal,
  ): Promise<SetOutcome> {
    if (!isPrepared(password)) return { result: 'rejected', error: 'characters' };
    // A role may change its own password.
    const credential = admin ?? (old === null ? null : { userName, password: old });
    if (!credential) return { result: 'denied', error: 'no_administrator' };
    let committing = false;
    let end = () => {};
    try {
      const verifier = await makeScramVerifier(password);
      const signedIn = await signIn(place, credential, signal);
      end = signedIn.end;
      const { client, error } = signedIn;
      if (error) return ofSignIn(error, signal);
      await client.query(`BEGIN; ${limits}`);
      await client.query(`ALTER ROLE ${pg.escapeIdentifier(userName)} PASSWORD ${pg.escapeLiteral(verifier)}`);
      signal.throwIfAborted();
      committing = true;
      await client.query('COMMIT');
      return { result: 'set' };
    } catch (error) {
      if (committing) return { result: 'unknown', error: codeOf(error) ? 'unexpected_answer' : errorOf(error, signal) };
      return ofStatement(error, signal);
    } finally {
      end();
    }
  }

  async function verify(
    { userName, settings: place }: Target<Settings>,
    password: string,
    signal: AbortSignal,
  ): Promise<VerifyOutcome> {
    try {
      const { asked, letIn, error, end } = await signIn(place, { userName, password }, signal);
      end();
      // What fails after that isn't the password's fault: no such database, too many connections.
      if (letIn) return asked === 'nothing' ? unproven('no_password_asked') : { result: 'accepted' };
      if (error instanceof WeakMethodError) return unproven('weak_method');
      const code = codeOf(error);
      if (code === '28P01') return { result: 'refused' };
      // Without a question for the password, pg_hba.conf refuses whoever comes from here.
      if (code === '28000') return asked === 'nothing' ? unavailable('not_let_in') : { result: 'refused' };
      return unavailable(/^(53|57)/.test(code) ? 'busy' : connectionError(error, signal));
    } catch (error) {
      return unavailable(errorOf(error, signal));
    }
  }

  const verifyAdmin = async ({ admin, ...target }: Target<Settings>, signal: AbortSignal): Promise<VerifyOutcome> =>
    admin
      ? verify({ ...target, admin, userName: admin.userName }, admin.password, signal)
      : unproven('no_administrator');

  async function endConnections(
    { userName, settings: place, admin }: Target<Settings>,
    signal: AbortSignal,
  ): Promise<EndOutcome> {
    if (!admin) return { ended: null };
    let end = () => {};
    try {
      const signedIn = await signIn(place, admin, signal);
      end = signedIn.end;
      if (signedIn.error) return notEnded(ofSignIn(signedIn.error, signal));
      const { rows } = await signedIn.client.query<{ ended: string }>(
        // Materialized: the planner mustn't ask for the name only after it has ended the session.
        `WITH meant AS MATERIALIZED (
           SELECT pid FROM pg_catalog.pg_stat_activity WHERE usename = $1 AND pid <> pg_catalog.pg_backend_pid())
         SELECT pg_catalog.count(*) AS ended FROM meant WHERE pg_catalog.pg_terminate_backend(pid)`,
        [userName],
      );
      return { ended: Number(rows[0]?.ended) };
    } catch (error) {
      return notEnded(ofStatement(error, signal));
    } finally {
      end();
    }
  }

  return {
    kind: 'postgresql',
    needsAdmin: false,
    settings,
    without: /\0/,
    set,
    verify,
    verifyAdmin,
    endConnections,
  };
}

/**
 * The server gives up before we do, so that nothing waits there for long after we have gone. What
 * it had not been told to commit by then it undoes.
 */
const limits = ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout']
  .map((name) => `SET LOCAL ${name} = '5s'`)
  .join('; ');

/** The server asked for the password in a form that isn't safe without TLS: it was not sent. */
class WeakMethodError extends Error {}

const unproven = (error: ConnectorError) => ({ result: 'unproven', error }) as const;
const unavailable = (error: ConnectorError) => ({ result: 'unavailable', error }) as const;

/** The SQLSTATE; empty where the server sent none. */
function codeOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : '';
}

function connectionError(error: unknown, signal: AbortSignal): ConnectorError {
  const noTls = error instanceof Error && error.message === 'The server does not support SSL connections';
  return noTls ? 'no_tls' : errorOf(error, signal);
}

function ofSignIn(error: unknown, signal: AbortSignal): SetOutcome {
  if (error instanceof WeakMethodError) return { result: 'denied', error: 'weak_method' };
  const code = codeOf(error);
  if (code.startsWith('28')) return { result: 'denied', error: 'wrong_administrator' };
  if (code === '42501') return { result: 'denied', error: 'not_permitted' };
  if (/^(53|57)/.test(code)) return { result: 'unavailable', error: 'busy' };
  return { result: 'unavailable', error: connectionError(error, signal) };
}

/** Until the commit nothing is set, whatever ends it. */
function ofStatement(error: unknown, signal: AbortSignal): SetOutcome {
  const code = codeOf(error);
  if (code === '42501') return { result: 'denied', error: 'not_permitted' };
  if (code === '42704') return { result: 'denied', error: 'unknown_user' };
  if (code === '25006') return { result: 'unavailable', error: 'read_only' };
  // passwordcheck raises the first, credcheck the second.
  if (code === '22023' || code === '28000') return { result: 'rejected', error: 'password_rules' };
  // Somebody else holds the role, or has just changed it; or the server is short of something, or goes down.
  if (/^(53|55|57|XX000)/.test(code)) return { result: 'unavailable', error: 'busy' };
  return { result: 'unavailable', error: code === '' ? errorOf(error, signal) : 'unexpected_answer' };
}
