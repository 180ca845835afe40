import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { createContext } from '../../src/context.ts';
import { answerCalls } from '../child.ts';
import { listen } from './listen.ts';

/** The product as `npm start` composes it, its access log going to a discarded standard output; on loopback only. */
answerCalls({
  async start() {
    const context = createContext(loadConfig(process.env, 'production'));
    const port = await listen(createApp(context));
    // The first sign of life is not measured: LISTEN is up, and the pool has connected once.
    await context.pool.query('SELECT 1');
    return port;
  },
  cpu: () => process.cpuUsage(),
});
