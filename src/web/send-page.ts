import type { Response } from 'express';
import type { Texts } from '../texts/texts.ts';
import { keepLanguage, textsFor } from './language.ts';

/** Sends a document in the reader's language, never to be stored: it may hold personal content. */
export function sendPage(response: Response, status: number, render: (texts: Texts) => string): void {
  const { req: request } = response;
  const texts = textsFor(request, response);
  if (request.user?.principal?.language === texts.language) keepLanguage(request, response, texts.language);
  const document = render(texts);
  response.status(status).set('Cache-Control', 'no-store').type('html').send(document);
}
