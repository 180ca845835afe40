import type { CookieOptions, Request, Response } from 'express';
import type { Languages, Texts } from '../texts/texts.ts';

const cookieName = 'language';
const year = 365 * 86_400_000;

/**
 * The texts for whoever asks: in the language that the person chose, else the browser's choice,
 * else what Accept-Language likes best. The response says what it varies by.
 */
export function textsFor(request: Request, response: Response): Texts {
  const languages: Languages = request.app.get('languages');
  if (languages.length > 1) response.vary('Accept-Language, Cookie');
  const accepted = request.acceptsLanguages(languages.map(({ language }) => language));
  const inOrder = [request.user?.principal?.language, languageOfBrowser(request), accepted];
  return inOrder.flatMap((tag) => languages.find(({ language }) => language === tag) ?? [])[0] ?? languages[0];
}

/** The browser keeps the choice for the pages that don't know who is there. */
export function keepLanguage(request: Request, response: Response, language: string): void {
  if (languageOfBrowser(request) !== language) response.cookie(cookieName, language, cookieOptions(request));
}

function languageOfBrowser(request: Request): string | undefined {
  return /(?:^|; )language=([\w-]{2,35})(?:;|$)/.exec(request.headers.cookie ?? '')?.[1];
}

const cookieOptions = (request: Request): CookieOptions => ({
  path: '/',
  httpOnly: true,
  sameSite: 'lax',
  secure: request.secure,
  maxAge: year,
});
