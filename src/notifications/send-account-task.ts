import type { Pool } from 'pg';
import { rightsOfPerson } from '../accounts/rights.ts';
import { escapeHtml } from '../html.ts';
import { inLanguage, type Languages, type Texts } from '../texts/texts.ts';
import { accountMailForm } from './account-mail.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import { whyNotYet } from './describe.ts';
import { type Mailer, oneLine } from './mailer.ts';

type Addressed = Readonly<{ orgId: string; id: string; userId: string; body: string }>;
type Task = { id: string; name: string; until: string; error: string | null };
type Receiver = { email: string; name: string; language: string | null; orgName: string; tasks: Task[] };

/**
 * Mails to whoever manages accounts that they are to change the passwords by hand, with a link to
 * confirm each. What somebody has done meanwhile is left out.
 */
export function createSendAccountTask(deps: {
  pool: Pool;
  mailer: Mailer | null;
  publicUrl: string;
  languages: Languages;
}) {
  return async ({ orgId, id, userId, body }: Addressed, signal: AbortSignal): Promise<DeliveryOutcome> => {
    if (!deps.mailer) return { result: 'cancelled', error: 'no_smtp' };
    const mail = accountMailForm.parse(JSON.parse(body));
    const { rows } = await deps.pool.query<Receiver>({
      name: 'account-task-receiver',
      text: receiverSql,
      values: [orgId, userId, mail.accounts.map((account) => account.id)],
    });
    const [receiver] = rows;
    if (!receiver) return { result: 'cancelled', error: 'no_receiver' };
    const { email: address, name, orgName, language, tasks } = receiver;
    const url = `${deps.publicUrl}/accounts`;
    const rendered = renderAccountTask(inLanguage(deps.languages, language), tasks, { more: mail.more, orgName, url });
    return deps.mailer({ id, to: { name, address }, ...rendered }, signal);
  };
}

const receiverSql = `
  SELECT u.email, u.name, u.language, o.name AS "orgName",
         jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'until', t.do_until, 'error', t.error)
                   ORDER BY t.do_until, a.id) AS tasks
  FROM users u
  JOIN orgs o ON o.id = u.org_id
  JOIN accounts a ON a.org_id = u.org_id AND a.id = ANY ($3::text[])
  JOIN account_rotations t ON t.org_id = a.org_id AND t.account_id = a.id AND t.state = 'manual' AND t.do_until IS NOT NULL
  WHERE u.org_id = $1 AND u.id = $2
    AND a.id IN (SELECT r.account_id FROM (${rightsOfPerson('$1', '$2')}) r WHERE r."right" = 'manage')
  GROUP BY u.email, u.name, u.language, o.name`;

/** The e-mail as text and as HTML; names in it are other people's words. */
export function renderAccountTask(
  texts: Texts,
  tasks: readonly Task[],
  { more, orgName, url }: Readonly<{ more: number; orgName: string; url: string }>,
) {
  const words = texts.accountTaskMail;
  const org = oneLine(orgName);
  const items = tasks.map(({ id, name, until, error }) => ({
    line: words.item({ account: oneLine(name), at: new Date(until), why: whyOf(texts, error) }),
    link: `${url}/${id}/confirm`,
  }));
  const account = oneLine(tasks[0]?.name ?? '').slice(0, 80);
  const subject = words.subject({ org: org.slice(0, 60), count: tasks.length + more, account });
  const rest = more > 0 ? words.more({ count: more }) : '';
  const why = words.why({ org });
  const told = [
    ...items.map(({ line, link }) => `- ${line}\n  ${words.confirm} ${link}`),
    ...(rest === '' ? [] : [rest]),
  ];
  const text = [...told, '', words.all, url, '', why].join('\n');
  const anchor = (to: string) => `<a href="${escapeHtml(to)}">${escapeHtml(to)}</a>`;
  const html = [
    `<!doctype html><html lang="${texts.language}"><body>`,
    `<ul>${items.map(({ line, link }) => `<li>${escapeHtml(line)}<br>${escapeHtml(words.confirm)} ${anchor(link)}</li>`).join('')}</ul>`,
    rest && `<p>${escapeHtml(rest)}</p>`,
    `<p>${escapeHtml(words.all)} ${anchor(url)}</p>`,
    `<p>${escapeHtml(why)}</p>`,
    '</body></html>',
  ].join('\n');
  return { subject, text, html };
}

/** That people change it anyway is no reason to give. */
const whyOf = (texts: Texts, error: string | null) => (error === 'manual' ? null : whyNotYet(texts, error));
