import { type Html, html } from '../html.ts';

/** Text of our own that goes in as it is: styles, scripts, the library's form. */
export const trusted = (text: string): Html => html(Object.assign([text], { raw: [text] }));
