import { z } from 'zod';
import { escapeHtml } from '../html.ts';
import { oneLine } from './mailer.ts';

/** What one e-mail tells of, as it is kept until it is sent. */
export type Digest = z.infer<typeof digestForm>;
export const digestForm = z.object({
  items: z.array(z.object({ text: z.string(), at: z.string() })),
  /** How many more there were than stand in it. */
  more: z.number(),
});

/** Rows that stand in one e-mail, at most. */
export const digestSize = 50;

/** The e-mail in both its forms; names in it are other people's words. */
export function renderDigest({ items, more }: Digest, { orgName, appUrl }: { orgName: string; appUrl: string }) {
  const lines = items.map(({ text, at }) => ({ text: oneLine(text), at: `${at.slice(0, 16).replace('T', ' ')} UTC` }));
  const first = lines[0]?.text ?? '';
  const total = items.length + more;
  const rest = more > 0 ? `And ${more} more.` : '';
  const why = `You get this because you are an administrator of ${oneLine(orgName)} and chose it.`;
  const subject = `${cut(oneLine(orgName), 60)}: ${total === 1 ? cut(first, 120) : `${total} notifications`}`;
  const text = [...lines.map((line) => `- ${line.at}: ${line.text}`), rest, '', `${appUrl}/`, '', why]
    .filter((line, index, all) => line !== '' || all[index - 1] !== '')
    .join('\n');
  const html = [
    '<!doctype html><html lang="en"><body>',
    `<ul>${lines.map((line) => `<li>${escapeHtml(line.at)}: ${escapeHtml(line.text)}</li>`).join('')}</ul>`,
    rest && `<p>${rest}</p>`,
    `<p><a href="${escapeHtml(appUrl)}/">${escapeHtml(appUrl)}/</a></p>`,
    `<p>${escapeHtml(why)}</p>`,
    '</body></html>',
  ].join('\n');
  return { subject, text, html };
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
