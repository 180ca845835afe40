import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/database/ids.ts';
import { createJournal, type Journal, JournalFull } from '../../src/journal/journal.ts';
import type { NotedCall } from '../../src/journal/noted-call.ts';
import { createKeyring } from '../../src/keyring.ts';

const keyring = createKeyring([Buffer.alloc(32, 7)]);
let dir: string;
let journal: Journal;
beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'folder-'));
  journal = openJournal();
  await journal.open();
});

let smallDisk: string | null = null;
afterEach(() => {
  if (smallDisk !== null) spawnSync('umount', [smallDisk]);
  smallDisk = null;
  rmSync(dir, { recursive: true, force: true });
});

const openJournal = () => createJournal({ dir, keyring, log: pino({ level: 'silent' }) });
const files = () => readdirSync(dir);

/** A call by a key that is known, unless told otherwise the only one of its org. */
const call = (key: string, body = '{}', orgId = `org of ${key}`): NotedCall => ({
  id: randomUUID(),
  revocationId: newId('revocation'),
  at: new Date(),
  credential: { type: 'api_key', hash: key },
  connection: null,
  body,
  orgId,
  ip: '203.0.113.1',
  requestId: 'req_1',
});

/** How many of `count` calls are noted. */
async function noteMany(key: string, count: number, body?: string, orgId?: string): Promise<number> {
  const answers = await Promise.allSettled(Array.from({ length: count }, () => journal.note(call(key, body, orgId))));
  const refused = answers.filter((answer) => answer.status === 'rejected');
  for (const { reason } of refused) expect(reason).toBeInstanceOf(JournalFull);
  return count - refused.length;
}

describe('the room of a journal', () => {
  it('is shared: a flood by some callers leaves room for another', async () => {
    expect(await noteMany('flood', 2_000)).toBeLessThan(1_000);
    for (const more of ['flood-2', 'flood-3', 'flood-4']) await noteMany(more, 1_000);
    expect(await noteMany('quiet', 100)).toBe(100);
    expect(journal.figures().totals.full).toBeGreaterThan(1_000);
  });

  it('is shared by size, too', async () => {
    const large = JSON.stringify('x'.repeat(16_000));
    expect(await noteMany('flood', 500, large)).toBeLessThan(500);
    expect(await noteMany('quiet', 100, large)).toBe(100);
  });

  it.each([
    ['number', '{}', 100, 1_000],
    ['size', JSON.stringify('x'.repeat(16_000)), 20, 400],
  ])(
    'is shared by organisations, too: many keys of one leave room for another, by %s',
    async (_by, body, each, other) => {
      let flooded = 0;
      for (let key = 0; key < 200; key += 1) flooded += await noteMany(`flood-${key}`, each, body, 'org');
      expect(flooded).toBeGreaterThan(other);
      expect(await noteMany('quiet', other / 2, body, 'other')).toBe(other / 2);
      // One key alone doesn't take all of its org's room.
      expect(await noteMany('flood', other * 2, body, 'third')).toBeLessThan(other);
      expect(await noteMany('quiet of the third', 10, body, 'third')).toBe(10);
    },
  );

  it('is there again once calls are done', async () => {
    const noted = await noteMany('flood', 2_000);
    for (const { id } of [...journal.calls()]) await journal.done(id, 'carried_out');
    expect(files()).toEqual([]);
    expect(await noteMany('flood', 2_000)).toBe(noted);
    expect(journal.figures()).toMatchObject({ waiting: noted, totals: { carried_out: noted } });
  });
});

describe('the folder', () => {
  it('that is deleted under a running node is made again', async () => {
    rmSync(dir, { recursive: true });
    await journal.note(call('key'));
    expect(files()).toHaveLength(1);
  });

  it('keeps no half-written file of a process that is gone', async () => {
    for (const name of ['old.tmp', 'young.tmp']) writeFileSync(path.join(dir, name), 'half a file');
    const before = Date.now() / 1000 - 61;
    utimesSync(path.join(dir, 'old.tmp'), before, before);
    await openJournal().open();
    expect(files()).toEqual(['young.tmp']);
  });

  it('that takes no more keeps nothing of a call that failed, and takes the next one', async ({ skip }) => {
    const release = fill();
    if (!release) return skip('root may not mount a small disk here');
    const large = JSON.stringify(randomBytes(60_000).toString('base64'));
    await expect(journal.note(call('key', large))).rejects.toThrow();
    expect(files()).toEqual([]);
    expect(journal.figures()).toMatchObject({ waiting: 0, totals: { noted: 0, failed: 1 } });
    release();
    await journal.note(call('key'));
    expect(files()).toHaveLength(1);
  });
});

/**
 * Lets the folder take no large file. Root may write anywhere: it gets a small disk. Returns what
 * makes room again, or null where neither can be had.
 */
function fill(): (() => void) | null {
  if (process.getuid?.() !== 0) {
    chmodSync(dir, 0o500);
    return () => chmodSync(dir, 0o700);
  }
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir]).status !== 0) return null;
  smallDisk = dir;
  return () => {};
}
