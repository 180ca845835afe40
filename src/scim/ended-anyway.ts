import type { Request, Response } from 'express';
import { isUnstorable } from '../database/errors.ts';
import { resolvePath } from './paths.ts';
import { userType } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import { isObject, readValue } from './values.ts';

/**
 * Changes a user by a PATCH or PUT. Where that is refused as wrong (400) or as another's (409)
 * though the request leaves the user switched off, the user is only switched off, and the answer
 * says both. RFC 7644 §3.5.2 wants a PATCH to change all or nothing; this departs from it on
 * purpose: a person who was let go must not stay signed in because of a wrong title.
 *
 * @param switchOff runs in a transaction of its own; its 404 and 412 are the answer then, and
 * nothing has ended
 */
export async function orEndAccess<T>(
  req: Request<object>,
  res: Response,
  work: () => Promise<T>,
  switchOff: () => Promise<{ version: string }>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refusal = isUnstorable(error)
      ? new ScimError(400, 'invalidValue', 'The request holds a character that text cannot hold.')
      : error;
    if (!(refusal instanceof ScimError) || ![400, 409].includes(refusal.status)) throw error;
    if (lastSaidActive(req.body) !== false) throw error;
    const { version } = await switchOff();
    res.set('ETag', version);
    const and = 'All the same, the user is switched off and has no access any more; nothing else was changed.';
    const { status, scimType, detail, attribute, onRecord } = refusal;
    const explanation = `${onRecord.explanation ?? detail} ${and}`;
    throw new ScimError(status, scimType, `${detail} ${and}`, attribute, { ...onRecord, explanation });
  }
}

/** The value that all readable parts of a body, in order, give `active`; undefined for none. */
export function lastSaidActive(body: unknown): boolean | undefined {
  if (!isObject(body)) return undefined;
  const said = Array.isArray(body.Operations) ? body.Operations.flatMap(membersOf) : Object.entries(body);
  return said.map(([name, value]) => readActive(name, value)).findLast((active) => active !== undefined);
}

function membersOf(operation: unknown): [name: string, value: unknown][] {
  if (!isObject(operation) || !/^(add|replace)$/i.test(String(operation.op))) return [];
  const { path, value } = operation;
  if (typeof path === 'string' && path !== '') return [[path, value]];
  return isObject(value) ? Object.entries(value) : [];
}

function readActive(name: string, value: unknown): boolean | undefined {
  const target = resolvePath(userType, name);
  if (target?.attribute?.name !== 'active' || target.sub !== null) return undefined;
  try {
    const active = readValue(target.attribute, value);
    return typeof active === 'boolean' ? active : undefined;
  } catch {
    return undefined;
  }
}
