import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { revocationRequest } from './contenders.ts';
import { openFloodStore } from './flood-store.ts';
import type { HttpJob, HttpSamples } from './http-load.ts';
import { quantile } from './measure.ts';
import type { OpenJob, Told } from './page-load.ts';
import { expressCookie, sidOf } from './people.ts';
import { count, ms } from './report.ts';

export type PagesResult = Readonly<{
  pages: number;
  /** Seconds until all were open. */
  opened: number;
  /** Kilobytes for a page: of the process, and of its heap. */
  rss: number;
  heap: number;
  revoked: number;
  /** Milliseconds from the sending of a revocation until its page was told: median and most. */
  p50: number;
  most: number;
  /** Pages of others that were told or closed. */
  others: number;
  load: number;
}>;

/** Opened and closed again before the memory is looked at. */
const warmUp = 200;
/** Milliseconds after the last revocation in which a page may still be told. */
const patience = 3_000;

/** Opens a page for each of `pages` people on one node, and revokes some of these people. */
export async function measurePages(
  serverUrl: string,
  load: Child,
  { pages, revoked }: { pages: number; revoked: number },
  progress: (text: string) => void,
): Promise<PagesResult> {
  progress(`filling an organisation of ${count(pages)} people`);
  const store = await openFloodStore(serverUrl, { people: 10_000, neighbours: pages + warmUp });
  const pageLoad = startChild('load.ts');
  const warmLoad = startChild('load.ts');
  try {
    const { child, port } = await store.start();
    const memory = async () => {
      await delay(500);
      return child.call<NodeJS.MemoryUsage>('collected');
    };
    const open = (browser: Child, people: readonly number[]) => {
      const cookies = people.map((n) => expressCookie('session', sidOf(n, 0)));
      return browser.call('openPages', { port, path: '/api/users/me/events', cookies } satisfies OpenJob);
    };
    const people = store.nextNeighbours(pages + warmUp);
    await open(warmLoad, people.splice(pages));
    await warmLoad.call('closePages');
    const before = await memory();
    progress(`opening ${count(pages)} pages`);
    const begin = performance.now();
    await open(pageLoad, people);
    const opened = (performance.now() - begin) / 1000;
    const after = await memory();
    progress(`revoking ${revoked} people`);
    const every = Math.floor(pages / revoked);
    const sentAt = new Map<number, number>();
    for (let number = 0; number < revoked * every; number += every) {
      const requests = [revocationRequest(people[number] as number)];
      const job: HttpJob = { port, connections: 1, budget: 10_000, count: 1, requests, expect: 204 };
      sentAt.set(number, performance.timeOrigin + performance.now());
      await load.call<HttpSamples>('http', job);
    }
    await delay(patience);
    const { at, closed } = await pageLoad.call<Told>('pagesTold');
    const told = at.flatMap((moment, number) => (moment === null ? [] : number));
    const waits = [...sentAt].map(([number, sent]) => (at[number] ?? Number.POSITIVE_INFINITY) - sent);
    return {
      pages,
      opened,
      rss: (after.rss - before.rss) / pages / 1000,
      heap: (after.heapUsed - before.heapUsed) / pages / 1000,
      revoked,
      p50: quantile(Float64Array.from(waits), 0.5),
      most: Math.max(...waits),
      others: new Set([...told, ...closed].filter((number) => !sentAt.has(number))).size,
      load: os.loadavg()[0] ?? 0,
    };
  } finally {
    await Promise.all([pageLoad.stop(), warmLoad.stop()]);
    await store.close();
  }
}

export const isUntold = ({ most, others }: PagesResult): boolean => others !== 0 || !Number.isFinite(most);

export function pagesReport(of: PagesResult): string {
  const isMet = (met: boolean) => (met ? 'yes' : 'not here');
  return [
    `\n${count(of.pages)} open pages on one node, opened in ${of.opened.toFixed(1)} s; load average ${of.load.toFixed(1)}`,
    `a page takes ${of.rss.toFixed(1)} kB of the process, ${of.heap.toFixed(1)} kB of them in its heap (aim < 20 kB: ${isMet(of.rss < 20)})`,
    `${of.revoked} people revoked one after another: their pages are told after ${ms(of.p50)} ms at the median, ${ms(of.most)} ms at most (aim < 1 s: ${isMet(of.most < 1000)})`,
    `pages of others that were told or closed: ${of.others}`,
  ].join('\n');
}
