import pRetry from 'p-retry';
import { isStalePlan } from './stale-plans.ts';

const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'EMFILE',
  'ENFILE',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
]);
/** Time limits of locks and statements, a standby after a failover, a conflict after retries. */
const sqlStates = new Set(['55P03', '57014', '25006', '40001', '40P01']);
const ownTrouble = new Set(['55P03', '57014', '40001', '40P01', 'P2028', 'P2034']);
/** Connection exceptions, shutdown and start-up, and the server's own limits. */
const sqlStateClasses = /^(08[0-9A-Z]{3}|57P0[0-9A-Z]|53[0-9A-Z]{3})$/;
const prismaCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037']);
const adapterKinds = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'TooManyConnections',
  'SocketTimeout',
  'TransactionWriteConflict',
]);
/** pg and pg-pool give these errors no code. */
const driverMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (has encountered a connection error|was closed) and is not queryable|Cannot use a pool after calling end)/;

/** Whether the database didn't answer: the request isn't at fault, 503. Looks through `cause`. */
export function isUnavailable(error: unknown): boolean {
  return someCause(error, (link) => {
    const codes = codesOf(link);
    return (
      codes.some((code) => socketCodes.has(code) || prismaCodes.has(code)) ||
      codes.some((code) => sqlStates.has(code) || sqlStateClasses.test(code)) ||
      (typeof link.kind === 'string' && adapterKinds.has(link.kind)) ||
      (typeof link.message === 'string' && driverMessages.test(link.message))
    );
  });
}

/**
 * Whether the database as a whole doesn't answer: not where one statement met a lock, a time limit
 * or a conflict, nor where another service is away (`foreign`).
 */
export function isAway(error: unknown): boolean {
  if (someCause(error, (link) => link.foreign === true)) return false;
  return isUnavailable(error) && !someCause(error, (link) => codesOf(link).some((code) => ownTrouble.has(code)));
}

/** Whether PostgreSQL broke off the transaction so that a retry may succeed (40001, 40P01). */
export function isConflict(error: unknown): boolean {
  return someCause(error, (link) => codesOf(link).some((code) => ['40001', '40P01', 'P2034'].includes(code)));
}

/** Whether a row with the same unique key exists already, as told by pg or by Prisma. */
export function isUniqueViolation(error: unknown): boolean {
  return someCause(error, (link) => codesOf(link).some((code) => code === '23505' || code === 'P2002'));
}

/**
 * Runs `work`, and after a unique violation once more: somebody else took a name at the same moment,
 * and the second look sees who.
 */
export async function withSecondLook<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return work();
  }
}

/**
 * Whether PostgreSQL refused a character that text can't hold, such as NUL: a fault of the request.
 */
export function isUnstorable(error: unknown): boolean {
  return someCause(error, (link) => codesOf(link).some((code) => ['22021', '22P05'].includes(code)));
}

/** Runs a whole transaction again after a conflict or a stale plan: 3 times at most, with jitter. */
export async function withRetry<T>(fn: () => Promise<T>): Promise<T> {
  return pRetry(() => fn(), {
    retries: 3,
    minTimeout: 10,
    maxTimeout: 200,
    randomize: true,
    shouldRetry: ({ error }) => isConflict(error) || isStalePlan(error),
  });
}

type Link = Record<string, unknown>;

function codesOf(link: Link): string[] {
  return [link.code, link.errorCode, link.originalCode].filter((code) => typeof code === 'string');
}

/** Walks `cause`, AggregateErrors (both addresses of localhost) and Prisma's adapter errors. */
function someCause(error: unknown, test: (link: Link) => boolean, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 8) return false;
  const link = error as Link;
  if (test(link)) return true;
  const meta = link.meta as Link | undefined;
  const further = [link.cause, meta?.driverAdapterError, ...(Array.isArray(link.errors) ? link.errors : [])];
  return further.some((next) => someCause(next, test, depth + 1));
}
