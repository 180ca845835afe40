import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { By } from '../by.ts';
import type { Config } from '../config.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { parseJson } from '../http/parse-json.ts';
import type { InTurn } from '../http/turns.ts';
import type { RefusedCalls } from '../revocation/refused-calls.ts';
import type { SignalConnection } from './find-connection.ts';
import { receiveEvent } from './receive-event.ts';
import { claimedBy, recordRefusal } from './record-refusal.ts';
import { SignalRefused, toAnswer } from './refusal.ts';
import type { SecurityEvent } from './security-event.ts';
import { eventsUrl } from './security-events.ts';
import { judgeEvent } from './take-event.ts';

/** Events of one answer that we ask for. */
const mostEvents = 50;
/** Events of one answer that we take, whatever we asked for: the others come again. */
const mostTaken = 1_000;
/** Milliseconds that a transmitter may let us wait for the next event. */
const longestWaitMs = 45_000;

export type TransmitterDeps = Readonly<{
  config: Config;
  pool: Pool;
  idpKeys: IdpKeys;
  guardedFetch: GuardedFetch;
  refusedCalls: RefusedCalls;
  inTurn: InTurn;
  announce: () => void;
}>;

/** A poll that didn't come to its end. The word is kept; what the other side said never is. */
export class PollFailed extends Error {
  override readonly name = 'PollFailed';
  readonly word: string;
  constructor(word: string, cause?: unknown) {
    super(`the poll failed: ${word}`, { cause });
    this.word = word;
  }
}

/** Each event is judged alone: a wrong one among them keeps no other from being taken. */
const answerForm = z.object({ sets: z.record(z.string(), z.unknown()) });

/** `fresh`: events that did something, no repeats, and none that were refused. */
type Polled = Readonly<{ came: number; fresh: number }>;
type Asked = Readonly<{
  endpoint: string;
  token: string;
  /** False: the transmitter answers at once. */
  waits: boolean;
  /** When no further event is begun, by `performance.now()`. */
  until: number;
  signal: AbortSignal;
}>;

/**
 * Polls a connection's IdP once (RFC 8936 §2): what comes runs as a push would, and what was carried
 * out, or can never be, is acknowledged behind it. What failed for a reason of ours isn't, nor what
 * there was no time for: it comes again. @throws PollFailed, GuardedFetchError
 */
export async function pollTransmitter(
  deps: TransmitterDeps,
  connection: SignalConnection,
  { endpoint, token, waits, until, signal }: Asked,
): Promise<Polled> {
  const post = async (body: object, limit: object) => {
    const answer = await deps.guardedFetch(endpoint, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'universal-logout',
        Authorization: `Bearer ${token}`,
      },
      body: JSON.stringify(body),
      signal,
      ...limit,
    });
    if (answer.status === 401 || answer.status === 403) throw new PollFailed('not_authorized');
    if (answer.status < 200 || answer.status >= 300)
      throw new PollFailed(answer.status >= 500 ? 'unavailable' : 'refused');
    return answer;
  };

  const asked = { maxEvents: mostEvents, returnImmediately: !waits };
  const { text } = await post(asked, waits ? { limitMs: longestWaitMs } : {});
  const parsed = answerForm.safeParse(parseJson(text));
  if (!parsed.success) throw new PollFailed('no_answer');
  const sets = Object.entries(parsed.data.sets).slice(0, mostTaken);
  const ack: string[] = [];
  const setErrs: Record<string, { err: string; description: string }> = {};
  let fresh = 0;
  let failure: unknown;
  for (const [jti, set] of sets) {
    if (signal.aborted || performance.now() > until) break;
    try {
      const outcome = await deps.inTurn('endings', connection.orgId, () => take(deps, connection, set));
      if (outcome !== 'replayed') fresh += 1;
      ack.push(jti);
    } catch (error) {
      const { status, detail } = toAnswer(error);
      // Where our database or the IdP's keys are away, or too much is under way, it has to come again.
      if (status >= 500 || status === 429) failure ??= error;
      // The others would fare alike, and each would wait for it. A fault of ours in one keeps no other back.
      if (status > 500 || status === 429) break;
      if (status < 500)
        setErrs[jti] = { err: error instanceof SignalRefused ? error.code : 'invalid_request', description: detail };
    }
  }
  if (ack.length > 0 || Object.keys(setErrs).length > 0)
    await post({ maxEvents: 0, returnImmediately: true, ack, setErrs }, { statusOnly: true });
  if (failure) throw new PollFailed('unavailable_here', failure);
  return { came: sets.length, fresh };
}

/** @throws what a push would be refused with */
async function take(deps: TransmitterDeps, connection: SignalConnection, set: unknown) {
  const token = typeof set === 'string' ? set : '';
  const from = { receiver: eventsUrl(deps.config, connection.id), network: `poll ${connection.id}` };
  const { signed, event, error } = await judgeEvent(deps.idpKeys, token, connection, from);
  const by: By = { actor: { type: 'connection', id: connection.id }, ip: null, requestId: null };
  try {
    if (!event) throw error;
    const { outcome } = await receiveEvent(deps.pool, { connection, event, by });
    if (outcome === 'revoked' || outcome === 'several_revoked') deps.announce();
    return outcome;
  } catch (refused) {
    await record(deps, connection, refused, { signed, event });
    throw refused;
  }
}

async function record(
  { refusedCalls }: TransmitterDeps,
  connection: SignalConnection,
  error: unknown,
  { signed, event }: { signed: boolean; event: SecurityEvent | undefined },
): Promise<void> {
  const known = { connection, signed, ...(event && { event }) };
  const claims = [claimedBy(connection, known, error)];
  await recordRefusal(refusedCalls, error, known, {
    endpoint: 'security_event',
    claims,
    ip: null,
    requestId: randomUUID(),
  });
}
