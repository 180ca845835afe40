import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler, Response } from 'express';
import helmet from 'helmet';
import { isLoopback } from '../config.ts';

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
        fontSrc: ["'self'"],
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

/**
 * Lets pages of the origins of `urls` put this answer into a frame; what isn't an https or loopback
 * URL of a plain host is left out. Call before sending.
 */
export function letFrame(res: Response, urls: readonly string[]): void {
  const nobody = "frame-ancestors 'none'";
  const policy = String(res.getHeader('Content-Security-Policy'));
  if (!policy.includes(nobody)) throw new Error('the content security policy has no frame-ancestors to widen');
  // Proxies refuse an answer whose headers are too long.
  const origins = [...new Set(urls.flatMap(framingOrigin))].slice(0, 50);
  if (origins.length === 0) return;
  res.set('Content-Security-Policy', policy.replace(nobody, `frame-ancestors ${origins.join(' ')}`));
  // This one knows no list of origins.
  res.removeHeader('X-Frame-Options');
}

/** Lets this answer show frames of exactly the origins of `urls`. Call before sending. */
export function letShowFrames(res: Response, urls: readonly string[]): void {
  const origins = [...new Set(urls.flatMap(framingOrigin))];
  if (origins.length === 0) return;
  res.set('Content-Security-Policy', `${res.getHeader('Content-Security-Policy')};frame-src ${origins.join(' ')}`);
}

// A URL's host may hold a semicolon or an asterisk, which mean something in the header.
function framingOrigin(url: string): string[] {
  const origin = URL.canParse(url) ? new URL(url).origin : '';
  const isPlain = /^https?:\/\/[a-z0-9.-]+(:\d+)?$/.test(origin);
  return isPlain && (origin.startsWith('https:') || isLoopback(origin)) ? [origin] : [];
}
