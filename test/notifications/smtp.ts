import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export type Mail = Readonly<{ to: string[]; from: string; raw: string }>;
type Refusal = Error & { responseCode: number };

/**
 * A real SMTP server: keeps what it takes, and refuses as it is told. It offers no STARTTLS unless
 * `options` say so.
 */
export async function startSmtp(options: SMTPServerOptions = {}, host = '127.0.0.1') {
  const mails: Mail[] = [];
  const tries: string[] = [];
  let refuse: (() => Refusal | 'hang' | null) | null = null;
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    ...options,
    onRcptTo({ address }, _session, callback) {
      tries.push(address);
      const refusal = refuse?.() ?? null;
      if (refusal !== 'hang') callback(refusal ?? undefined);
    },
    onData(stream, { envelope }, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push({
          to: envelope.rcptTo.map(({ address }) => address),
          from: envelope.mailFrom ? envelope.mailFrom.address : '',
          raw: Buffer.concat(chunks).toString(),
        });
        callback();
      });
    },
  });
  server.on('error', () => {});
  server.listen(0, host);
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    url: `smtp://${host}:${port}`,
    mails,
    /** Addresses that somebody tried to send to. */
    tries,
    refuseWith(next: typeof refuse) {
      refuse = next;
    },
    stop: () => new Promise<void>((resolve) => server.close(resolve)),
  };
}

export function refusal(responseCode: number): Refusal {
  return Object.assign(new Error('not now'), { responseCode });
}

/** Header fields, unfolded. */
export function headersOf({ raw }: Mail): string[] {
  return (raw.split('\r\n\r\n', 1)[0] as string).replace(/\r\n[ \t]+/g, ' ').split('\r\n');
}
export const headerOf = (mail: Mail, name: string) =>
  headersOf(mail)
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}: `))
    .map((line) => line.slice(name.length + 2));

/** The parts' text, with quoted-printable and base64 undone. */
export function textOf({ raw }: Mail): string {
  return raw
    .split(/\r\n--[^\r\n]+\r\n/)
    .map((part) => {
      const [head = '', ...rest] = part.split('\r\n\r\n');
      const body = rest.join('\r\n\r\n');
      if (/content-transfer-encoding: base64/i.test(head)) return Buffer.from(body, 'base64').toString();
      const bytes = body
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      return /quoted-printable/i.test(head) ? Buffer.from(bytes, 'latin1').toString() : body;
    })
    .join('\n');
}
