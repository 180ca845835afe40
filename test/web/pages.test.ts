import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import supertest, { type Response } from 'supertest';
import { describe, expect, it } from 'vitest';
import { problems } from '../../src/errors.ts';
import { en } from '../../src/texts/en.ts';
import { renderMessage } from '../../src/web/message-page.ts';
import { config, createWebApp, trinity } from './web-app.ts';

const visitor = supertest(createWebApp(null));
const signedIn = supertest(createWebApp(trinity));
const hostile = `"><img src=x onerror=alert(1)>'&</title>`;

/** What every page promises: a strict policy that it keeps itself, and never a copy in a cache. */
function expectPage(response: Response, status = 200) {
  expect(response.status).toBe(status);
  expect(response.type).toBe('text/html');
  expect(response.headers['cache-control']).toBe('no-store');
  const policy = String(response.headers['content-security-policy']).split(/;\s*/);
  expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'"]));
  expect(policy).toEqual(expect.arrayContaining(["frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]));
  expect(policy.join(' ')).not.toMatch(/unsafe|\*/);
  expect(response.text).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(response.text).not.toMatch(/<style|\sstyle=|\son\w+="|<script(?![^>]*\ssrc="\/assets\/)/);
}

describe('who sees which page', () => {
  it('shows a visitor the sign-in, and sends whoever is signed in to the list', async () => {
    const page = await visitor.get('/');
    expectPage(page);
    expect(page.text).toContain('<label for="username">Work e-mail</label>');
    const redirect = await signedIn.get('/');
    expect([redirect.status, redirect.headers.location]).toEqual([303, '/todos']);
    expect(redirect.headers['cache-control']).toBe('no-store');
  });

  it('shows the list to its owner, and sends a visitor to the sign-in', async () => {
    const page = await signedIn.get('/todos');
    expectPage(page);
    for (const text of ['Trinity', 'Whiterabbit', 'trinity@whiterabbit.fake', 'Sign out'])
      expect(page.text).toContain(text);
    const redirect = await visitor.get('/todos');
    expect([redirect.status, redirect.headers.location]).toEqual([303, '/']);
    expect(redirect.headers['cache-control']).toBe('no-store');
  });

  it('shows where they are signed in to whoever is, and sends a visitor to the sign-in', async () => {
    const page = await signedIn.get('/devices');
    expectPage(page);
    for (const text of ['Trinity', 'trinity@whiterabbit.fake', 'Where you are signed in', 'href="/todos"'])
      expect(page.text).toContain(text);
    expect((await signedIn.get('/todos')).text).toContain('href="/devices"');
    const redirect = await visitor.get('/devices');
    expect([redirect.status, redirect.headers.location]).toEqual([303, '/']);
    expect(redirect.headers['cache-control']).toBe('no-store');
  });

  it('shows the address of a person without a name', async () => {
    const page = await supertest(createWebApp({ ...trinity, name: '' })).get('/todos');
    expect(page.text).toContain('<strong>trinity@whiterabbit.fake</strong>');
  });

  it.each(['/todos', '/devices'])('escapes hostile names at %s', async (path) => {
    const page = await supertest(
      createWebApp({ ...trinity, name: hostile, orgName: hostile, email: `${hostile}@x` }),
    ).get(path);
    expectPage(page);
    expect(page.text).not.toContain('<img');
    expect(page.text.split('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&amp;&lt;/title&gt;')).toHaveLength(8);
  });
});

describe('/signed-out', () => {
  const at = '2026-01-02T10:42:31.000Z';

  it.each([
    ['revoked', 'Your organisation signed you out'],
    ['ended', 'You signed out'],
    ['displaced', 'Too many devices: you were signed out'],
    ['expired', 'Your session expired'],
    ['none', 'You are signed out'],
  ])('explains %s', async (reason, title) => {
    const page = await visitor.get('/signed-out').query({ reason, at });
    expectPage(page);
    expect(page.text).toContain(`<h1>${title} <span class="moment">at <time datetime="${at}">10:42 UTC</time>`);
    expect(page.text).toContain('Sign in again');
  });

  it.each(['hacked<b>', 'constructor', '__proto__', '', 'REVOKED'])('says nothing of the reason %j', async (reason) => {
    const page = await visitor.get('/signed-out').query({ reason });
    expectPage(page);
    expect(page.text).toContain('<h1>You are signed out</h1>');
    if (reason) expect(page.text).not.toContain(reason);
  });

  it.each(['tomorrow', '2999-01-01T00:00:00Z', '10:42', `${at}<b>`, '2026-02-31T00:00:00Z'])(
    'shows no time for %j',
    async (wrong) => {
      const page = await visitor.get('/signed-out').query({ reason: 'revoked', at: wrong });
      expectPage(page);
      expect(page.text).toContain('<h1>Your organisation signed you out</h1>');
      expect(page.text).not.toContain(wrong);
    },
  );

  it('takes repeated parameters for none', async () => {
    const page = await visitor.get(`/signed-out?reason=revoked&reason=ended&at=${at}&at=${at}`);
    expectPage(page);
    expect(page.text).toContain('<h1>You are signed out</h1>');
  });

  it('does not claim that someone is out who has signed in again', async () => {
    const page = await signedIn.get('/signed-out').query({ reason: 'revoked', at });
    expect(page.text).toContain('Since then you signed in again');
    expect(page.text).not.toContain('Trinity');
  });
});

describe('/problems', () => {
  it.each(Object.entries(problems))('explains %s', async (code, { title, status }) => {
    const page = await visitor.get(`/problems/${code}`);
    expectPage(page);
    expect(page.text).toContain(`<h1 lang="en">${title}</h1>`);
    expect(page.text).toContain(`HTTP ${status}`);
    expect(page.text).toContain(`${config.publicUrl}/problems/${code}`);
    expect((await visitor.get('/problems')).text).toContain(`href="/problems/${code}"`);
  });

  it.each(['nothing', 'toString', '__proto__', encodeURIComponent(hostile)])('knows no %s', async (code) => {
    const page = await visitor.get(`/problems/${code}`);
    expectPage(page, 404);
    expect(page.text).not.toContain('<img');
  });
});

describe('renderMessage', () => {
  it('escapes everything it is given', () => {
    const page = renderMessage(en, {
      title: hostile,
      text: [hostile, 'And then.'],
      actions: [{ label: hostile, href: `/"${hostile}` }],
      requestId: hostile,
    });
    expect(page).not.toContain('<img');
    expect(page).toContain('<p>And then.</p>');
    expect(page).toContain('href="/&quot;&quot;&gt;&lt;img');
  });

  it('leaves out what it is not given', () => {
    const page = renderMessage(en, { title: 'Not found', text: 'There is nothing here.', actions: [] });
    expect(page).not.toMatch(/Reference|class="actions"|undefined|false<|null/);
  });
});

describe('forms', () => {
  const src = path.resolve(import.meta.dirname, '../../src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(ts|js)$/.test(file));
  const all = files.map((file) => [file, readFileSync(path.join(src, file), 'utf8')] as const);

  // A browser sends a form itself where Enter is pressed before the script has come. By GET, what
  // was typed would stand in the address, in histories and logs. The console's searches are meant to.
  it('are never sent by GET, unless they search', () => {
    const forms = all.flatMap(([file, text]) => [...text.matchAll(/<form\b[^>]*/g)].map(([tag]) => ({ file, tag })));
    expect(forms.length).toBeGreaterThan(8);
    const isSearch = (tag: string) => tag.includes(' method="get"') && tag.includes(' role="search"');
    const others = forms.filter(({ file, tag }) => !(file.startsWith('console') && isSearch(tag)));
    expect(others.filter(({ tag }) => !/ method="(post|dialog)"/.test(tag))).toEqual([]);
    const made = all.filter(([, text]) => text.includes("createElement('form')"));
    expect(made.filter(([, text]) => !text.includes("form.method = 'dialog'"))).toEqual([]);
  });

  it('have no button that leads them elsewhere, but to the next page of the same list', () => {
    expect(all.filter(([, text]) => /\bformmethod=/i.test(text)).map(([file]) => file)).toEqual([]);
    const led = all.flatMap(([file, text]) => [...text.matchAll(/\bformaction="[^"]*"/gi)].map(([to]) => [file, to]));
    expect(led).toEqual([['console/people-choice.ts', expect.stringMatching(/^formaction="\$\{hrefOf\(/)]]);
  });
});
