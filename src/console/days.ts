import { z } from 'zod';
import { AppError } from '../errors.ts';
import { type Html, html } from '../html.ts';
import { renderField } from './parts.ts';
import type { Visit } from './screen.ts';

const day = z.iso.date();

/**
 * The moments between the days of a query, which both belong to it, for an operation's filter.
 * Days are UTC's: a page that works without a script doesn't know its reader's zone.
 * @throws AppError invalid_request
 */
export function daysOf({ query, texts }: Visit): { from?: string; to?: string } {
  const [from, to] = [query.from, query.to].map((text) => {
    if (!text) return undefined;
    if (day.safeParse(text).success) return Date.parse(`${text}T00:00:00Z`);
    throw new AppError('invalid_request', texts.console.record.badDay);
  });
  return {
    ...(from !== undefined && { from: new Date(from).toISOString() }),
    ...(to !== undefined && { to: new Date(to + 86_400_000).toISOString() }),
  };
}

export function renderDays({ query, texts }: Visit): Html {
  const { from, to, dayHint } = texts.console.record;
  const field = (name: 'from' | 'to', label: string) =>
    renderField({ name, label, type: 'date', value: query[name] ?? '' });
  return html`<div class="days" role="group" aria-label="${dayHint}">${field('from', from)}${field('to', to)}</div>`;
}
