import { type Html, html } from '../html.ts';
import type { PluralForms } from '../texts/plural.ts';

type Word = string | ((parts: never) => string);
type Words = Readonly<Record<string, Word | PluralForms<Word>>>;

/**
 * What a page's script says, for assets/words.js to read: `{name}` stands for what the script fills
 * in.
 */
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
