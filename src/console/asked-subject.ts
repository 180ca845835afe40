import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';

/** An address that is wider than its column breaks behind its sign before anywhere else. */
export function breakAtSign(address: string): Html {
  const [name, domain] = address.split(/(?<=@)(?=[^@]+$)/);
  return html`${name}${domain !== undefined && html`<wbr>${domain}`}`;
}

/** What was asked for, as it was received: a name in short, anything else as JSON. */
export function renderAsked(subject: unknown): Value {
  if (subject === null || subject === undefined) return null;
  const { format, ...members } = subject as Record<string, unknown>;
  const names = Object.entries(members).filter((member): member is [string, string] => typeof member[1] === 'string');
  const isPlain = names.length === Object.keys(members).length;
  const [only] = names;
  // What an administrator asked for has no format: a person's id, or a group's.
  if (format === undefined && isPlain && names.length === 1 && only)
    return html`<code class="asked">${only[1]}</code><span class="sub"><code>${only[0]}</code></span>`;
  if (typeof format !== 'string' || !isPlain) return html`<code class="asked">${JSON.stringify(subject)}</code>`;
  // A subject means nothing without its issuer, and is what one looks for.
  const { sub, iss } = members as Record<string, string>;
  const [name, ...others] = format === 'iss_sub' ? [sub, iss] : names.map(([, value]) => value);
  return html`<span class="asked">${name && breakAtSign(name)}</span><span class="sub"><code>${format}</code>${others.map((other) => html` ${other}`)}</span>`;
}

/** What an administrator or the operator chose, in words: they name by ids, not by a format. */
export function renderChosen({ console: { revocations: words } }: Texts, subject: unknown): Value {
  const chosen = subject as Record<string, unknown> | null;
  const { users } = chosen ?? {};
  if (typeof users === 'number') return words.chosenList(users);
  // The narrowest first: a session is named together with its person.
  const kind = (['session', 'identity', 'user', 'group', 'everyone', 'connection'] as const).find(
    (name) => chosen?.[name] !== undefined,
  );
  return kind ? words.chosen[kind] : renderAsked(subject);
}
