import { hash } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import { isReference } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import { createPace } from '../http/pace.ts';
import { tooManyRequests } from '../http/rate-limit.ts';
import { type Looks, styleSheetOf } from '../orgs/looks.ts';

/** Milliseconds between two logos that a network reads: many open the page in one office at once. */
const logoGap = 5;

/** How an organisation's pages look. Anybody may ask: whoever signs in sees it before. */
export function createLookEndpoints({ lookOf, logoOf }: Looks): readonly Endpoint[] {
  const pace = createPace(logoGap);

  const showStyle: RequestHandler<{ org: string }> = async (req, res) => {
    const look = isReference(req.params.org) ? await lookOf(req.params.org) : null;
    if (!look) throw nothingHere();
    const css = styleSheetOf(look);
    if (!isKept(req, res, hash('sha256', css, 'base64url'))) res.type('css').send(css);
  };

  const showLogo: RequestHandler<{ org: string }> = async (req, res) => {
    const look = isReference(req.params.org) ? await lookOf(req.params.org) : null;
    if (!look?.logo) throw nothingHere();
    if (isKept(req, res, look.logo.version)) return;
    if (!(await pace(clientNetwork(req.ip)))) throw tooManyRequests('Your network reads too many logos at once.', 1);
    const logo = await logoOf(look.slug);
    if (!logo) throw nothingHere();
    // The logo may have been changed meanwhile.
    if (!isKept(req, res, logo.version)) res.type('png').send(logo.png);
  };

  const shared = {
    method: 'get',
    tag: 'Pages',
    params: z.object({ org: z.string().describe('Its short name, or id.') }),
    security: [],
    problems: ['not_found'],
  } as const;
  const kept = { headers: { ETag: 'For If-None-Match.' } };
  return [
    endpoint({
      ...shared,
      path: '/orgs/{org}/look.css',
      id: 'showLook',
      summary: 'The organisation’s colour, as a style sheet',
      description: 'Changed as far as links and buttons need to stay readable, by day and by night.',
      success: { status: 200, description: 'The style sheet.', contentTypes: ['text/css'], ...kept },
      also: [unchanged],
      handlers: [showStyle],
    }),
    endpoint({
      ...shared,
      path: '/orgs/{org}/logo.png',
      id: 'showLogo',
      summary: 'The organisation’s logo',
      description: 'A PNG of at most 480 × 160 pixels.',
      success: { status: 200, description: 'The logo.', contentTypes: ['image/png'], ...kept },
      also: [unchanged],
      problems: ['not_found', 'too_many_requests'],
      handlers: [showLogo],
    }),
  ];
}

const unchanged = { status: 304, description: 'It is still the one of If-None-Match.' };

const nothingHere = () => new AppError('not_found', 'There is no such organisation, or it has no such look.');

/** Browsers keep it, and ask each time: one that has this version is told so. */
function isKept(req: Request, res: Response, version: string): boolean {
  res.set({ 'Cache-Control': 'public, no-cache', ETag: `"${version}"` });
  if (req.fresh) res.status(304).end();
  return res.headersSent;
}
