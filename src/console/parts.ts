import { randomUUID } from 'node:crypto';
import { type Html, holds, html, noted, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { sayProblem } from './say-problem.ts';
import { textOf, type Visit } from './screen.ts';

/** Drawn on a grid of 24, a line each; they say nothing that words beside them don't. */
const drawings = {
  menu: 'M4 7h16M4 12h16M4 17h16',
  overview: 'M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.5-3.5 3-5.5 6.5-5.5s6 2 6.5 5.5M16 4.4a3.5 3.5 0 0 1 0 6.2M18 15c2 .7 3.2 2.4 3.5 5',
  person: 'M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.6-4 3.4-6 7.5-6s6.9 2 7.5 6',
  groups: 'M4 4h7v7H4zM13 13h7v7h-7zM15.5 4v7M12 7.500h7M7.500 13v7M4 16.500h7',
  revocations: 'M12 3v8M6.500 6.500a8 8 0 1 0 11 0',
  apps: 'M4 12h7M8 8.500 11.500 12 8 15.500M14 4h6v6h-6zM14 14h6v6h-6z',
  accounts:
    'M7.500 19.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9ZM10.700 11.800 19.500 3M16 6.500l3 3M13.500 9l2 2',
  record: 'M6 3h9l4 4v14H6zM14.500 3v5H19M9 12.500h7M9 16.500h7',
  notifications: 'M6 17V11a6 6 0 0 1 12 0v6l1.500 2h-15zM10 21.500h4',
  settings: 'M4 7h9M19 7h1M4 17h1M11 17h9M13 7a3 3 0 1 0 6 0 3 3 0 0 0-6 0ZM5 17a3 3 0 1 0 6 0 3 3 0 0 0-6 0Z',
  search: 'M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13ZM15.500 15.500 20 20',
  copy: 'M8 8h12v12H8zM16 8V4H4v12h4',
} as const;

export function icon(name: keyof typeof drawings): Html {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="${drawings[name]}"/></svg>`;
}

/** Why what was sent is not carried out: once on a page, wherever it belongs. */
export const renderProblem = (said: Value): Html =>
  noted(html`<p id="problem" class="problem" role="alert" tabindex="-1">${said}</p>`, 'problem');

export const showsProblem = (body: Html): boolean => holds(body, 'problem');

/** A moment for people: the script says it in their own zone, and exactly on hover. */
export function renderMoment(texts: Texts, moment: string | Date): Html {
  const date = new Date(moment);
  const exact = date.toISOString();
  const shown = new Intl.DateTimeFormat(texts.language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  return html`<time datetime="${exact}" title="${exact}">${shown.format(date)} UTC</time>`;
}

/** The day of a moment, exactly on hover. */
export function renderDay(texts: Texts, moment: string | Date): Html {
  const exact = new Date(moment).toISOString();
  const shown = new Intl.DateTimeFormat(texts.language, { dateStyle: 'medium', timeZone: 'UTC' });
  return html`<time datetime="${exact}" title="${exact}" data-day>${shown.format(new Date(moment))}</time>`;
}

export const formatNumber = (texts: Texts, value: number): string =>
  new Intl.NumberFormat(texts.language).format(value);

/** To a tenth: with three places, “1.649” reads as thousands. */
export const formatMilliseconds = (texts: Texts, value: number): string =>
  formatNumber(texts, Math.round(value * 10) / 10);

/** A form on the screen's own page, with the problem that it met and the button that names it. */
export function renderForm(
  visit: Visit,
  form: Readonly<{
    /** Which of the screen's acts. */
    do: string;
    /** Default: the page's own address. */
    action?: string;
    button: string;
    /** What the button does can't be undone. */
    alarming?: boolean;
    quiet?: boolean;
    /** Default: an own line each. */
    inline?: boolean;
    /** For whoever hears the button without what stands around it. */
    label?: string;
    content?: Value;
    /** Beside the button, such as the way back. */
    beside?: Value;
    hidden?: Readonly<Record<string, string>>;
    /** The hidden field that tells it from other forms of the same act, such as those of a table's rows. */
    toldBy?: string;
    /** The id of the part of the page that it stands in: a long page is shown there again. */
    at?: string;
    /** It holds files. */
    uploads?: boolean;
    /** Its mark, where something that it holds is bound to that. */
    once?: string;
  }>,
): Html {
  const { do: act, toldBy, hidden = {} } = form;
  const isMine =
    textOf(visit.given, 'do') === act && (toldBy === undefined || visit.given[toldBy]?.[0] === hidden[toldBy]);
  const kind = [form.alarming && 'alarming', form.quiet && 'quiet'].filter(Boolean).join(' ');
  return html`<form method="post"${(form.action ?? form.at) !== undefined && html` action="${form.action ?? `#${form.at}`}"`} class="${form.inline ? 'inline' : 'stack'}" data-once${form.uploads && html` enctype="multipart/form-data"`}>
${isMine && visit.problem && renderProblem(sayProblem(visit.texts, visit.problem))}
<input type="hidden" name="once" value="${form.once ?? randomUUID()}">
${Object.entries(hidden).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
${form.content}
<p class="actions"><button name="do" value="${form.do}"${kind && html` class="${kind}"`}${form.label && html` aria-label="${form.label}"`}>${form.button}</button>${form.beside}</p>
</form>`;
}

/** A page that asks before something is removed, and does nothing else. */
export function renderQuestion(
  visit: Visit,
  question: Readonly<{ ask: string; text: string; more?: Value; do: string; button: string; back: string }>,
): Html {
  return html`<div class="narrow"><h1>${question.ask}</h1>
<p>${question.text}</p>
${question.more}
${renderForm(visit, {
  do: question.do,
  button: question.button,
  alarming: true,
  beside: html` <a class="button quiet" href="${question.back}">${visit.texts.console.cancel}</a>`,
})}</div>`;
}

/** What a field of the form `do` holds: what was typed into it, else `value`. */
export function valueIn(visit: Visit, act: string, name: string, value = ''): string {
  return textOf(visit.given, 'do') === act ? (visit.given[name]?.[0] ?? '') : value;
}

type Field = Readonly<{
  name: string;
  label: string;
  value?: string;
  hint?: Value;
  /** Default: text. */
  type?: 'text' | 'email' | 'url' | 'search' | 'number' | 'password' | 'date';
  /** Which keys a phone offers. */
  inputMode?: 'numeric' | 'decimal';
  required?: boolean;
  most?: number;
  min?: number;
  max?: number;
  /** More than one line. */
  rows?: number;
  placeholder?: string;
  autofocus?: boolean;
  /** What is wrong with it; the form then shows no problem itself. */
  problem?: Value;
}>;

export function renderField(field: Field): Html {
  const id = `field-${field.name}`;
  const hint = field.hint && html`<p class="hint" id="${id}-hint">${field.hint}</p>`;
  const described = [field.problem && 'problem', field.hint && `${id}-hint`].filter(Boolean).join(' ');
  const shared = html`id="${id}" name="${field.name}"${described && html` aria-describedby="${described}"`}${field.problem && html` aria-invalid="true"`}${field.required && html` required`}${field.most !== undefined && html` maxlength="${field.most}"`}${field.placeholder && html` placeholder="${field.placeholder}"`}${field.autofocus && html` autofocus`}${field.inputMode && html` inputmode="${field.inputMode}"`} autocomplete="off"`;
  const control = field.rows
    ? html`<textarea ${shared} rows="${field.rows}">${field.value ?? ''}</textarea>`
    : html`<input ${shared} type="${field.type ?? 'text'}" value="${field.value ?? ''}"${field.min !== undefined && html` min="${field.min}"`}${field.max !== undefined && html` max="${field.max}"`}>`;
  return html`<div class="field"><label for="${id}">${field.label}</label>${hint}${field.problem && renderProblem(field.problem)}${control}</div>`;
}

export function renderSelect(select: {
  name: string;
  label: string;
  value: string;
  hint?: Value;
  options: readonly Readonly<{ value: string; label: string }>[];
}): Html {
  const id = `field-${select.name}`;
  return html`<div class="field"><label for="${id}">${select.label}</label>${select.hint && html`<p class="hint" id="${id}-hint">${select.hint}</p>`}
<select id="${id}" name="${select.name}"${select.hint && html` aria-describedby="${id}-hint"`}>${select.options.map(({ value, label }) => html`<option value="${value}"${value === select.value && html` selected`}>${label}</option>`)}</select></div>`;
}

export function renderCheck(check: {
  name: string;
  label: Value;
  value?: string;
  checked: boolean;
  hint?: Value;
}): Html {
  const id = `field-${check.name}-${check.value ?? 'on'}`;
  return html`<div class="check"><input type="checkbox" id="${id}" name="${check.name}" value="${check.value ?? 'on'}"${check.checked && html` checked`}${check.hint && html` aria-describedby="${id}-hint"`}><label for="${id}">${check.label}</label>${check.hint && html`<p class="hint" id="${id}-hint">${check.hint}</p>`}</div>`;
}

/** A choice of one, each with what it does. */
export function renderChoices(choices: {
  name: string;
  legend: string;
  value: string;
  options: readonly Readonly<{ value: string; label: string; hint?: Value }>[];
}): Html {
  return html`<fieldset class="choices"><legend>${choices.legend}</legend>${choices.options.map(
    ({ value, label, hint }) => {
      const id = `field-${choices.name}-${value}`;
      return html`<div class="check"><input type="radio" id="${id}" name="${choices.name}" value="${value}"${value === choices.value && html` checked`}${hint && html` aria-describedby="${id}-hint"`}><label for="${id}">${label}</label>${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}</div>`;
    },
  )}</fieldset>`;
}

/** A column's head; `label` stands beside its cells on a phone. */
export type Column = Readonly<{ label: string; head?: Value; sorted?: 'ascending' | 'descending' | undefined }>;

/** The head of a column of buttons, which say themselves what they do: for screen readers alone. */
export const unseenColumn = (heading: string): Column => ({
  label: '',
  head: html`<span class="unseen">${heading}</span>`,
});

/**
 * A table that becomes a list of cards on a phone; the roles keep it a table for screen readers
 * there. The first cell of a row is what the row is about.
 */
export function renderTable(table: {
  caption: string;
  columns: readonly (string | Column)[];
  rows: readonly (readonly Value[])[];
}): Html {
  const columns = table.columns.map((column): Column => (typeof column === 'string' ? { label: column } : column));
  return html`<table class="table" role="table"><caption class="unseen">${table.caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(({ label, head, sorted }) => html`<th scope="col" role="columnheader"${sorted && html` aria-sort="${sorted}"`}>${head ?? label}</th>`)}</tr></thead>
<tbody role="rowgroup">${table.rows.map(
    (row) =>
      html`<tr role="row">${row.map((cell, index) =>
        index === 0
          ? html`<th scope="row" role="rowheader">${cell}</th>`
          : html`<td role="cell"${columns[index]?.label && html` data-label="${columns[index].label}"`}>${cell}</td>`,
      )}</tr>`,
  )}</tbody></table>`;
}

/** Pages that belong together, each with its address. */
export function renderTabs(
  label: string,
  tabs: readonly Readonly<{ label: string; href: string; isCurrent: boolean }>[],
): Html {
  return html`<nav class="tabs" aria-label="${label}"><ul>${tabs.map(
    (tab) => html`<li><a href="${tab.href}"${tab.isCurrent && html` aria-current="page"`}>${tab.label}</a></li>`,
  )}</ul></nav>`;
}

/** Names and values, one below the other on a phone. What is null is left out. */
export function renderFacts(facts: readonly (readonly [name: string, value: Value])[]): Html {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== false);
  return html`<dl class="facts">${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** An empty page says what would be there, and how to get it. */
export function renderEmpty(text: Value, action?: Readonly<{ label: string; href: string }>): Html {
  return html`<div class="empty"><p>${text}</p>${action && html`<p><a class="button quiet" href="${action.href}">${action.label}</a></p>`}</div>`;
}

export const renderBadge = (text: string, kind: 'good' | 'bad' | 'plain' = 'plain'): Html =>
  html`<span class="badge ${kind}">${text}</span>`;

/** Something to enter elsewhere, with a button that copies it; without a script it is selected by hand. */
export function renderCopyable(texts: Texts, text: string, what: string): Html {
  return html`<span class="copyable"><code>${text}</code><button type="button" class="quiet small copy" data-copy="${text}" data-what="${what}" aria-label="${texts.console.copyWhat({ what })}" hidden>${icon('copy')}<span>${texts.console.copy}</span></button></span>`;
}

/** The way to the next page of a list, and back to its beginning. */
export function renderPager(visit: Visit, next: string | null): Html | null {
  const { cursor, ...others } = visit.query;
  if (next === null && cursor === undefined) return null;
  const hrefOf = (query: Record<string, string>) => `?${new URLSearchParams(query).toString()}`;
  return html`<nav class="pager" aria-label="${visit.texts.console.pages}">${cursor !== undefined && html`<a href="${hrefOf(others)}">${visit.texts.console.firstPage}</a>`}${next !== null && html`<a rel="next" href="${hrefOf({ ...others, cursor: next })}">${visit.texts.console.nextPage}</a>`}</nav>`;
}
