import type { Request, Response } from 'express';
import type { Languages, Texts } from '../texts/texts.ts';

/**
 * Sends a document made by `renderPage` or `renderMessage`, in the language that the browser asks
 * for. It is never stored: what a page knew ends with the session.
 */
export function sendPage(response: Response, status: number, render: (texts: Texts) => string): void {
  const document = render(textsFor(response.req, response));
  response.status(status).set('Cache-Control', 'no-store').type('html').send(document);
}

/**
 * The texts in the language that a request's Accept-Language likes best; the response says that it
 * depends on that.
 */
export function textsFor(request: Request, response: Response): Texts {
  const languages: Languages = request.app.get('languages');
  if (languages.length > 1) response.vary('Accept-Language');
  const chosen = request.acceptsLanguages(languages.map(({ language }) => language));
  return languages.find(({ language }) => language === chosen) ?? languages[0];
}
