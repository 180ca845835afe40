import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CrmOptions, createCrm } from './crm.ts';
import { createLights, type LightsOptions } from './lights.ts';
import type { WikiOptions } from './wiki.ts';

export type DemoAppUrls = Readonly<{ wiki: string; crm: string; lights: string }>;

/**
 * Two apps behind an organisation and one with a shared account, on loopback only. They listen at
 * once, for they are registered by their addresses; the two are served once they are. `port` is the
 * wiki's, the CRM has the next one and the lights the one after; 0 takes free ones.
 * @throws the listen error
 */
export async function startDemoApps(port: number, options: { lights: LightsOptions }) {
  const wiki = createServer();
  const crm = createServer();
  await listen(wiki, port);
  await listen(crm, port === 0 ? 0 : port + 1);
  const lights = createServer(createLights(options.lights));
  await listen(lights, port === 0 ? 0 : port + 2);
  const urls: DemoAppUrls = { wiki: urlOf(wiki), crm: urlOf(crm), lights: urlOf(lights) };
  return {
    urls,
    serve(options: { wiki: Omit<WikiOptions, 'url'>; crm: Omit<CrmOptions, 'url'> }): void {
      crm.on('request', createCrm({ ...options.crm, url: urls.crm }));
      // Its library takes a quarter of a second to load: nobody waits for that at the start.
      const load = async () => (await import('./wiki.ts')).createWiki({ ...options.wiki, url: urls.wiki });
      let loading: ReturnType<typeof load> | undefined;
      wiki.on('request', (req, res) => {
        loading ??= load();
        loading.then(
          (app) => app(req, res),
          (error: Error) => {
            loading = undefined;
            res.writeHead(500, { 'Content-Type': 'text/plain' }).end(`The wiki did not start: ${error.message}\n`);
          },
        );
      });
    },
    async stop(): Promise<void> {
      await Promise.all([wiki, crm, lights].map(close));
    },
  };
}

const urlOf = (server: Server) => `http://localhost:${(server.address() as AddressInfo).port}`;

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
