/** Where a change came from, for its audit event; nothing from the command line. */
export type Origin = Readonly<{ ip?: string | null; requestId?: string | null }>;
