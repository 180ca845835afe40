import { z } from 'zod';
import type { AccountRequest } from './account-fetch.ts';
import { must } from './must.ts';
import { ca, tls } from './settings.ts';
import { fillForm, fillHeader, fillJson, fillUrl, isJsonTemplate, placeholdersOf, type Values } from './templates.ts';

const template = (most: number) =>
  z
    .string()
    .max(most)
    .refine((value) => placeholdersOf(value) !== null, must('placeholder'));

const url = template(2048)
  .refine((value) => /^https?:\/\/[\w.:[\]-]+(\/[\x21-\x7e]*)?$/.test(value), must('fixedHost'))
  .refine((value) => URL.canParse(value.replaceAll(/[{}]/g, '')), must('address'))
  .refine((value) => !/[?#/]\.{1,2}([/?#]|$)/.test(value), must('noDots'))
  // A URL is written into logs on its way.
  .refine(
    (value) => (placeholdersOf(value) ?? []).every((name) => name === 'user' || name === 'admin'),
    must('noSecret'),
  );

/** What belongs to the transport is never a recipe's. */
const transport = [
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'keep-alive',
  'te',
];

const headers = z
  .record(
    z.string().refine((value) => /^[\w!#$%&'*+.^`|~-]{1,100}$/.test(value), must('headerName')),
    template(2048).refine((value) => /^[\x20-\x7e]*$/.test(value), must('headerLine')),
  )
  .refine((given) => Object.keys(given).length <= 20, must('headers'))
  .refine((given) => !Object.keys(given).some((name) => transport.includes(name.toLowerCase())), must('transport'))
  .default({});

const body = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('json'),
      template: template(16_384).refine(isJsonTemplate, must('json')),
    }),
    z.strictObject({
      type: z.literal('form'),
      template: template(16_384).refine((value) => /^[\x21-\x7e]*$/.test(value), must('form')),
    }),
  ])
  .nullable()
  .default(null);

const parts = { url, headers, body };
export type Request = z.output<z.ZodObject<typeof parts>> & Pick<AccountRequest, 'method'>;

/** Which answers are meant: one of these statuses and, if there is one, this text in its body. */
const answer = z.strictObject({
  statuses: z.array(z.int().min(200).max(599)).min(1).max(20),
  text: z.string().min(1).max(200).optional(),
});
export type Answer = z.output<typeof answer>;

/** Tries to sign in: {{new}} is the password that is tried. Other answers than these say nothing. */
export const verifying = z
  .strictObject({
    method: z.enum(['POST', 'GET', 'PUT', 'PATCH']).default('POST'),
    ...parts,
    accepted: answer,
    refused: answer,
  })
  .refine(namesPassword, must('tried'))
  .refine(({ accepted, refused }) => JSON.stringify(accepted) !== JSON.stringify(refused), must('apart'));

export const recipe = z
  .strictObject({
    method: z.enum(['POST', 'PUT', 'PATCH']).default('POST'),
    ...parts,
    accepted: answer.default({ statuses: [200, 201, 204] }),
    /** It takes no such password. */
    rejected: answer.optional(),
    /** It does not let the administrator do this: nothing was set. */
    denied: answer.default({ statuses: [401, 403] }),
    verify: verifying.nullable().default(null),
    tls: tls.default('verify'),
    ca: ca.optional(),
  })
  .refine(({ body: given, headers: named }) => names({ body: given, headers: named }).includes('new'), {
    ...must('new'),
    path: ['body'],
  })
  .refine(
    ({ url: to, verify, tls: secured }) =>
      secured === 'off' || [to, verify?.url ?? to].every((each) => each.startsWith('https:')),
    { ...must('https'), path: ['url'] },
  );

function names({ headers: named, body: given }: Pick<Request, 'headers' | 'body'>) {
  return [...Object.values(named), given?.template ?? ''].flatMap((each) => placeholdersOf(each) ?? []);
}

function namesPassword(asked: Pick<Request, 'headers' | 'body'>): boolean {
  return names(asked).some((name) => name === 'new' || name === 'basic_new');
}

const contentTypes = { json: 'application/json', form: 'application/x-www-form-urlencoded' } as const;

/** @throws MissingValueError, UnfitValueError */
export function fillRequest({ method, url: to, headers: named, body: given }: Request, values: Values): AccountRequest {
  const filled = Object.entries(named).map(([name, value]) => [name.toLowerCase(), fillHeader(value, values)] as const);
  const fillBody = given?.type === 'form' ? fillForm : fillJson;
  return {
    method,
    url: fillUrl(to, values),
    headers: { ...(given && { 'content-type': contentTypes[given.type] }), ...Object.fromEntries(filled) },
    body: given && fillBody(given.template, values),
  };
}

export const isAnswer = ({ statuses, text }: Answer, got: Readonly<{ status: number; text: string }>): boolean =>
  statuses.includes(got.status) && (text === undefined || got.text.includes(text));
