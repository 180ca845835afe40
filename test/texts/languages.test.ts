import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { en } from '../../src/texts/en.ts';
import { pluralIn } from '../../src/texts/plural.ts';
import { pseudo } from '../support/pseudo-language.ts';
import { createWebApp } from '../web/web-app.ts';

const inTwo = supertest(createWebApp(null, [en, pseudo]));
const inOne = supertest(createWebApp(null, [en]));

describe('the language of a page', () => {
  it.each([
    ['qps-ploc', 'qps-ploc'],
    ['de, qps-ploc;q=0.5, en;q=0.4', 'qps-ploc'],
    ['en-GB, qps-ploc;q=0.9', 'en'],
    ['de', 'en'],
    ['qps-ploc;q=0', 'en'],
    ['*', 'en'],
    [';;;', 'en'],
  ])('to a browser that asks for %j is %s', async (asked, language) => {
    for (const path of ['/', '/problems', '/problems/nothing', '/signed-out']) {
      const page = await inTwo.get(path).set('Accept-Language', asked);
      expect(page.text).toContain(`<html lang="${language}">`);
      expect(page.text.includes('⟦')).toBe(language === 'qps-ploc');
      expect(page.headers.vary).toBe('Accept-Language, Cookie');
    }
  });

  it('is English to one that doesn’t say', async () => {
    expect((await inTwo.get('/')).text).toContain('<html lang="en">');
  });

  it('depends on nothing while there is only one', async () => {
    const page = await inOne.get('/').set('Accept-Language', 'qps-ploc');
    expect(page.text).toContain('<html lang="en">');
    expect(page.headers.vary).toBeUndefined();
  });

  it('is English where the page is', async () => {
    expect((await inTwo.get('/docs').set('Accept-Language', 'qps-ploc')).text).toContain('<html lang="en">');
  });
});

it('numbers choose among a language’s forms, and those it doesn’t tell apart are one', () => {
  const forms = { one: 'čas', few: 'časy', other: 'časů' };
  expect([1, 2, 5].map((count) => pluralIn('cs')(count, forms))).toEqual(['čas', 'časy', 'časů']);
  expect(pluralIn('cs')(2, { other: 'časů' })).toBe('časů');
});
