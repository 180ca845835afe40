import { loadConfig } from '../../src/config.ts';
import { createContext } from '../../src/context.ts';
import { startServer } from '../../src/server.ts';

// A node in a process of its own, as `npm start` runs it, but in development mode: the test's IdP
// has no TLS.
const config = { ...loadConfig(process.env, 'development'), settleSeconds: 0 };
const { port, stop } = await startServer(createContext(config));
process.send?.({ port });
// Whoever started it may die without a word.
for (const end of ['SIGTERM', 'disconnect'] as const) process.on(end, () => void stop().then(() => process.exit(0)));
