import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler, Response } from 'express';
import helmet from 'helmet';

/**
 * The same strict headers on every answer: no inline script or style, nothing from elsewhere, no
 * frame around us. `form-action` also stops redirects that follow a form post, so what answers a
 * form leads to an identity provider by a page, never by a redirect.
 */
export function createSecurityHeaders({ https }: { https: boolean }): RequestHandler {
  const headers = headersOf(https);
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value);
    next();
  };
}

/**
 * The headers that helmet sets. They never change, so helmet is asked once and not at each request.
 */
function headersOf(https: boolean): readonly (readonly [string, string])[] {
  const setHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ["'none'"],
      },
    },
    strictTransportSecurity: https,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'same-origin' },
  });
  const headers: [string, string][] = [];
  const collector = { setHeader: (name: string, value: string) => headers.push([name, value]), removeHeader() {} };
  setHeaders({} as IncomingMessage, collector as unknown as ServerResponse, (error) => {
    if (error) throw error;
  });
  return headers;
}

/**
 * Lets the forms of this answer also lead to `target`, an origin or a scheme. Call before sending.
 */
export function letFormsLeadTo(res: Response, target: string): void {
  const own = "form-action 'self'";
  const policy = String(res.getHeader('Content-Security-Policy'));
  if (!policy.includes(own)) throw new Error('the content security policy has no form-action to widen');
  res.set('Content-Security-Policy', policy.replace(own, `${own} ${target}`));
}
