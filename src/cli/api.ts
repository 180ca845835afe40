import { createInterface } from 'node:readline/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { type ApiRequest, problem } from './account.ts';
import { type Console, parseInput, readText, text, usageError } from './command.ts';
import { forServer, serverUrl, urlForm } from './server-url.ts';
import { whoIsSignedIn } from './whoami.ts';

const form = urlForm.extend({
  method: text.toUpperCase().pipe(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])),
  path: z.string().startsWith('/', 'must be a path such as /api/orgs/current'),
  data: text.optional(),
  yes: z.boolean().default(false),
});

/** Any operation of the API, as the person who is signed in here; the server's /docs lists them. */
export function registerApi(program: Command, shell: Console): void {
  forServer(program, 'api', 'send a request to the API with what login keeps, and print the answer')
    .argument('<method>', 'GET, POST, PUT, PATCH or DELETE')
    .argument('<path>', 'such as /api/orgs/current; /docs of the server lists all')
    .option('--data <json>', 'the body, as JSON or as @file')
    .option('--yes', 'confirm what would end, without being asked')
    .action(async function run(this: Command) {
      const { url: given, method, path, data, yes } = parseInput(this, form);
      const url = await serverUrl(shell, given);
      const body = data === undefined ? undefined : await readData(data);
      const { account, tokens } = await whoIsSignedIn(url, shell.env);
      const send = (request: ApiRequest) => account.send(tokens, request);
      const first = await send({ method, path, body });
      const confirmation = first.status === 409 ? await confirmed(first, shell, yes) : null;
      const again = confirmation && JSON.stringify({ ...JSON.parse(body ?? '{}'), confirmation });
      await print(again ? await send({ method, path, body: again }) : first, shell);
    });
}

async function readData(data: string): Promise<string> {
  const json = data.startsWith('@') ? await readText(data.slice(1)) : data;
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    throw usageError('--data is not JSON.');
  }
}

const confirmationAsked = z.object({
  code: z.literal('confirmation_required'),
  confirmation: z.string(),
  effects: z.unknown(),
});

/** Shows the consequences, and returns the confirmation to send. Null for another conflict. */
async function confirmed(answer: Response, { stdin, stderr }: Console, yes: boolean): Promise<string | null> {
  const asked = confirmationAsked.safeParse(
    await answer
      .clone()
      .json()
      .catch(() => null),
  );
  if (!asked.success) return null;
  stderr.write(`${JSON.stringify(asked.data.effects, null, 2)}\n`);
  if (yes) return asked.data.confirmation;
  if (!stdin.isTTY)
    throw new AppError('confirmation_required', 'This would end what is listed. Send it again with --yes.');
  const prompt = createInterface({ input: stdin, output: stderr });
  // Ctrl-C and Ctrl-D reject the question: both mean no.
  const typed = await prompt.question('This would end. Type "yes" to go on: ').catch(() => '');
  prompt.close();
  if (typed.trim() !== 'yes') throw new AppError('confirmation_required', 'Not confirmed; nothing was done.');
  return asked.data.confirmation;
}

/** JSON with indents, other bodies as they come. @throws AppError with the problem's own text */
async function print(response: Response, shell: Console): Promise<void> {
  const isJson = /^application\/([\w.-]+\+)?json\b/.test(response.headers.get('content-type') ?? '');
  if (!response.ok) {
    // A proxy in between may answer with any text.
    const { data } = problem.safeParse(isJson ? await response.json().catch(() => null) : null);
    const { code, detail } = data ?? { code: 'unavailable' };
    const hint = hints[code];
    throw new AppError(code, `${detail ?? `The server answered ${response.status}.`}${hint ? ` ${hint}` : ''}`);
  }
  if (isJson) {
    const json = (await response.json()) as object;
    shell.answer({ json, text: JSON.stringify(json, null, 2) });
  } else if (response.body && response.status !== 204)
    await pipeline(Readable.fromWeb(response.body), shell.stdout, { end: false });
}

const hints: Partial<Record<string, string>> = {
  reauthentication_required: 'Run login --admin again.',
  insufficient_scope: 'Run login --admin.',
};
