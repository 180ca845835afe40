import type { Request, Response } from 'express';
import type { Config } from '../config.ts';
import type { Texts } from '../texts/texts.ts';
import type { Done } from './screen.ts';

export type Notice = keyof Texts['console']['notices'];

/** What an action left for the page that it led to. */
export type Left = Readonly<{ notice: Notice | null; savedIn: string | null }>;

const cookie = 'console_notice';
const pattern = new RegExp(`(?:^|; )${cookie}=(in\\.)?([\\w-]+)`);

/** The console's pages and those of a person's own have a cookie each. */
const placeOf = (path: string) => (path.startsWith('/admin') ? '/admin' : '/accounts');

/** Leaves what an action says for the page that it leads to. */
export function leaveNotice(config: Config, res: Response, { to, notice, savedIn }: Done): void {
  if (!notice && !savedIn) return;
  res.cookie(cookie, savedIn ? `in.${savedIn}` : notice, {
    path: placeOf(to),
    httpOnly: true,
    sameSite: 'strict',
    secure: config.publicUrl.startsWith('https:'),
    maxAge: 60_000,
  });
}

export function readNotice(req: Request, texts: Texts): Left {
  const [, isInPart, left = ''] = pattern.exec(req.headers.cookie ?? '') ?? [];
  if (isInPart) return { notice: null, savedIn: left };
  return { notice: Object.hasOwn(texts.console.notices, left) ? (left as Notice) : null, savedIn: null };
}

/** The page has said it: a reload doesn't say it again. */
export function forgetNotice(req: Request, res: Response): void {
  if (pattern.test(req.headers.cookie ?? '')) res.clearCookie(cookie, { path: placeOf(req.path) });
}
