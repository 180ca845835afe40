import { type DestinationStream, pino } from 'pino';

/**
 * Waiting lines are written at so many characters, or so many milliseconds after the last write.
 */
const enough = 16_384;
const longestWaitMs = 100;

/** Bytes that are held while nothing reads the log; further lines are lost, and counted. */
const mostHeld = 16_777_216;

/** A line of this level or above is written at once: pino's `warn`. */
const urgent = 40;

/**
 * Where pino writes its lines: the file `fd`, many lines at once and beside the requests. A quiet
 * server writes a line at once, a busy one those of a tenth of a second together; a warning or an
 * error never waits. The rest is written when the process ends, also after an uncaught exception;
 * only a kill that no process hears (SIGKILL, or a signal without a listener) loses that tenth of a
 * second. While nobody reads the log, 16 MB of it are held.
 */
export function createLogOutput(fd: number): DestinationStream {
  // pino's own `minLength` would measure all waiting lines anew for each line.
  const file = pino.destination({ dest: fd, sync: false, maxLength: mostHeld });
  let lines: string[] = [];
  let length = 0;
  let recentlyWritten = false;

  let lost = 0;
  file.on('drop', (text: string) => {
    lost += text.split('\n').length - 1;
  });
  file.on('drain', () => {
    if (lost === 0) return;
    const line = { level: urgent, time: new Date().toISOString(), lost, msg: 'log lines were lost: nothing read them' };
    lost = 0;
    file.write(`${JSON.stringify(line)}\n`);
  });

  const take = () => {
    const text = lines.join('');
    lines = [];
    length = 0;
    return text;
  };
  const write = () => {
    file.write(take());
    if (recentlyWritten) return;
    recentlyWritten = true;
    setTimeout(() => {
      recentlyWritten = false;
      if (lines.length > 0) write();
    }, longestWaitMs).unref();
  };

  process.once('exit', () => {
    file.flushSync();
    // From here on nothing asynchronous would finish.
    if (lines.length > 0) pino.destination({ dest: fd, sync: true }).write(take());
  });

  return {
    // Makes pino set `lastLevel` before each line.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string) {
      lines.push(line);
      length += line.length;
      if (!recentlyWritten || length >= enough || this.lastLevel >= urgent) write();
    },
  } as DestinationStream & { lastLevel: number };
}
