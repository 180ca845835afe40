import type { Request, Response } from 'express';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { recordEvent } from '../audit/record.ts';
import { transaction } from '../database/pool.ts';
import { emailKey, userNameKey } from '../users/email.ts';
import { callOf, recordChange, type ScimCall } from './call.ts';
import type { ScimError } from './scim-error.ts';
import { primaryAddress } from './user-resource.ts';
import { isObject, type JsonObject } from './values.ts';

const action = 'provisioning.refused' as const;

/** Characters of a text that goes on record. */
const longest = 300;

/**
 * Puts refused calls of provisioning on record, of which administrators are told. The event can't
 * change, so it holds ids and no text of the request: whom a call named stands beside it and can be
 * erased. No answer depends on whether its record could be written.
 */
export function createRefusals({ pool, log }: { pool: Pool; log: Logger }) {
  return async (req: Request, res: Response, refusal: ScimError): Promise<void> => {
    const { status, scimType, attribute, onRecord } = refusal;
    // Whoever has shown no key of an org can't fill its record.
    const call: ScimCall | undefined = callOf(res);
    if (!call || !isTold(req, status)) return;
    const explanation = onRecord.explanation ?? refusal.detail;
    const detail = { method: req.method, status, scimType, attribute, explanation };
    await transaction(pool, async (client) => {
      if (status === 404 && req.method === 'DELETE' && (await wasRemoved(client, call.orgId, req.path))) return;
      const target = await targetOf(client, call.orgId, req, onRecord.bearer ?? null);
      await recordEvent(client, { ...call, action, target, detail });
    }).catch((err) => log.error({ err }, 'a refused call of provisioning could not be recorded'));
  };
}

/**
 * Questions aren't provisioning, and clients ask whether somebody is there. 412 is how two clients
 * find out about each other, and the client's next call puts it right.
 */
function isTold({ method, path }: Request, status: number): boolean {
  if (method === 'GET' || path.endsWith('/.search')) return false;
  if (status !== 404) return [400, 409, 413].includes(status);
  // A group's removal that misses leaves nobody signed in.
  return method === 'PUT' || method === 'PATCH' || (method === 'DELETE' && idIn(path)?.type === 'user');
}

/** A removal that is sent again is honest. One of somebody who was never here misses whom it means. */
async function wasRemoved(client: PoolClient, orgId: string, path: string): Promise<boolean> {
  const id = idIn(path)?.id ?? null;
  const { rowCount } = await client.query({
    name: 'scim-user-was-here',
    text: 'SELECT FROM users WHERE org_id = $1 AND id = $2',
    values: [orgId, id],
  });
  return rowCount === 1;
}

type Target = Readonly<{ type: 'user' | 'group'; id: string | null }>;

/**
 * The person or group that the address names, which is the part behind /scim/v2. What hasn't the
 * form of our ids may be somebody's name: it is no id.
 */
function idIn(path: string): Target | undefined {
  const [, kind, text = ''] = /^\/(Users|Groups)\/([^/]+)\/?$/.exec(path) ?? [];
  if (!kind) return undefined;
  return { type: kind === 'Users' ? 'user' : 'group', id: /^(usr|grp)_\w{1,76}$/.test(text) ? text : null };
}

/** Whom the address names, else who has what was asked for, else whom the body calls by a name. */
async function targetOf(client: PoolClient, orgId: string, { path, body }: Request, bearer: string | null) {
  const named = idIn(path);
  if (named?.id) return named;
  if (bearer !== null) return { type: 'user', id: bearer };
  const type = path.startsWith('/Groups') ? 'group' : 'user';
  const names = isObject(body) ? (type === 'user' ? namesOfPerson(body) : namesOfGroup(body)) : null;
  if (names === null) return named;
  const { rows } = await client.query<{ names: Uint8Array<ArrayBuffer> }>({
    name: 'names-of-nobody',
    text: `SELECT new_names($1, '', $2, $3, $4, $5, $6) AS names`,
    values: [orgId, names.called, names.email, names.emailKey, names.userName, names.userNameKey],
  });
  return { type, id: null, names: rows[0]?.names ?? null };
}

/**
 * The names by which an erasure finds again what a call gave: user name and address. Null where the
 * body holds neither.
 */
function namesOfPerson({ userName, emails }: JsonObject) {
  const login = line(userName);
  const given = line(primaryAddress(Array.isArray(emails) ? emails.filter(isObject) : null));
  const email = [given, login].find((text) => text !== null && emailKey(text) !== null) ?? null;
  const called = login ?? email;
  if (called === null) return null;
  return {
    called,
    email,
    emailKey: emailKey(email),
    userName: login === email ? null : login,
    userNameKey: login === null || login === email ? null : userNameKey(login),
  };
}

function namesOfGroup({ displayName }: JsonObject) {
  const called = line(displayName);
  return called === null ? null : { called, email: null, emailKey: null, userName: null, userNameKey: null };
}

/** A line that people read: without control characters, unseen ones and halves of characters. */
function line(value: unknown): string | null {
  const text = typeof value === 'string' ? value.slice(0, longest).replaceAll(/\p{C}/gu, '').trim() : '';
  return text || null;
}

/** Records, beside a change of a group, how many members it could not take. */
export async function recordUnknownMembers(
  client: PoolClient,
  call: ScimCall,
  groupId: string,
  unknown: readonly string[],
): Promise<void> {
  if (unknown.length === 0) return;
  const are = unknown.length === 1 ? '1 member is' : `${unknown.length} members are`;
  const detail = { status: 200, attribute: 'members', explanation: `${are} nobody of the organisation.` };
  await recordChange(client, call, action, { type: 'group', id: groupId }, detail);
}
