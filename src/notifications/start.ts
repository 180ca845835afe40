import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createPool } from '../database/pool.ts';
import { createGuardedFetch } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';
import type { Languages } from '../texts/texts.ts';
import { gatherAccountMail, noteAccountMails } from './account-mail.ts';
import { createDeliver } from './deliver.ts';
import { createDeliveries } from './deliveries.ts';
import { createFeed } from './feed.ts';
import { gatherEmail } from './gather-email.ts';
import { createMailer } from './mailer.ts';
import { createPostWebhook } from './post-webhook.ts';
import { startRelay } from './relay.ts';
import { createSendAccountMail } from './send-account-mail.ts';
import { createSendAccountTask } from './send-account-task.ts';
import { createSendDigest } from './send-digest.ts';
import { createWebhooks } from './webhooks.ts';
import { startWorker } from './worker.ts';

/** Starts a node's relay and job worker. `wake` makes the relay look at once. */
export function startNotifications(deps: {
  config: Config;
  log: Logger;
  pool: Pool;
  keyring: Keyring;
  /** Of e-mails; the first is for who has chosen none. */
  languages: Languages;
}) {
  const { config, log, pool, keyring, languages } = deps;
  const { smtp, mode, appUrl, publicUrl } = config;
  const host = new URL(publicUrl).hostname;
  const mailer = smtp && createMailer({ smtpUrl: smtp.url, mailFrom: smtp.from, host, mode });
  const emailAvailable = mailer !== null;
  // No private hosts: the operator knows those as identity providers, but any org names webhooks.
  const webhookFetch = createGuardedFetch({ mode, privateHosts: [] });
  // Its commits wait for the disk: a job ends after the commit that adds the one in its place. Lost in
  // a crash while the end is written after it, that one would take its message along.
  const jobsPool = createPool({
    connectionString: config.directDatabaseUrl,
    max: 4,
    applicationName: 'universal-logout jobs',
    log,
  });
  const deliver = createDeliver({
    pool: jobsPool,
    postWebhook: createPostWebhook({ webhookFetch, keyring }),
    sendDigest: createSendDigest({ pool, mailer, appUrl, languages }),
    sendAccountMail: createSendAccountMail({ pool, mailer, publicUrl, languages }),
    sendAccountTask: createSendAccountTask({ pool, mailer, publicUrl, languages }),
  });
  const worker = startWorker({
    pool: jobsPool,
    log,
    tasks: {
      deliver: ({ orgId = '', deliveryId = '' }, signal) => deliver({ orgId, deliveryId }, signal),
      'gather-email': ({ orgId = '', userId = '' }) => gatherEmail(pool, languages, { orgId, userId }),
      'note-account-mails': (payload) => noteAccountMails(pool, payload),
      'gather-account-mail': ({ orgId = '', userId = '' }) => gatherAccountMail(pool, { orgId, userId }),
    },
  });
  const relay = startRelay({ pool, log, emailAvailable });
  return {
    feed: createFeed({ pool }),
    webhooks: createWebhooks({ pool, keyring }),
    webhookFetch,
    deliveries: createDeliveries({ pool }),
    emailAvailable,
    wake: relay.wake,
    async stop(): Promise<void> {
      await Promise.all([relay.stop(), worker.stop()]);
      await jobsPool.end();
    },
  };
}
