import type { RequestHandler } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { checkContents } from '../database/check-contents.ts';
import { checkPooler } from '../database/check-pooler.ts';
import { UnfitServerError } from '../database/check-server.ts';
import { AppError } from '../errors.ts';
import { noStore } from '../http/no-store.ts';
import type { Shortages } from '../http/shortages.ts';
import { type Endpoint, endpoint } from './endpoint.ts';

/** Tells a monitor whether the process lives, and whether it should be sent requests. */
export function createHealthEndpoints(deps: {
  config: Pick<Config, 'encryptionKeys'>;
  /** The checks run on this pool. */
  pool: Pool;
  /** Without an answer of one of these the process isn't ready. */
  accessPool: Pool;
  endingPool: Pool;
  isListening: () => boolean;
  isStopping: () => boolean;
  shortages: Shortages;
  /** Whether calls that were noted while the database was away wait for long. */
  journal: { isLate: () => boolean };
  /** Whether no password is changed, for the database is a copy. */
  rotationsRest: () => boolean;
}): readonly Endpoint[] {
  const alive: RequestHandler = (_req, res) => {
    res.json({ status: 'alive' });
  };

  const findings = [
    remembered(() => checkContents(deps.pool, deps.config.encryptionKeys), 3_000),
    remembered(() => checkPooler(deps.pool), 30_000),
  ];

  const ready: RequestHandler = async (_req, res) => {
    if (deps.isStopping()) throw notReady('The process is stopping.');
    // A pool whose connections are all in use would answer late, and says nothing of the database.
    const pools = [deps.accessPool, deps.endingPool, deps.pool];
    const free = pools.find(({ waitingCount }) => waitingCount === 0) ?? deps.accessPool;
    await free.query({ name: 'ready', text: 'SELECT 1' });
    for (const find of findings) {
      const reason = await find();
      if (reason) throw notReady(reason);
    }
    if (!deps.isListening()) throw notReady('The connection for live updates is down.');
    // A node that is short of something does its work: without it the others would be shorter still,
    // and an org that floods them all could have every node taken away.
    const degraded: string[] = deps.shortages.now();
    if (deps.journal.isLate()) degraded.push('noted calls');
    if (deps.rotationsRest()) degraded.push('rotations');
    res.json({ status: 'ready', ...(degraded.length > 0 && { degraded }) });
  };

  return [
    endpoint({
      method: 'get',
      path: '/healthz',
      id: 'getHealth',
      tag: 'Service',
      summary: 'Whether the process is alive',
      description: 'Says nothing about the database: a process that is alive isn’t restarted for what others lack.',
      security: [],
      success: { status: 200, description: 'It is.', schema: z.object({ status: z.literal('alive') }) },
      handlers: [noStore, alive],
    }),
    endpoint({
      method: 'get',
      path: '/readyz',
      id: 'getReadiness',
      tag: 'Service',
      summary: 'Whether the process can do its work',
      description:
        'The database answers, also through a pooler, and can be written and read; live updates come; the process is not stopping.',
      security: [],
      success: {
        status: 200,
        description: 'It can.',
        schema: z.object({
          status: z.literal('ready'),
          degraded: z
            .array(z.string())
            .optional()
            .describe(
              'What has run out here in the last ten seconds, `noted calls` while one waits for over a minute, and `rotations` while no password of a shared account is changed, because the database is a copy or was restored. Send requests all the same.',
            )
            .meta({ examples: [['connections of access', 'turns of lists']] }),
        }),
      },
      handlers: [noStore, ready],
    }),
  ];
}

/**
 * Returns why a check finds the database unfit, or ''. However many ask, one check runs, at most
 * once in `freshMs` milliseconds. Meanwhile, and when a check itself fails, the last finding holds.
 * Whether the database answers at all is asked elsewhere.
 */
function remembered(check: () => Promise<void>, freshMs: number): () => Promise<string> {
  let found = '';
  let askedAt = Number.NEGATIVE_INFINITY;
  let first: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    try {
      await check();
      found = '';
    } catch (error) {
      if (error instanceof UnfitServerError) found = error.reasons.join(' ');
    }
  };
  return async () => {
    if (performance.now() - askedAt >= freshMs) {
      askedAt = performance.now();
      const asking = ask();
      first ??= asking;
    }
    await first;
    return found;
  };
}

function notReady(detail: string): AppError {
  return new AppError('unavailable', detail, { headers: { 'Retry-After': '2' } });
}
