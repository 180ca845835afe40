import type { Pool } from 'pg';
import { rightsOfPerson } from '../accounts/rights.ts';
import { escapeHtml } from '../html.ts';
import { inLanguage, type Languages, type Texts } from '../texts/texts.ts';
import { accountMailForm } from './account-mail.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import { type Mailer, oneLine } from './mailer.ts';

type Addressed = Readonly<{ orgId: string; id: string; userId: string; body: string }>;
type Receiver = {
  email: string;
  name: string;
  language: string | null;
  orgName: string;
  accounts: { id: string; name: string }[];
};

/**
 * Mails to a person that passwords changed, if they still want it, and names the accounts that they
 * may still use. The new password is behind a fresh sign-in, never in an e-mail.
 */
export function createSendAccountMail(deps: {
  pool: Pool;
  mailer: Mailer | null;
  publicUrl: string;
  languages: Languages;
}) {
  return async ({ orgId, id, userId, body }: Addressed, signal: AbortSignal): Promise<DeliveryOutcome> => {
    if (!deps.mailer) return { result: 'cancelled', error: 'no_smtp' };
    const mail = accountMailForm.parse(JSON.parse(body));
    const { rows } = await deps.pool.query<Receiver>({
      name: 'account-mail-receiver',
      text: receiverSql,
      values: [orgId, userId, mail.accounts.map((account) => account.id)],
    });
    const [receiver] = rows;
    const names = new Map(receiver?.accounts.map((account) => [account.id, account.name]));
    const changed = mail.accounts.flatMap((account) => {
      const name = names.get(account.id);
      return name === undefined ? [] : [{ account: oneLine(name), at: new Date(account.at) }];
    });
    if (!receiver || changed.length === 0) return { result: 'cancelled', error: 'no_receiver' };
    const { email: address, name, orgName, language } = receiver;
    const rendered = renderAccountMail(inLanguage(deps.languages, language), changed, {
      more: mail.more,
      orgName,
      url: `${deps.publicUrl}/accounts`,
    });
    return deps.mailer({ id, to: { name, address }, ...rendered }, signal);
  };
}

const receiverSql = `
  SELECT u.email, u.name, u.language, o.name AS "orgName",
         jsonb_agg(DISTINCT jsonb_build_object('id', a.id, 'name', a.name)) AS accounts
  FROM users u
  JOIN orgs o ON o.id = u.org_id
  JOIN (${rightsOfPerson('$1', '$2')}) r ON r.account_id = ANY ($3::text[])
  JOIN accounts a ON a.org_id = u.org_id AND a.id = r.account_id
  WHERE u.org_id = $1 AND u.id = $2 AND u.mail_of_accounts
  GROUP BY u.email, u.name, u.language, o.name`;

type Changed = readonly Readonly<{ account: string; at: Date }>[];

/** The e-mail as text and as HTML; names in it are other people's words. */
export function renderAccountMail(
  texts: Texts,
  changed: Changed,
  { more, orgName, url }: Readonly<{ more: number; orgName: string; url: string }>,
) {
  const words = texts.accountMail;
  const org = oneLine(orgName);
  const count = changed.length + more;
  const subject = words.subject({ org: org.slice(0, 60), count, account: changed[0]?.account.slice(0, 80) ?? '' });
  const lines = changed.map(words.item);
  const rest = more > 0 ? words.more({ count: more }) : '';
  const why = words.why({ org });
  const told = [...lines.map((line) => `- ${line}`), ...(rest === '' ? [] : [rest])];
  const text = [...told, '', words.where, url, '', why].join('\n');
  const html = [
    `<!doctype html><html lang="${texts.language}"><body>`,
    `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`,
    rest && `<p>${escapeHtml(rest)}</p>`,
    `<p>${escapeHtml(words.where)} <a href="${escapeHtml(url)}">${escapeHtml(url)}</a></p>`,
    `<p>${escapeHtml(why)}</p>`,
    '</body></html>',
  ].join('\n');
  return { subject, text, html };
}
