import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { clientNetwork } from '../http/client-address.ts';
import type { Caller, Claimed } from './caller.ts';

/** The credential of a call: a key, a JWT, or nothing that looks like either. */
export const credentialTypes = ['api_key', 'jwt', 'none'] as const;

/** A call of the revocation endpoint that was refused. */
export type RefusedCall = Readonly<{
  /** The code of the answer. */
  code: string;
  /** Why, in one word; `explanation` says it in a sentence. */
  reason: string;
  explanation: string;
  credentialType: (typeof credentialTypes)[number];
  ip: string | null;
  requestId: string;
}>;

export type RefusedCalls = ReturnType<typeof createRefusedCalls>;

/** Milliseconds in which alike calls of strangers are counted together. */
const together = 60_000;
/** Entries that an org may have open in that time; further networks are counted as one. */
const mostOfOrg = 100;

type Alike = {
  claimed: Claimed;
  call: RefusedCall;
  network: string;
  since: number;
  /** Calls after the first, which was recorded at once. */
  repeats: number;
  firstAt: Date;
  lastAt: Date;
};

/**
 * Puts refused calls on record. A call of an authenticated caller is recorded each time. Calls
 * without a valid credential can come from anybody and must not fill the record: of alike calls
 * (org, credential, reason, network) the first is recorded at once, those of the next minute are
 * counted and recorded together. No answer depends on whether its record could be written.
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
        ...stranger(claimed, call),
        detail: { ...detailOf(call), network, repeats: 0 },
      }),
    );

  const recordRepeats = ({ claimed, call, network, repeats, firstAt, lastAt }: Alike) =>
    write(() =>
      recordEvent(pool, {
        ...stranger(claimed, { ip: network === various ? null : call.ip, requestId: null }),
        detail: {
          ...detailOf(call),
          network,
          repeats,
          firstAt: firstAt.toISOString(),
          lastAt: lastAt.toISOString(),
        },
      }),
    );

  function keyOf({ orgId, type, id }: Claimed, { reason }: RefusedCall, network: string): string {
    return [orgId, type, id, reason, network].join(' ');
  }

  function networkOf(claimed: Claimed, call: RefusedCall): string {
    const network = clientNetwork(call.ip ?? undefined);
    if (open.has(keyOf(claimed, call, network))) return network;
    let ofOrg = 0;
    for (const alike of open.values()) if (alike.claimed.orgId === claimed.orgId) ofOrg += 1;
    return ofOrg < mostOfOrg ? network : various;
  }

  async function countStranger(claimed: Claimed, call: RefusedCall): Promise<void> {
    const network = networkOf(claimed, call);
    const key = keyOf(claimed, call, network);
    const now = new Date();
    const alike = open.get(key);
    if (alike) {
      if (alike.repeats === 0) alike.firstAt = now;
      alike.repeats += 1;
      alike.lastAt = now;
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
    /** @param subject as it was asked, if it could be read */
    async ofCaller(
      { orgId, type, id }: Caller,
      call: RefusedCall,
      subject: { format: string } | undefined,
    ): Promise<void> {
      await write(() =>
        recordEvent(pool, {
          orgId,
          action,
          by: { actor: { type, id }, ip: call.ip, requestId: call.requestId },
          target: { type, id },
          detail: {
            ...detailOf(call),
            format: subject?.format ?? null,
            subject: subject ? shorten(JSON.stringify(subject)) : null,
            repeats: 0,
          },
        }),
      );
    },

    /** `claims`: the callers that the credential or the called address names, without proof. */
    async ofStranger(claims: readonly Claimed[], call: RefusedCall): Promise<void> {
      await Promise.all(
        claims.map((claimed) => countStranger(claimed, { ...call, reason: claimed.reason ?? call.reason })),
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
const various = 'various';
const longestSubject = 1_000;

/** The store refuses half a character: `toWellFormed` keeps such a call on record. */
const shorten = (subject: string) => subject.slice(0, longestSubject).toWellFormed();

const stranger = ({ orgId, type, id }: Claimed, { ip, requestId }: Pick<By, 'ip' | 'requestId'>) => ({
  orgId,
  action,
  by: { actor: { type: 'anonymous', id: null }, ip, requestId } as const,
  target: { type, id },
});

const detailOf = ({ code, reason, explanation, credentialType }: RefusedCall) => ({
  code,
  reason,
  explanation,
  credentialType,
});
