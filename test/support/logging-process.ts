import { createLog } from '../../src/context.ts';

// Logs as many lines as the first argument says, and then ends at once as the second says.
const [, , lines, end] = process.argv;
const log = createLog({ logLevel: 'info' });
for (let line = 1; line <= Number(lines); line++) log.info({ line }, 'a line');
if (end === 'exit') process.exit(3);
if (end === 'throw') throw new Error('nobody catches this');
if (end === 'reject') void Promise.reject(new Error('nor this'));
if (end === 'warn') log.warn('a warning');
if (end === 'warn' || end === 'linger') setInterval(() => {}, 1_000);
