import { type DestinationStream, pino } from 'pino';

/**
 * When the lines that wait are written, whichever comes first: characters, and milliseconds since
 * the last write.
 */
const enough = 16_384;
const longestWaitMs = 100;

/** What is held in bytes while nothing reads the log; lines beyond are lost, and said to be. */
const mostHeld = 16_777_216;

/** From here on a line is written at once: pino's level `warn`. */
const urgent = 40;

/**
 * Where pino writes its lines to: the file `fd`, many lines at once and beside the requests. On a
 * quiet server a line is written at once, on a busy one those of a tenth of a second together; a
 * warning or an error never waits. Whatever waits when the process ends is written then, also after
 * an uncaught exception; only a kill that no process hears (SIGKILL, or a signal that nothing
 * listens to) loses that tenth of a second. While nobody reads the log, 16 MB of it are held.
 */
export function createLogOutput(fd: number): DestinationStream {
  // Without its own `minLength`, which measures all that waits anew for each line.
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
    // Nothing asynchronous comes to an end from here on.
    if (lines.length > 0) pino.destination({ dest: fd, sync: true }).write(take());
  });

  return {
    // Has pino say each line's level.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string) {
      lines.push(line);
      length += line.length;
      if (!recentlyWritten || length >= enough || this.lastLevel >= urgent) write();
    },
  } as DestinationStream & { lastLevel: number };
}
