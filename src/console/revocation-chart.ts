import { type Html, html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { formatNumber } from './parts.ts';

type Day = Readonly<{ day: string; count: number }>;

/** The grid of the drawing: its units are pixels where it has its natural size. */
const height = 64;
const step = 40;
const bar = 24;
/** A day without any shows a line: nothing would look like a day that is missing. */
const least = 2;

/** Bars of a week, drawn here; whoever can't see them has the same as a table. */
export function renderWeek(texts: Texts, days: readonly Day[]): Html {
  const words = texts.console.overview;
  const greatest = Math.max(1, ...days.map(({ count }) => count));
  const compact = new Intl.NumberFormat(texts.language, { notation: 'compact' });
  const weekday = new Intl.DateTimeFormat(texts.language, { weekday: 'short', timeZone: 'UTC' });
  const date = new Intl.DateTimeFormat(texts.language, { dateStyle: 'full', timeZone: 'UTC' });
  const bars = days.map(({ day, count }, index) => {
    const tall = Math.max(least, Math.round((count / greatest) * height));
    const left = index * step + (step - bar) / 2;
    const middle = index * step + step / 2;
    return html`<g${index === days.length - 1 && html` class="now"`}><title>${date.format(new Date(day))}: ${formatNumber(texts, count)}</title>
<rect x="${left}" y="${16 + height - tall}" width="${bar}" height="${tall}" rx="2"/>
<text x="${middle}" y="${12 + height - tall}">${count > 0 && compact.format(count)}</text>
<text x="${middle}" y="${height + 32}">${weekday.format(new Date(day))}</text></g>`;
  });
  return html`<svg class="week" viewBox="0 0 ${days.length * step} ${height + 36}" aria-hidden="true" focusable="false">${bars}</svg>
<div class="unseen"><table><caption>${words.perDay}</caption><thead><tr><th scope="col">${words.day}</th><th scope="col">${words.revocations}</th></tr></thead><tbody>${days.map(
    ({ day, count }) =>
      html`<tr><th scope="row">${date.format(new Date(day))}</th><td>${formatNumber(texts, count)}</td></tr>`,
  )}</tbody></table></div>`;
}
