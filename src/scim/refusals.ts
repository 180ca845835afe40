import type { Request, Response } from 'express';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { recordEvent } from '../audit/record.ts';
import { isReference } from '../database/ids.ts';
import { callOf, recordChange, type ScimCall } from './call.ts';
import { quoted } from './paths.ts';
import type { ScimError } from './scim-error.ts';
import { isObject } from './values.ts';

const action = 'provisioning.refused' as const;

/** Characters of a text that goes on record. */
const longest = 300;

/** Of unknown members, as many are named on record. */
const mostNamed = 5;

/**
 * Puts refused calls of provisioning on record, of which administrators are told. No answer depends
 * on whether its record could be written.
 */
export function createRefusals({ pool, log }: { pool: Pool; log: Logger }) {
  return async (req: Request, res: Response, refusal: ScimError): Promise<void> => {
    // Whoever has shown no key of an org can't fill its record.
    const call: ScimCall | undefined = callOf(res);
    if (!call || !isTold(req.method, refusal.status)) return;
    const { status, scimType, attribute, detail: explanation } = refusal;
    const detail = {
      method: req.method,
      status,
      scimType,
      attribute,
      explanation: shorten(explanation),
      name: nameIn(req),
    };
    await recordEvent(pool, { ...call, action, target: targetOf(req), detail }).catch((err) =>
      log.error({ err }, 'a refused call of provisioning could not be recorded'),
    );
  };
}

/**
 * 404 tells of a change only: clients ask whether somebody is there. 412 is how two clients find out
 * about each other, and the client's next call puts it right.
 */
function isTold(method: string, status: number): boolean {
  return [400, 409, 413].includes(status) || (status === 404 && (method === 'PUT' || method === 'PATCH'));
}

/** The person or group that the address names. `path` is the part behind /scim/v2. */
function targetOf({ path }: Request): { type: string; id: string } | undefined {
  const [, kind, id = ''] = /^\/(Users|Groups)\/([^/]+)$/.exec(path) ?? [];
  return kind && isReference(id) ? { type: kind === 'Users' ? 'user' : 'group', id } : undefined;
}

/** What the body calls the person or group; null where it says nothing. */
function nameIn({ body }: Request): string | null {
  const name = isObject(body) ? (body.userName ?? body.displayName) : null;
  return typeof name === 'string' ? shorten(name) : null;
}

/** A line that people read: without control characters, unseen ones and halves of characters. */
const shorten = (text: string) => text.slice(0, longest).replaceAll(/\p{C}/gu, '');

/** Records, beside a change of a group, the members that it could not take. */
export async function recordUnknownMembers(
  client: PoolClient,
  call: ScimCall,
  groupId: string,
  unknown: readonly string[],
): Promise<void> {
  if (unknown.length === 0) return;
  const named = unknown.slice(0, mostNamed).map(quoted).join(', ');
  const explanation = shorten(
    `${unknown.length === 1 ? '1 member is' : `${unknown.length} members are`} nobody of the organisation: ${named}${unknown.length > mostNamed ? ', …' : ''}`,
  );
  await recordChange(
    client,
    call,
    action,
    { type: 'group', id: groupId },
    { status: 200, attribute: 'members', explanation },
  );
}
