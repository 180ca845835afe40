import { Socket } from 'node:net';
import pg from 'pg';
import type { CheckedAddress } from './connector.ts';
import { atAbort, guardSocket, tlsTo, within } from './sockets.ts';

type Place = Readonly<{ host: string; port: number; tls: 'verify' | 'off'; ca?: string | undefined; database: string }>;
type Credential = Readonly<{ userName: string; password: string }>;

/** The server asked for the password in a form that isn't safe without TLS: it was not sent. */
export class WeakMethodError extends Error {}

/** Signs in, and says how, also where that fails. */
export async function signIn(
  reach: CheckedAddress,
  place: Place,
  { userName, password }: Credential,
  signal: AbortSignal,
) {
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
