import { type Html, html } from '../html.ts';

/** Our own text, inserted without escaping: styles, scripts, the library's form. */
export const trusted = (text: string): Html => html(Object.assign([text], { raw: [text] }));
