import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import helmet from 'helmet';
import { expect, it } from 'vitest';
import { createSecurityHeaders } from '../../src/http/security-headers.ts';

/** Every header that `middleware` sets, in order. */
async function headersBy(middleware: RequestHandler): Promise<string[]> {
  const app = express().disable('x-powered-by');
  app.use(middleware).get('/', (_req, res) => {
    res.json(Object.entries(res.getHeaders()).map(([name, value]) => `${name}: ${value}`));
  });
  const server = app.listen(0);
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  server.close();
  return answer.json() as Promise<string[]>;
}

it.each([true, false])('are what helmet sets at every request (https: %s)', async (https) => {
  const self = ["'self'"];
  const none = ["'none'"];
  const asHelmet = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: none,
        scriptSrc: self,
        styleSrc: self,
        imgSrc: ["'self'", 'data:'],
        fontSrc: self,
        connectSrc: self,
        formAction: self,
        frameAncestors: none,
        baseUri: none,
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: none,
      },
    },
    strictTransportSecurity: https,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'same-origin' },
  });
  const headers = await headersBy(createSecurityHeaders({ https }));
  expect(headers).toEqual(await headersBy(asHelmet));
  expect(headers.some((header) => header.startsWith('strict-transport-security'))).toBe(https);
  expect(headers.length).toBeGreaterThan(10);
});
