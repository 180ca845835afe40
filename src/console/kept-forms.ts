import { hash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { keptFormPurpose } from '../database/sealed-places.ts';
import { type Keyring, UnsealError } from '../keyring.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Given } from './screen.ts';

type Person = Pick<Principal, 'orgId' | 'userId'>;

const form = z.record(z.string(), z.array(z.string()));
/** Characters of a form as JSON: a list of 1,000 addresses has room. */
const most = 300_000;

export type KeptForms = ReturnType<typeof createKeptForms>;

/**
 * What somebody had typed when the console asked them to authenticate again. It is sealed, and
 * bound to the person: the sign-in in between makes another session. The last form of each counts.
 */
export function createKeptForms({ pool, keyring }: { pool: Pool; keyring: Keyring }) {
  return {
    /** False where the form is too large to be kept. */
    async keep({ orgId, userId }: Person, path: string, given: Given): Promise<boolean> {
      const text = JSON.stringify(given);
      if (text.length > most) return false;
      await pool.query(
        `INSERT INTO kept_forms (org_id, user_id, path, sealed, expires_at) VALUES ($1, $2, $3, $4, now() + interval '15 minutes')
         ON CONFLICT (org_id, user_id) DO UPDATE SET path = excluded.path, sealed = excluded.sealed, expires_at = excluded.expires_at`,
        [orgId, userId, placeOf({ orgId, userId }, path), await keyring.encrypt(text, keptFormPurpose(orgId, userId))],
      );
      return true;
    },

    /** What the person had typed at `path`, once; null where nothing is kept. */
    async take({ orgId, userId }: Person, path: string): Promise<Given | null> {
      const { rows } = await pool.query({
        name: 'take-kept-form',
        text: `DELETE FROM kept_forms WHERE org_id = $1 AND user_id = $2 AND path = $3 RETURNING sealed, expires_at > now() AS counts`,
        values: [orgId, userId, placeOf({ orgId, userId }, path)],
      });
      if (!rows[0]?.counts) return null;
      try {
        return form.parse(JSON.parse(await keyring.decrypt(rows[0].sealed, keptFormPurpose(orgId, userId))));
      } catch (error) {
        if (error instanceof UnsealError) return null;
        throw error;
      }
    },
  };
}

/** An address may hold what somebody searched for: only whether it is the same is ever asked. */
const placeOf = ({ orgId, userId }: Person, path: string): string =>
  hash('sha256', JSON.stringify([orgId, userId, path]), 'base64url');

/** Removes what nobody came back for. */
export async function sweepKeptForms(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    `DELETE FROM kept_forms WHERE (org_id, user_id) IN (SELECT org_id, user_id FROM kept_forms WHERE expires_at < now() LIMIT 1000)`,
  );
  return (rowCount ?? 0) > 0;
}
