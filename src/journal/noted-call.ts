import { z } from 'zod';

/** A call of the revocation endpoint that came while the database was away. */
export const notedCall = z.object({
  id: z.uuid(),
  /** Of the revocation that the call asks for: where it exists, the call has been carried out. */
  revocationId: z.string(),
  /** When it came. */
  at: z.coerce.date(),
  credential: z.discriminatedUnion('type', [
    /** Of an API key its SHA-256 alone is kept, in base64url. */
    z.object({ type: z.literal('api_key'), hash: z.string() }),
    z.object({
      type: z.literal('jwt'),
      token: z.string(),
      /** By whose keys its signature held when it came; null: it couldn't be verified. */
      verified: z.object({ orgId: z.string(), connection: z.string(), jwksUri: z.string() }).nullable(),
    }),
  ]),
  /** The connection whose own address was called. */
  connection: z.string().nullable(),
  /** The parsed body as JSON. */
  body: z.string(),
  /**
   * The org of a caller who is known here: of a key that was used lately, or of a JWT that could be
   * verified. Null: a stranger.
   */
  orgId: z.string().nullable().default(null),
  ip: z.string().nullable(),
  requestId: z.string(),
});

export type NotedCall = Readonly<z.infer<typeof notedCall>>;
