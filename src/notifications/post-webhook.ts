import { Webhook } from 'standardwebhooks';
import { webhookSecretPurpose } from '../database/sealed-places.ts';
import { type GuardedFetch, GuardedFetchError } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';

export type WebhookMessage = Readonly<{
  /** `webhook-id`: the same at each try and each replay. */
  id: string;
  body: string;
  url: string;
  webhookId: string;
  secret: string;
  /** Set for a day after the secret was changed. */
  previousSecret: string | null;
}>;

/** Posts one message (Standard Webhooks): to public addresses only, bounded, no redirects. */
export function createPostWebhook({ webhookFetch, keyring }: { webhookFetch: GuardedFetch; keyring: Keyring }) {
  return async (message: WebhookMessage, signal: AbortSignal): Promise<DeliveryOutcome> => {
    const now = new Date();
    const sealed = [message.secret, message.previousSecret].filter((secret) => secret !== null);
    const secrets = await Promise.all(
      sealed.map((secret) => keyring.decrypt(secret, webhookSecretPurpose(message.webhookId))),
    );
    const signatures = secrets.map((secret) => new Webhook(secret).sign(message.id, now, message.body));
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'universal-logout',
      'Webhook-Id': message.id,
      'Webhook-Timestamp': String(Math.floor(now.getTime() / 1000)),
      'Webhook-Signature': signatures.join(' '),
    };
    try {
      const { status } = await webhookFetch(message.url, {
        method: 'POST',
        headers,
        body: message.body,
        signal,
        // The status alone says whether the receiver has the message; its body is never read.
        statusOnly: true,
      });
      if (status >= 200 && status < 300) return { result: 'delivered', status };
      if (status === 410) return { result: 'gone', status, error: 'gone' };
      return { result: 'failed', status, error: 'refused' };
    } catch (error) {
      if (!(error instanceof GuardedFetchError)) throw error;
      return { result: 'failed', status: null, error: error.reason };
    }
  };
}
