import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { type CalledEndpoint, variousNetworks } from '../audit/actions.ts';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { clientNetwork } from '../http/client-address.ts';
import type { Caller, Claimed } from './caller.ts';

/** The credential of a call: a key, a JWT, or nothing that looks like either. */
export const credentialTypes = ['api_key', 'jwt', 'none'] as const;

/** A call that was refused: of the revocation endpoint, or one that brought a signal. */
export type RefusedCall = Readonly<{
  endpoint: CalledEndpoint;
  /** The code of the answer. */
  code: string;
  /** Why, in one word; `explanation` says it in a sentence. */
  reason: string;
  explanation: string;
  credentialType: (typeof credentialTypes)[number];
  /** As it was asked, if it could be read and the caller is proven. */
  subject?: { format: string } | null | undefined;
  ip: string | null;
  requestId: string;
}>;

export type RefusedCalls = ReturnType<typeof createRefusedCalls>;

/** Milliseconds in which alike calls are counted together. */
const together = 60_000;
/** Strangers' entries that an org may have open in that time; further networks count as one. */
const mostOfOrg = 100;

type Alike = {
  claimed: Claimed;
  /** The latest: its explanation and its subject are those that administrators read. */
  call: RefusedCall;
  /** The stranger's; null for a connection, which is one caller wherever it calls from. */
  network: string | null;
  since: number;
  /** Calls after the first, which was recorded at once. */
  repeats: number;
  firstAt: Date;
  lastAt: Date;
};

/**
 * Puts refused calls on record. A call of an authenticated caller of the revocation endpoint is
 * recorded each time. Other calls must not fill the record: those without a valid credential can
 * come from anybody, and an IdP that makes its tokens wrongly sends them by the thousand. Of alike
 * calls (org, caller, endpoint, answer, reason, and a stranger's network) the first is recorded at
 * once, those of the next minute are counted and recorded together. No answer depends on whether
 * its record could be written.
 */
export function createRefusedCalls({ pool, log }: { pool: Pool; log: Logger }) {
  const open = new Map<string, Alike>();

  async function write(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (err) {
      log.error({ err }, 'a refused call could not be recorded');
      return false;
    }
  }

  const recordFirst = ({ claimed, call, network }: Alike) =>
    write(() =>
      recordEvent(pool, {
        ...sentBy(claimed, call),
        detail: { ...detailOf(call), ...(claimed.signed ? subjectOf(call) : {}), network, repeats: 0 },
      }),
    );

  const recordRepeats = ({ claimed, call, network, repeats, firstAt, lastAt }: Alike) =>
    write(() =>
      recordEvent(pool, {
        ...sentBy(claimed, { ip: network === null || network === variousNetworks ? null : call.ip, requestId: null }),
        detail: {
          ...detailOf(call),
          ...(claimed.signed ? subjectOf(call) : {}),
          network,
          repeats,
          firstAt: firstAt.toISOString(),
          lastAt: lastAt.toISOString(),
        },
      }),
    );

  function keyOf({ orgId, type, id, signed }: Claimed, call: RefusedCall, network: string | null): string {
    const { endpoint, code, reason } = call;
    return [orgId, type, id, signed ?? false, endpoint, code, reason, network].join(' ');
  }

  function networkOf(claimed: Claimed, call: RefusedCall): string | null {
    if (claimed.signed) return null;
    const network = clientNetwork(call.ip ?? undefined);
    if (open.has(keyOf(claimed, call, network))) return network;
    let ofOrg = 0;
    for (const alike of open.values()) if (alike.claimed.orgId === claimed.orgId && alike.network !== null) ofOrg += 1;
    return ofOrg < mostOfOrg ? network : variousNetworks;
  }

  async function count(claimed: Claimed, call: RefusedCall): Promise<void> {
    const network = networkOf(claimed, call);
    const key = keyOf(claimed, call, network);
    const now = new Date();
    const alike = open.get(key);
    if (alike) {
      if (alike.repeats === 0) alike.firstAt = now;
      alike.repeats += 1;
      alike.lastAt = now;
      alike.call = call;
      return;
    }
    const first = { claimed, call, network, since: performance.now(), repeats: 0, firstAt: now, lastAt: now };
    open.set(key, first);
    if (!(await recordFirst(first))) first.repeats += 1;
  }

  /** Records the repeats of minutes that are over; with `all`, of every minute. */
  async function flush({ all = false } = {}): Promise<void> {
    for (const [key, alike] of [...open]) {
      if (!all && performance.now() - alike.since < together) continue;
      open.delete(key);
      if (alike.repeats === 0 || (await recordRepeats(alike))) continue;
      const newer = open.get(key);
      if (newer) newer.repeats += alike.repeats;
      else open.set(key, alike);
    }
  }

  let flushing: Promise<void> | null = null;
  const timer = setInterval(() => {
    flushing ??= flush().finally(() => {
      flushing = null;
    });
  }, 5_000);
  timer.unref();

  return {
    /** A call with a valid credential. */
    async ofCaller({ orgId, type, id }: Caller, call: RefusedCall): Promise<void> {
      await write(() =>
        recordEvent(pool, {
          orgId,
          action,
          by: { actor: { type, id }, ip: call.ip, requestId: call.requestId },
          target: { type, id },
          detail: { ...detailOf(call), ...subjectOf(call), repeats: 0 },
        }),
      );
    },

    /** `claims`: the callers that the credential or the called address names. */
    async ofClaimed(claims: readonly Claimed[], call: RefusedCall): Promise<void> {
      await Promise.all(
        claims.map((claimed) => {
          const { reason = call.reason, found } = claimed;
          const explanation = found === undefined ? call.explanation : `${call.explanation} ${found}`;
          return count(claimed, { ...call, reason, explanation });
        }),
      );
    },

    flush,

    async stop(): Promise<void> {
      clearInterval(timer);
      await flushing;
      await flush({ all: true });
    },
  };
}

const action = 'call.refused' as const;
const longestSubject = 1_000;

/** The store refuses half a character: `toWellFormed` keeps such a call on record. */
const shorten = (subject: string) => subject.slice(0, longestSubject).toWellFormed();

/** Without a signature that holds, the sender is nobody whom anything here could name. */
function sentBy({ orgId, type, id, signed }: Claimed, { ip, requestId }: Pick<By, 'ip' | 'requestId'>) {
  const actor = signed && type === 'connection' ? ({ type, id } as const) : ({ type: 'anonymous', id: null } as const);
  return { orgId, action, by: { actor, ip, requestId }, target: { type, id } };
}

const detailOf = ({ endpoint, code, reason, explanation, credentialType }: RefusedCall) => ({
  endpoint,
  code,
  reason,
  explanation,
  credentialType,
});

/** Whom a call was about, for the record. */
export const subjectOf = ({ subject }: Pick<RefusedCall, 'subject'>) => ({
  format: subject?.format ?? null,
  subject: subject ? shorten(JSON.stringify(subject)) : null,
});
