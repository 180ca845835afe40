import type { Response } from 'express';

/** Sends a document made by `renderPage` or `renderMessage`. It is never stored: what a page knew ends with the session. */
export function sendPage(response: Response, status: number, document: string): void {
  response.status(status).set('Cache-Control', 'no-store').type('html').send(document);
}
