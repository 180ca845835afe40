import type { Addressed } from './reference-document.ts';

/** How each credential is sent. A variable of the shell stands for the secret. */
const credentials: Readonly<Record<string, string>> = {
  accessToken: '-H "Authorization: Bearer $ACCESS_TOKEN"',
  apiKey: '-H "Authorization: Bearer $API_KEY"',
  signedJwt: '-H "Authorization: Bearer $SIGNED_JWT"',
  metricsToken: '-H "Authorization: Bearer $METRICS_TOKEN"',
  session: '-b "$COOKIE"',
};

/** The operation as a command of a shell, with example values. */
export function curlOf(operation: Addressed, server: string): string {
  const { method, security } = operation;
  const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const accepted = security.flatMap((way) => Object.keys(way));
  const credential = Object.keys(credentials).find((name) => accepted.includes(name));
  const isForm = type === 'application/x-www-form-urlencoded';
  const lines = [
    `curl${flagOf(operation)}${method === 'GET' ? '' : ` -X ${method}`} "${server}${addressOf(operation)}"`,
    credential && credentials[credential],
    type && !isForm && `-H "Content-Type: ${type}"`,
    ...(isForm ? membersOf(content?.example) : [content && `-d ${quote(textOf(content.example))}`]),
  ];
  return lines.filter(Boolean).join(' \\\n  ');
}

/** The flag shows a stream as it comes, and the status where an answer has no body. */
function flagOf({ responses }: Addressed): string {
  const [first] = Object.values(responses);
  const types = Object.keys(first?.content ?? {});
  if (types.includes('text/event-stream')) return ' -N';
  return types.length === 0 ? ' -i' : '';
}

function addressOf({ path, parameters }: Addressed): string {
  const given = (where: string) => parameters.filter((parameter) => parameter.in === where);
  const filled = given('path').reduce(
    (address, { name, example }) => address.replace(`{${name}}`, encodeURIComponent(String(example))),
    path,
  );
  const asked = given('query').filter(({ required, example }) => required && example !== undefined);
  const query = new URLSearchParams(
    asked.map(({ name, example }): [string, string] => [name, String(example)]),
  ).toString();
  return query ? `${filled}?${query}` : filled;
}

function membersOf(example: unknown): string[] {
  return Object.entries((example ?? {}) as Record<string, unknown>).map(
    ([name, value]) => `--data-urlencode ${quote(`${name}=${value}`)}`,
  );
}

function textOf(example: unknown): string {
  if (typeof example === 'string') return example;
  const short = JSON.stringify(example);
  return short.length <= 72 ? short : JSON.stringify(example, null, 2).replaceAll('\n', '\n  ');
}

/** Between single quotes a shell reads everything literally, except the quote itself. */
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
