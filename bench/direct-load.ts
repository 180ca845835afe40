import { pino } from 'pino';
import { createNotes } from '../src/database/notes.ts';
import { createPool, createPrisma } from '../src/database/pool.ts';
import { createApiKeys } from '../src/orgs/api-keys.ts';
import { type AnswerRow, type AskedRow, askedOf, endWaiting } from '../src/revocation/asked-rows.ts';
import { createBatches } from '../src/revocation/batches.ts';
import type { Samples } from './http-load.ts';
import { createAlone, createOldWay } from './old-way.ts';
import { apiKeyOf, emailOf } from './people.ts';

export type DirectJob = Readonly<{
  databaseUrl: string;
  /**
   * The call for each person: the use case, its statement alone (skipping, waiting, or that before
   * 0.2.0), or the look-up of the caller's key.
   */
  what: 'revokeAccess' | 'statement' | 'waiting' | 'before' | 'keyLookup';
  people: readonly number[];
  connections: number;
  /** Milliseconds after which no new call begins. */
  budget: number;
}>;

/** Calls parts of the endpoint without HTTP, on a pool with the product's own settings. */
export function createDirectLoad() {
  const pools = new Map<string, ReturnType<typeof createParts>>();
  return async ({ databaseUrl, what, people, connections, budget }: DirectJob): Promise<Samples> => {
    const parts = pools.get(databaseUrl) ?? createParts(databaseUrl);
    pools.set(databaseUrl, parts);
    const latencies = new Float64Array(people.length);
    let begun = 0;
    let done = 0;
    const begin = performance.now();
    const run = async () => {
      while (begun < people.length && (begun === 0 || performance.now() < begin + budget)) {
        const n = people[begun++] as number;
        const at = performance.now();
        await parts[what](n);
        latencies[done++] = performance.now() - at;
      }
    };
    await Promise.all(Array.from({ length: connections }, run));
    return { latencies: latencies.slice(0, done), wall: performance.now() - begin };
  };
}

function createParts(databaseUrl: string) {
  const log = pino({ level: 'silent' });
  const pool = createPool({ connectionString: databaseUrl, max: 16, applicationName: 'bench', log });
  const apiKeys = createApiKeys({ pool, prisma: createPrisma(pool), note: createNotes({ pool }) });
  const orgIds = new Map<string, string>();
  const orgIdOf = async (n: number) => {
    const key = apiKeyOf(n);
    const known = orgIds.get(key);
    if (known) return known;
    const caller = await apiKeys.authenticate(key);
    if (!caller) throw new Error('the key look-up found nothing');
    orgIds.set(key, caller.orgId);
    return caller.orgId;
  };
  const batches = createBatches({ pool });
  const [alone, before] = [createAlone(pool), createOldWay(pool)];
  const ending = (ask: (row: AskedRow) => Promise<readonly AnswerRow[]>) => async (n: number) => {
    const [answer] = await ask(askedOf(await revocationOf(n)));
    if (answer?.result !== 'revoked' || answer.sessions !== 5) throw new Error(JSON.stringify(answer));
  };
  return {
    revokeAccess: ending(batches.ask),
    statement: ending(alone.ask),
    waiting: ending((row) => endWaiting(pool, [row])),
    before: ending(before.ask),
    async keyLookup(n: number) {
      if (!(await apiKeys.authenticate(apiKeyOf(n)))) throw new Error('the key look-up found nothing');
    },
  };

  async function revocationOf(n: number) {
    return {
      orgId: await orgIdOf(n),
      subject: { emailKeys: [emailOf(n)] },
      initiator: 'idp' as const,
      by: { actor: { type: 'api_key' as const, id: 'key_bench' }, ip: '127.0.0.1', requestId: 'bench' },
      asked: { format: 'email', email: emailOf(n) },
    };
  }
}
