import express, { type Request, type RequestHandler } from 'express';
import { may, type Permission } from '../api/permissions.ts';
import { AppError } from '../errors.ts';
import { principalOf } from '../sessions/session.ts';
import type { Texts } from '../texts/texts.ts';
import { textsFor } from '../web/language.ts';

/** The files of a form, by the names of their fields. A field without a file isn't there. */
export type Files = Readonly<Record<string, Buffer>>;

const files = new WeakMap<Request, Files>();

export const filesOf = (req: Request): Files => files.get(req) ?? {};

// What is read is larger than what any screen takes, so that the screen can say so itself.
const readBytes = express.raw({ type: 'multipart/form-data', limit: '6mb' });
/** Fields and files of a form; the parser would stop everybody for as long as thousands take. */
const mostParts = 20;

/**
 * Reads a form with files (multipart/form-data) by the parser of Node's own fetch. Nobody's bytes
 * are read who may not send the form. @throws AppError invalid_request
 */
export const readFormData = (permission: Permission): readonly RequestHandler[] => [
  (req, res, next) => {
    const principal = principalOf(req);
    return principal && may(principal.role, permission) ? readBytes(req, res, next) : next();
  },
  async (req, res, next) => {
    const bytes: unknown = req.body;
    if (!Buffer.isBuffer(bytes)) return next();
    req.body = undefined;
    const type = req.headers['content-type'] ?? '';
    if (countParts(bytes, type) > mostParts) throw broken(textsFor(req, res));
    const form = await new Response(new Uint8Array(bytes), { headers: { 'Content-Type': type } })
      .formData()
      .catch((cause: unknown) => {
        throw broken(textsFor(req, res), cause);
      });
    const entries = [...form.entries()];
    req.body = Object.fromEntries(entries.filter(([, value]) => typeof value === 'string'));
    const sent = entries.flatMap(([name, value]) =>
      typeof value === 'string' || value.size === 0 ? [] : [{ name, value }],
    );
    const read = await Promise.all(
      sent.map(async ({ name, value }) => [name, Buffer.from(await value.arrayBuffer())] as const),
    );
    files.set(req, Object.fromEntries(read));
    next();
  },
];

/** How often the boundary stands in the form. Without one the parser refuses it. */
function countParts(bytes: Buffer, type: string): number {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type) ?? [];
  const boundary = `--${quoted ?? plain ?? ''}`;
  let count = 0;
  for (let at = bytes.indexOf(boundary); at !== -1 && count <= mostParts; at = bytes.indexOf(boundary, at + 1))
    count += 1;
  return count;
}

const broken = (texts: Texts, cause?: unknown) =>
  new AppError('invalid_request', texts.console.problems.brokenForm, { cause });
