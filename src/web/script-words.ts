import { type Html, html } from '../html.ts';
import type { PluralForms } from '../texts/plural.ts';

type Word = string | ((parts: never) => string);
export type Words = Readonly<Record<string, Word | PluralForms<Word>>>;

/** The texts of a page's script, for assets/words.js; the script fills `{name}` in. */
export function renderScriptWords(...groups: readonly Words[]): Html {
  const all = groups.flatMap((group) =>
    Object.entries(group).flatMap(([key, word]) =>
      typeof word === 'object'
        ? Object.entries(word).map(([form, text]) => ({ key: `${key}.${form}`, text }))
        : [{ key, text: word }],
    ),
  );
  return html`<template id="words">${all.map(({ key, text }) => html`<p id="${key}">${withHoles(text)}</p>`)}</template>`;
}

const holes = new Proxy({}, { get: (_target, name) => `{${String(name)}}` });

function withHoles(text: Word): string {
  return typeof text === 'string' ? text : text(holes as never);
}
