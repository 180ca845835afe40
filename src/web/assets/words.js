// Scripts find their texts in the page, in its language, and fill `{name}` in. A page that the
// product did not render may have none: its scripts then say the keys.

const lang = document.documentElement.lang || navigator.language;
const texts = new Map();
for (const { id, textContent } of document.getElementById('words')?.content.children ?? []) texts.set(id, textContent);
const plural = new Intl.PluralRules(lang);

/** For dates: the page's language, in the person's regional form. */
export const locales = [...navigator.languages.filter((tag) => tag.split('-')[0] === lang.split('-')[0]), lang];

/** The text `key` with `parts` filled in. */
export function say(key, parts = {}) {
  return piecesOf(key, parts).join('');
}

/** The form of the text `key` that goes with `count`. */
export function sayCount(key, count) {
  const form = `${key}.${plural.select(count)}`;
  return say(texts.has(form) ? form : `${key}.other`, { count });
}

/** What went wrong: as the server says it, which it does in English, or in the page's language. */
export function sayProblem({ code, detail }) {
  if (texts.size === 0 || lang.split('-')[0] === 'en') return detail;
  const key = `problem_${code}`;
  return texts.has(key) ? say(key) : say('failed');
}

/** The text `key` in pieces to append; its parts may be elements. */
export function piecesOf(key, parts) {
  return (texts.get(key) ?? key)
    .split(/\{(\w+)\}/)
    .map((piece, index) => (index % 2 === 0 ? piece : parts[piece]))
    .filter((piece) => piece !== '');
}
