import { decodeJwt, decodeProtectedHeader } from 'jose';

export type Outgoing = { url: string; headers: Record<string, string>; body: string; token: string };

/** The answer; `status` is null without one. Bodies are cut after 4 KiB. */
export type CallAnswer =
  | { status: number; headers: Record<string, string>; body: string; cut: boolean; milliseconds: number }
  | { status: null; reason: string; milliseconds: number };

/** A call to the app: the request, its token decoded and not spelled out, and the answer. */
export type SentCall = {
  url: string;
  headers: Record<string, string>;
  body: string;
  token: { header: Record<string, unknown>; claims: Record<string, unknown> };
  answer: CallAnswer;
};

const bodyLimit = 4096;
const headerLimit = 300;
const shownHeaders = ['content-type', 'www-authenticate', 'retry-after', 'location'];

/**
 * Posts once, follows no redirect and never throws. `limit`: milliseconds for the answer; an app
 * that notes calls while its database is away takes eight seconds.
 */
export async function sendCall({ url, headers, body, token }: Outgoing, limit = 12_000): Promise<SentCall> {
  const hide = (text: string) => text.replaceAll(token, '<the JWT>');
  return {
    url,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, hide(value)])),
    body: hide(body),
    token: { header: { ...decodeProtectedHeader(token) }, claims: decodeJwt(token) },
    answer: await post(url, headers, body, limit),
  };
}

async function post(url: string, headers: Record<string, string>, body: string, limit: number): Promise<CallAnswer> {
  const started = performance.now();
  const milliseconds = () => Math.round(performance.now() - started);
  try {
    const signal = AbortSignal.timeout(limit);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    const shown = shownHeaders.flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value.slice(0, headerLimit)]];
    });
    const text = await readBounded(response);
    return { status: response.status, headers: Object.fromEntries(shown), ...text, milliseconds: milliseconds() };
  } catch (error) {
    return { status: null, reason: explain(error, limit), milliseconds: milliseconds() };
  }
}

async function readBounded(response: Response): Promise<{ body: string; cut: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > bodyLimit) break;
  }
  const body = Buffer.concat(chunks).subarray(0, bodyLimit).toString('utf8');
  return { body, cut: size > bodyLimit };
}

function explain(error: unknown, limit: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${limit / 1000} s`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ECONNREFUSED') return 'nobody listens there (ECONNREFUSED)';
  return cause instanceof Error ? `${cause.message}${code && ` (${code})`}` : error.message;
}
