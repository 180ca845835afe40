import express, { type Request, type Response, Router } from 'express';
import { type Html, html, toText } from '../html.ts';
import { script, stylesheet } from './look.ts';

export type Person = Readonly<{ name: string; email: string }>;

/** How somebody was signed out from outside, for the page that says so. */
export type SignedOut = Readonly<{ name: string; by: string; how: string }>;

type Page = Readonly<{ app: string; title: string; body: Html; state?: 'signed-in' | 'ended' }>;

/** The style and the script of the pages, at addresses of their own: no page needs any inline. */
export function lookRoutes(): Router {
  const router = Router();
  router.get('/look.css', (_req, res) => void res.type('css').send(stylesheet));
  router.get('/look.js', (_req, res) => void res.type('js').send(script));
  return router;
}

export function sendPage(res: Response, status: number, { app, title, body, state }: Page): void {
  res
    .status(status)
    .set({
      'Cache-Control': 'no-store',
      'Content-Security-Policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    })
    .type('html')
    .send(
      toText(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/look.css">
  <title>${title} · ${app}</title>
  ${state === 'signed-in' && html`<script type="module" src="/look.js"></script>`}
</head>
<body class="${state}">
  <main>
    <header><strong>${app}</strong><span>A demo app</span></header>
    ${body}
  </main>
</body>
</html>
`),
    );
}

/** What somebody who is signed in sees; `signOut` is the way out of this app. */
export const signedInBody = (person: Person, things: string, names: readonly string[], signOut: Html): Html => html`
    <h1>Hello, ${person.name}</h1>
    <p>You are signed in as <strong>${person.email}</strong>.</p>
    <h2>${things}</h2>
    <ul>${names.map((name) => html`<li>${name}</li>`)}</ul>
    ${signOut}`;

/** `again` is the way back in. */
export const signedOutBody = ({ name, by, how }: SignedOut, again: Html): Html => html`
    <h1>${name}, you were signed out</h1>
    <p role="status"><strong>${by}</strong> signed you out, by ${how}.</p>
    ${again}`;

/** One cookie of a request: browsers show those of localhost to every port. */
export function cookieOf(req: Request, name: string): string | undefined {
  const pairs = (req.get('cookie') ?? '').split('; ').map((pair) => pair.split('=', 2) as [string, string?]);
  return pairs.find(([each]) => each === name)?.[1];
}

export const readForm = express.urlencoded({ extended: false, limit: '4kb' });
