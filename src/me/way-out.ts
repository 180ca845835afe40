import type { RequestHandler } from 'express';
import { z } from 'zod';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import type { Config } from '../config.ts';
import { noStore } from '../http/no-store.ts';
import { parseJson } from '../http/parse-json.ts';
import { letShowFrames } from '../http/security-headers.ts';
import type { Keyring } from '../keyring.ts';
import { renderOnward } from '../web/onward-page.ts';
import { sendPage } from '../web/send-page.ts';

/** Milliseconds within which the browser comes. */
const lifetime = 60_000;
const purpose = 'way-out';
const path = '/signed-out/apps';
const ended = '/signed-out?reason=ended';

/** A browser's session, which may have ended. */
export type BrowserSession = Readonly<{ orgId: string; userId: string; sessionId: string }>;

const sealed = z.object({
  session: z.object({ orgId: z.string(), userId: z.string(), sessionId: z.string() }),
  /** Where it goes on; null: nowhere else. */
  href: z.string().nullable(),
  until: z.number(),
});

export type WayOut = ReturnType<typeof createWayOut>;

/**
 * Leads a browser that signs out past the web apps that hear of it only by being opened in its frames
 * (OpenID Connect Front-Channel Logout 1.0). The address is sealed: nobody else makes the page open
 * anything, or lead anywhere.
 */
export function createWayOut(deps: {
  config: Pick<Config, 'publicUrl'>;
  keyring: Keyring;
  framesOf: (session: BrowserSession) => Promise<readonly string[]>;
}) {
  const { config, keyring, framesOf } = deps;

  async function open(of: unknown): Promise<z.output<typeof sealed> | null> {
    if (typeof of !== 'string') return null;
    const opened = await keyring.decrypt(of, purpose).catch(() => null);
    const parsed = sealed.safeParse(opened === null ? null : parseJson(opened));
    return parsed.success && parsed.data.until > Date.now() ? parsed.data : null;
  }

  const show: RequestHandler = async (req, res) => {
    const way = await open(req.query.of);
    if (!way) return res.redirect(303, ended);
    const frames = await framesOf(way.session);
    letShowFrames(res, frames);
    sendPage(res, 200, (texts) =>
      renderOnward(texts, { title: texts.signedOut.leaving, href: way.href ?? ended, frames }),
    );
  };

  return {
    /** Where the browser goes on: by the apps in frames, where there are some, and then to `href`. */
    async leadOn(session: BrowserSession, href: string | null): Promise<string | null> {
      if ((await framesOf(session)).length === 0) return href;
      const of = await keyring.encrypt(JSON.stringify({ session, href, until: Date.now() + lifetime }), purpose);
      return `${config.publicUrl}${path}?${new URLSearchParams({ of })}`;
    },

    page: endpoint({
      method: 'get',
      path,
      id: 'leaveByApps',
      tag: 'You',
      summary: 'Pass the apps that hear of a sign-out in frames',
      description:
        'A sign-out leads browsers here if there are any. The page opens them, and leads on. The address holds for a minute.',
      security: [],
      query: z.object({ of: z.string().describe('Sealed.') }),
      success: {
        status: 303,
        description: 'There is nothing to pass.',
        headers: { Location: 'The page that says so.' },
      },
      also: [{ status: 200, description: 'A page with the frames, which leads on.', contentTypes: ['text/html'] }],
      handlers: [noStore, show],
    }) satisfies Endpoint,
  };
}
