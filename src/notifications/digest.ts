import { z } from 'zod';
import { escapeHtml } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { oneLine } from './mailer.ts';

/** The content of one e-mail, as it is kept until it is sent. */
export type Digest = z.infer<typeof digestForm>;
export const digestForm = z.object({
  items: z.array(z.object({ text: z.string(), at: z.string() })),
  /** How many further notifications there were. */
  more: z.number(),
});

/** Notifications in one e-mail, at most. */
export const digestSize = 50;

/** The e-mail as text and as HTML; names in it are other people's words. */
export function renderDigest(texts: Texts, { items, more }: Digest, to: { orgName: string; appUrl: string }) {
  const words = texts.digest;
  const told = items.map(({ text, at }) => ({ text: oneLine(text), at: new Date(at) }));
  const lines = told.map(words.item);
  const org = oneLine(to.orgName);
  const total = items.length + more;
  const what = total === 1 ? cut(told[0]?.text ?? '', 120) : words.several({ count: total });
  const subject = words.subject({ org: cut(org, 60), what });
  const rest = more > 0 ? words.more({ count: more }) : '';
  const why = words.why({ org });
  const text = [...lines.map((line) => `- ${line}`), rest, '', `${to.appUrl}/`, '', why]
    .filter((line, index, all) => line !== '' || all[index - 1] !== '')
    .join('\n');
  const html = [
    `<!doctype html><html lang="${texts.language}"><body>`,
    `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`,
    rest && `<p>${escapeHtml(rest)}</p>`,
    `<p><a href="${escapeHtml(to.appUrl)}/">${escapeHtml(to.appUrl)}/</a></p>`,
    `<p>${escapeHtml(why)}</p>`,
    '</body></html>',
  ].join('\n');
  return { subject, text, html };
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
