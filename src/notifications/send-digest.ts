import type { Pool } from 'pg';
import { inLanguage, type Languages } from '../texts/texts.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import { digestForm, renderDigest } from './digest.ts';
import type { Mailer } from './mailer.ts';

type AddressedDigest = Readonly<{ orgId: string; id: string; userId: string; kinds: string[]; body: string }>;
type Receiver = { email: string; name: string; language: string | null; orgName: string };

/**
 * Mails a digest to a person, if they are an active administrator now and still want some of it.
 */
export function createSendDigest(deps: { pool: Pool; mailer: Mailer | null; appUrl: string; languages: Languages }) {
  return async (delivery: AddressedDigest, signal: AbortSignal): Promise<DeliveryOutcome> => {
    if (!deps.mailer) return { result: 'cancelled', error: 'no_smtp' };
    const { rows } = await deps.pool.query<Receiver>({
      name: 'email-receiver',
      text: `SELECT u.email, u.name, u.language, o.name AS "orgName"
             FROM users u
             JOIN orgs o ON o.id = u.org_id
             JOIN notification_readers r ON r.org_id = u.org_id AND r.user_id = u.id
             WHERE u.org_id = $1 AND u.id = $2 AND u.active AND u.deleted_at IS NULL AND u.role <> 'member'
               AND r.email_kinds && $3::text[]`,
      values: [delivery.orgId, delivery.userId, delivery.kinds],
    });
    const [receiver] = rows;
    if (!receiver) return { result: 'cancelled', error: 'no_receiver' };
    const { email: address, name, orgName, language } = receiver;
    const rendered = renderDigest(inLanguage(deps.languages, language), digestForm.parse(JSON.parse(delivery.body)), {
      orgName,
      appUrl: deps.appUrl,
    });
    return deps.mailer({ id: delivery.id, to: { name, address }, ...rendered }, signal);
  };
}
