import type { Request, Response } from 'express';
import type { Languages, Texts } from '../texts/texts.ts';

/** Sends a document in the browser's language, never to be stored: it may hold personal content. */
export function sendPage(response: Response, status: number, render: (texts: Texts) => string): void {
  const document = render(textsFor(response.req, response));
  response.status(status).set('Cache-Control', 'no-store').type('html').send(document);
}

/** The texts in the language that Accept-Language likes best; the response says that it varies. */
export function textsFor(request: Request, response: Response): Texts {
  const languages: Languages = request.app.get('languages');
  if (languages.length > 1) response.vary('Accept-Language');
  const chosen = request.acceptsLanguages(languages.map(({ language }) => language));
  return languages.find(({ language }) => language === chosen) ?? languages[0];
}
