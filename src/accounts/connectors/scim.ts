import { z } from 'zod';
import { parseJson } from '../../http/parse-json.ts';
import { type AccountAnswer, accountFetch } from './account-fetch.ts';
import type { CheckedAddress, Connector, SetOutcome, Target } from './connector.ts';
import { verifyByRequest } from './http.ts';
import { must } from './must.ts';
import { verifying } from './recipe.ts';
import { ca, tls } from './settings.ts';

const settings = z
  .strictObject({
    /** Such as https://directory.example.com/scim/v2, without /Users. */
    baseUrl: z
      .string()
      .max(1024)
      .refine((value) => /^https?:\/\/[\w.:[\]-]+(\/[\w.~%/-]*)?$/.test(value), must('plainAddress'))
      .refine((value) => URL.canParse(value), must('address'))
      .transform((value) => value.replace(/\/+$/, '')),
    verify: verifying.nullable().default(null),
    tls: tls.default('verify'),
    ca: ca.optional(),
  })
  .refine(
    ({ baseUrl, verify, tls: secured }) =>
      secured === 'off' || [baseUrl, verify?.url ?? baseUrl].every((each) => each.startsWith('https:')),
    { ...must('https'), path: ['baseUrl'] },
  );
type Settings = z.output<typeof settings>;

const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const answer = z.object({ Resources: z.array(z.object({ id: z.string(), userName: z.string() })).default([]) });

/** The `password` of a user by SCIM 2.0 (RFC 7643, section 4.1). The administrator's password is a bearer token. */
export function createScim(reach: CheckedAddress): Connector<Settings> {
  async function set(
    { userName, settings: place, admin }: Target<Settings>,
    { password }: Readonly<{ password: string }>,
    signal: AbortSignal,
  ): Promise<SetOutcome> {
    if (!admin) return { result: 'denied', error: 'no_administrator' };
    if (!/^[\x21-\x7e]+$/.test(admin.password)) return { result: 'denied', error: 'wrong_administrator' };
    if (!password.isWellFormed() || !userName.isWellFormed()) return { result: 'rejected', error: 'characters' };
    const ask = (method: 'GET' | 'PATCH', path: string, body: unknown = null) =>
      accountFetch(
        reach,
        {
          method,
          url: `${place.baseUrl}${path}`,
          headers: {
            accept: 'application/scim+json',
            authorization: `Bearer ${admin.password}`,
            ...(body === null ? {} : { 'content-type': 'application/scim+json' }),
          },
          body: body === null ? null : JSON.stringify(body),
        },
        { ca: place.ca, signal },
      );

    const filter = new URLSearchParams({ filter: `userName eq ${JSON.stringify(userName)}` });
    const found = userOf(await ask('GET', `/Users?${filter}`), userName);
    if ('result' in found) return found;
    const changed = await ask('PATCH', `/Users/${encodeURIComponent(found.id)}`, {
      schemas: [patchSchema],
      Operations: [{ op: 'replace', path: 'password', value: password }],
    });
    return ofPatch(changed);
  }

  return {
    kind: 'scim',
    needsAdmin: true,
    settings,
    set,
    verify: ({ userName, settings: place }, password, signal) =>
      verifyByRequest(reach, place.verify, { userName, password }, { ca: place.ca, signal }),
  };
}

/** The one user of that name: a server that leaves the filter out answers with others. */
function userOf(got: AccountAnswer, userName: string): SetOutcome | Readonly<{ id: string }> {
  if (got.status === null) return { result: 'unavailable', error: got.error };
  if (got.status !== 200) return ofRefusal(got.status) ?? { result: 'unavailable', error: 'unexpected_answer' };
  const parsed = answer.safeParse(parseJson(got.text));
  if (!parsed.success) return { result: 'unavailable', error: 'unexpected_answer' };
  // userName isn't case-sensitive in SCIM.
  const name = userName.toLowerCase();
  const users = parsed.data.Resources.filter((user) => user.userName.toLowerCase() === name);
  const [user] = users;
  if (!user) return { result: 'denied', error: 'unknown_user' };
  // As a part of a path, these lead elsewhere.
  if (users.length > 1 || ['', '.', '..'].includes(user.id)) return { result: 'denied', error: 'unexpected_answer' };
  return { id: user.id };
}

function ofPatch(got: AccountAnswer): SetOutcome {
  if (got.status === null) return { result: got.sent ? 'unknown' : 'unavailable', error: got.error };
  if (got.status === 200 || got.status === 204) return { result: 'set' };
  const scimType = (parseJson(got.text) as { scimType?: unknown } | null | undefined)?.scimType;
  if (got.status === 400 && scimType === 'invalidValue') return { result: 'rejected', error: 'password_rules' };
  if (got.status === 404) return { result: 'denied', error: 'unknown_user' };
  return ofRefusal(got.status) ?? { result: 'unknown', error: 'unexpected_answer' };
}

/** Statuses by which a server says that it did nothing. */
function ofRefusal(status: number): SetOutcome | null {
  if (status === 401) return { result: 'denied', error: 'wrong_administrator' };
  if (status === 403) return { result: 'denied', error: 'not_permitted' };
  return status === 429 ? { result: 'unavailable', error: 'busy' } : null;
}
