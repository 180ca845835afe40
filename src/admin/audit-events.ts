import { pipeline } from 'node:stream/promises';
import type { Pool } from 'pg';
import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Call, type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readTimeCursor, toPage } from '../api/page.ts';
import { may } from '../api/permissions.ts';
import { actionFamilies, actions, targetTypes } from '../audit/actions.ts';
import type { EventFilter } from '../audit/event-query.ts';
import { createAuditEvents } from '../audit/events.ts';
import { type ExportFormat, exportFormats } from '../audit/export.ts';
import { recordEvent } from '../audit/record.ts';
import { actorTypes } from '../by.ts';
import { AppError } from '../errors.ts';
import type { Principal } from '../sessions/principal.ts';
import { emailKey } from '../users/email.ts';
import { line, reference, time } from './forms.ts';

const names = {
  name: z.string().nullable().describe('As it was then; null also where it has been erased.'),
  email: z.string().nullable().describe('Of a person, as it was then.'),
};

export const auditEvent = z
  .object({
    id: idOf('auditEvent'),
    orgId: z.string(),
    at: z.iso.datetime(),
    action: z
      .enum(actions)
      .describe('What happened.')
      .meta({ examples: ['role.changed'] }),
    actor: z.object({ type: z.enum(actorTypes), id: z.string().nullable(), ...names }).describe('Who did it.'),
    target: z
      .object({
        type: z.enum(targetTypes).meta({ examples: ['user'] }),
        id: idOf('user').nullable(),
        ...names,
      })
      .nullable()
      .describe('What it was done to.'),
    reason: z
      .string()
      .nullable()
      .describe('Why access was ended, for administrators.')
      .meta({ examples: [null] }),
    ip: z.string().nullable(),
    requestId: z.string().nullable(),
    detail: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .meta({ examples: [{ from: 'member', to: 'admin' }] }),
  })
  .meta({ id: 'AuditEvent' });

export const auditEventPage = pageOf(auditEvent).meta({ id: 'AuditEventPage' });

const filter = {
  from: time.optional().describe('Not before this moment.'),
  to: time.optional().describe('Before this moment.'),
  actor: reference.optional().describe('The id of who did it.'),
  target: reference.optional().describe('The id of what it was done to.'),
  by: z
    .enum(['provisioning'])
    .optional()
    .describe('`provisioning`: only what API keys with the scope `scim` did, or tried.'),
  person: reference
    .optional()
    .describe(
      'The id of a person: all that they did, that was done to them or to everyone, or that happened to an app or an address of theirs.',
    ),
  email: z
    .string()
    .transform((address) => emailKey(address.trim()))
    .refine((key) => key !== null, 'is not an e-mail address')
    .optional()
    .describe('The address, or a user name of that form, that somebody had then who did it or to whom it was done.'),
  search: line(200)
    .optional()
    .describe('Part of a name, address or user name of then, or of the reason, in any letter case.'),
  action: z
    .enum([...actions, ...actionFamilies])
    .optional()
    .describe('An action, or the first part of several with the dot: `sign_in.`'),
  signInsBy: reference
    .optional()
    .describe('The id of a connection: sign-ins that went through it, and those that were refused.'),
};

/** Lists and exports the org's record. */
export function auditEventOperations(deps: { pool: Pool }): readonly Operation[] {
  const events = createAuditEvents(deps);
  return [
    operation({
      method: 'get',
      path: '/api/orgs/current/audit-events',
      id: 'listAuditEvents',
      tag: 'The record',
      summary: 'What has happened, the youngest first',
      permission: 'record.read',
      query: z.object({ ...pageQuery, ...filter, order: z.enum(['asc', 'desc']).default('desc') }),
      success: {
        status: 200,
        description: 'A page of events.',
        schema: auditEventPage,
      },
      handle: async ({ orgId, query: { limit, cursor, order, ...asked } }) => {
        const page = { limit: limit + 1, after: readTimeCursor(cursor), order };
        return toPage(await events.listEvents(orgId, asked, page), limit, ({ at, id }) => [at, id]);
      },
    }),
    operation({
      method: 'get',
      path: '/api/orgs/current/audit-events/export',
      id: 'exportAuditEvents',
      tag: 'The record',
      summary: 'All events, the oldest first, as a file',
      description:
        'NDJSON has one event a line in its canonical form (RFC 8785). It ends with what was on record when it began; an event that was being written at that very moment may be missing, so let the next export begin a minute earlier and compare ids. An answer that breaks off is incomplete. That an export began is itself recorded.',
      permission: 'record.export',
      recent: true,
      turn: 'export',
      query: z.object({
        format: z.enum(Object.keys(exportFormats) as [ExportFormat, ...ExportFormat[]]).default('ndjson'),
        ...filter,
      }),
      success: {
        status: 200,
        description: 'The events.',
        contentTypes: Object.values(exportFormats).map(({ contentType }) => contentType),
      },
      handle: async (call) => {
        const { format, ...asked } = call.query;
        const { contentType, write } = exportFormats[format];
        const isHead = call.req.method === 'HEAD';
        const to = isHead ? undefined : await record(deps.pool, call);
        call.res.status(200).attachment(`audit-events.${format}`).type(contentType);
        if (isHead) {
          call.res.end();
          return;
        }
        const check = () => requireExporter(deps.pool, call.principal);
        const all = events.readAll(call.orgId, { ...asked, to }, check);
        await pipeline(write(all), call.res).catch((error) => {
          // A reader who closes the stream early causes no error.
          if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
        });
      },
    }),
    operation({
      method: 'get',
      path: '/api/orgs/current/audit-events/{id}',
      id: 'getAuditEvent',
      tag: 'The record',
      summary: 'One event',
      permission: 'record.read',
      params: z.object({ id: reference }),
      success: { status: 200, description: 'The event.', schema: auditEvent },
      problems: ['not_found'],
      handle: async ({ orgId, params }) => {
        const found = await events.findEvent(orgId, params.id);
        if (!found) throw new AppError('not_found', 'Your organisation has no event of this id.');
        return found;
      },
    }),
  ];
}

type Asked = { format: ExportFormat } & Omit<EventFilter, 'refusal'>;

/**
 * Records the export before its first byte, also one that breaks off. Returns its end. An event can
 * never be changed: of what may name a person it says only that it was asked for.
 */
async function record(pool: Pool, { orgId, by, query }: Call<unknown, Asked>): Promise<Date> {
  const { rows } = await pool.query({
    name: 'audit-export-end',
    text: 'SELECT least($1::timestamptz, clock_timestamp()) AS end',
    values: [query.to ?? null],
  });
  const to: Date = rows[0].end;
  const { email, search, ...rest } = query;
  const asked = { ...rest, ...(email && { email: true }), ...(search && { search: true }) };
  const detail = Object.entries(asked).map(([name, value]) => [
    name,
    value instanceof Date ? value.toISOString() : (value ?? null),
  ]);
  await recordEvent(pool, {
    orgId,
    action: 'record.exported',
    by,
    target: { type: 'org', id: orgId },
    detail: { ...Object.fromEntries(detail), to: to.toISOString() },
  });
  return to;
}

/** Stops an export once its session or grant, or the role that allows it, is gone. */
async function requireExporter(pool: Pool, { orgId, credential: { type, id } }: Principal): Promise<void> {
  const { rows } = await pool.query({
    name: `audit-export-role-${type}`,
    text: `SELECT role FROM live_${type}s WHERE org_id = $1 AND id = $2`,
    values: [orgId, id],
  });
  if (!rows[0] || !may(rows[0].role, 'record.export'))
    throw new AppError('forbidden', 'Whoever asked for this export may no longer have it.');
}
