import { createServer, type Server } from 'node:http';
import express, { type Express } from 'express';
import { indexPage } from './pages.ts';
import { createTenant, type DemoTenant, type DemoTenantOptions } from './tenant.ts';
import { createTenantRoutes } from './tenant-routes.ts';

type Options = {
  /** Its public origin, without a trailing slash, e.g. `http://localhost:3334`. */
  url: string;
  tenants: DemoTenantOptions[];
  log?: (message: string) => void;
};

/**
 * The identity providers of several organisations on one host; `<url>/<path>` is a real one each.
 */
export function createDemoIdp({ url, tenants: options, log = () => {} }: Options) {
  const tenants = new Map<string, DemoTenant>();
  const handler: Express = express().disable('x-powered-by');
  for (const tenantOptions of options) {
    const tenant = createTenant(url, tenantOptions, log);
    tenants.set(tenant.path, tenant);
    handler.use(`/${tenant.path}`, createTenantRoutes(tenant));
  }
  handler.get('/', (_request, response) => {
    const page = indexPage([...tenants.values()]);
    response.set(page.headers).type('html').send(page.html);
  });

  return {
    handler,
    /** @throws Error if there is no tenant at this path. */
    tenant(path: string): DemoTenant {
      const tenant = tenants.get(path);
      if (!tenant) throw new Error(`the demo identity provider has no tenant at /${path}`);
      return tenant;
    },
  };
}

type StartOptions = Omit<Options, 'url'> & { /** 0 takes a free one. */ port: number };

/** Listens on loopback only. `stop` closes open connections too. @throws the listen error */
export async function startDemoIdp({ port, ...options }: StartOptions) {
  // The issuer contains the port, which is known once the server listens.
  const server = createServer();
  await listen(server, port);
  const address = server.address();
  const url = `http://localhost:${typeof address === 'object' && address ? address.port : port}`;
  const idp = createDemoIdp({ url, ...options });
  server.on('request', idp.handler);
  return { url, server, ...idp, stop: () => close(server) };
}

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
