import { createTransport } from 'nodemailer';
import { isLoopback, type Mode } from '../config.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';

export type Email = Readonly<{
  id: string;
  to: { name: string; address: string };
  subject: string;
  text: string;
  html: string;
}>;
/** An e-mail that the signal breaks off counts as failed. */
export type Mailer = (email: Email, signal: AbortSignal) => Promise<DeliveryOutcome>;

/** Milliseconds. */
const limits = { connectionTimeout: 8_000, greetingTimeout: 8_000, dnsTimeout: 8_000, socketTimeout: 10_000 };
const wholeLimit = 25_000;

/**
 * Sends e-mail by SMTP, one connection each. In production a server on another machine is spoken to
 * with TLS or not at all. `host` stands in the Message-ID, which is the same at each try, so that a
 * mail program recognises a repeat.
 */
export function createMailer(options: { smtpUrl: string; mailFrom: string; host: string; mode: Mode }): Mailer {
  const url = new URL(options.smtpUrl);
  const secure = url.protocol === 'smtps:';
  const settings = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && options.mode === 'production' && !isLoopback(options.smtpUrl),
    ...(url.username && {
      auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    }),
    disableFileAccess: true,
    disableUrlAccess: true,
    ...limits,
  };

  return async ({ id, to, subject, text, html }, signal) => {
    const transport = createTransport(settings);
    const late = Promise.withResolvers<DeliveryOutcome>();
    const giveUp = () => late.resolve({ result: 'failed', status: null, error: 'timeout' });
    const timer = setTimeout(giveUp, wholeLimit);
    signal.addEventListener('abort', giveUp, { once: true });
    const sent = transport
      .sendMail({
        from: options.mailFrom,
        to: { name: oneLine(to.name), address: to.address },
        subject: oneLine(subject),
        text,
        html,
        messageId: `<${id}@${options.host}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
      .then((): DeliveryOutcome => ({ result: 'delivered', status: 250 }), toFailure);
    try {
      return await Promise.race([sent, late.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      transport.close();
    }
  };
}

/** A name may hold a line break, which in a header would begin another header. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

const words: Readonly<Record<string, string>> = { ETIMEDOUT: 'timeout', ETLS: 'tls', EAUTH: 'authentication' };

/** Never the server's own words: they may quote the address. */
function toFailure(error: unknown): DeliveryOutcome {
  const { code, responseCode } = error as { code?: string; responseCode?: number };
  const word = words[code ?? ''] ?? (responseCode === undefined ? 'network' : 'refused');
  return { result: 'failed', status: responseCode ?? null, error: word };
}
