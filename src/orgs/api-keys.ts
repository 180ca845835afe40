import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { createBatchLoader } from '../database/batch-loader.ts';
import type { Prisma, PrismaClient } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import type { Note } from '../database/notes.ts';
import { inTime, type TimePage } from '../database/time-key.ts';
import { hashSecret } from '../keyring.ts';
import { refuseTooMany } from './limits.ts';

export type ApiKeys = ReturnType<typeof createApiKeys>;

/** What a key may do: post to the revocation endpoint, provision people and groups by SCIM. */
export const apiKeyScopes = ['revoke', 'scim'] as const;
export type ApiKeyScope = (typeof apiKeyScopes)[number];

type CurrentKeyRow = {
  key_hash: Buffer;
  org_id: string;
  id: string;
  scopes: string[];
  /** Whether the org lets API keys call the revocation endpoint. */
  api_key_callers: boolean;
  /** Whether its use is to be noted. */
  stale: boolean;
};

/** Ended keys that an org's list goes on showing; the record has all of them. */
const mostEnded = 1_000;

/**
 * Whoever makes and ends keys by a script would fill the table. Those that ended first are
 * forgotten.
 */
async function forgetOldest(db: Prisma.TransactionClient, orgId: string): Promise<void> {
  await db.$executeRaw`
    DELETE FROM api_keys WHERE org_id = ${orgId} AND id IN (
      SELECT id FROM api_keys WHERE org_id = ${orgId} AND (revoked_at IS NOT NULL OR expires_at <= now())
      ORDER BY coalesce(revoked_at, expires_at) DESC, id OFFSET ${mostEnded})`;
}

/** API keys of an org. The key itself is shown once, by `create`; only its SHA-256 is kept. */
export function createApiKeys({ pool, prisma, note }: { pool: Pool; prisma: PrismaClient; note: Note }) {
  const findCurrent = createBatchLoader<CurrentKeyRow>(pool, {
    name: 'api-keys-authenticate',
    text: `SELECT k.key_hash, k.org_id, k.id, k.scopes, o.api_key_callers,
                  k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute' AS stale
           FROM api_keys k JOIN orgs o ON o.id = k.org_id
           WHERE k.key_hash = ANY ($1::bytea[]) AND k.revoked_at IS NULL
             AND (k.expires_at IS NULL OR k.expires_at > now())`,
    keyColumn: 'key_hash',
  });

  return {
    /**
     * Finds the caller of a current key, or null. `allowed`: its org lets API keys call the
     * revocation endpoint. Notes the use at most once a minute, beside the answer.
     */
    async authenticate(key: string): Promise<{ orgId: string; id: string; scopes: string[]; allowed: boolean } | null> {
      const row = await findCurrent(hashSecret(key));
      if (!row) return null;
      if (row.stale)
        note(row.id, {
          name: 'api-key-used',
          text: `UPDATE api_keys SET last_used_at = now() WHERE (org_id, id) IN (
                   SELECT org_id, id FROM api_keys
                   WHERE org_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
                   FOR NO KEY UPDATE SKIP LOCKED)`,
          values: [row.org_id, row.id],
        });
      return { orgId: row.org_id, id: row.id, scopes: row.scopes, allowed: row.api_key_callers };
    },

    /**
     * The caller of a noted call, by its key's SHA-256; null unless the key is still there and had
     * not expired when the call came.
     */
    async findByHash(
      keyHash: Buffer,
      at: Date,
    ): Promise<{ orgId: string; id: string; scopes: string[]; allowed: boolean } | null> {
      const { rows } = await pool.query({
        name: 'api-key-noted',
        text: `SELECT k.org_id AS "orgId", k.id, k.scopes, o.api_key_callers AS allowed
               FROM api_keys k JOIN orgs o ON o.id = k.org_id
               WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)`,
        values: [keyHash, at],
      });
      return rows[0] ?? null;
    },

    /** Makes a key; `apiKey` is shown only here. `key` is for the development seed only. */
    async create(
      orgId: string,
      input: { name: string; scopes?: ApiKeyScope[]; expiresAt?: Date | null; key?: string },
      by: By,
    ): Promise<{ id: string; apiKey: string }> {
      const apiKey = input.key ?? `ul_${randomBytes(32).toString('base64url')}`;
      const id = newId('apiKey');
      const scopes = input.scopes ?? ['revoke'];
      await prisma.$transaction(async (transaction) => {
        await refuseTooMany(transaction, orgId, 'apiKeys', by);
        await forgetOldest(transaction, orgId);
        await transaction.apiKey.create({
          data: {
            orgId,
            id,
            name: input.name,
            keyHash: new Uint8Array(hashSecret(apiKey)),
            hint: apiKey.slice(0, input.key ? 2 : 7),
            scopes,
            expiresAt: input.expiresAt ?? null,
          },
        });
        const target = { type: 'api_key', id };
        const detail = {
          name: input.name,
          scopes: scopes.join(' '),
          expiresAt: input.expiresAt?.toISOString() ?? null,
        };
        await recordEvent(transaction, { orgId, action: 'api_key.created', by, target, detail });
      });
      return { id, apiKey };
    },

    /** Keys of the org, newest first, without anything secret: all, or a page. */
    list(orgId: string, page?: TimePage) {
      const { where, ...asked } = inTime('desc', page);
      return prisma.apiKey.findMany({ where: { orgId, ...where }, omit: { keyHash: true }, ...asked });
    },

    /** One key, without anything secret; null when the org has none of this id. */
    find(orgId: string, id: string) {
      return prisma.apiKey.findUnique({ where: { orgId_id: { orgId, id } }, omit: { keyHash: true } });
    },

    /** Ends a key for good. False when the org has no such current key. */
    async revoke(orgId: string, id: string, by: By): Promise<boolean> {
      return prisma.$transaction(async (transaction) => {
        const { count } = await transaction.apiKey.updateMany({
          where: { orgId, id, revokedAt: null },
          data: { revokedAt: new Date() },
        });
        const target = { type: 'api_key', id };
        if (count > 0) await recordEvent(transaction, { orgId, action: 'api_key.revoked', by, target });
        return count > 0;
      });
    },
  };
}
