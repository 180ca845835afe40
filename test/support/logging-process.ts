import { createLog } from '../../src/context.ts';

// Logs as many lines as the first argument says, and then ends at once as the second says.
const [, , lines, end] = process.argv;
const log = createLog({ logLevel: 'info' });
for (let line = 1; line <= Number(lines); line++) log.info({ line }, 'a line');
if (end === 'exit') process.exit(3);
if (end === 'throw') throw new Error('nobody catches this');
if (end === 'reject') void Promise.reject(new Error('nor this'));
if (end === 'warn') log.warn('a warning');
if (end === 'unread') {
  // A turn of its own for each of many thousand lines, so that the output could write between them.
  for (let line = 1; line <= 40; line++) {
    for (let part = 0; part < 1_000; part++) log.info({ part, text: 'x'.repeat(1_000) }, 'a long line');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  process.stderr.write('40 MB logged\n');
}
if (end === 'warn' || end === 'linger') setInterval(() => {}, 1_000);
