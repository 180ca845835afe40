import type { Adapter, AdapterPayload } from 'oidc-provider';

export type DemoSession = { sid: string | null; signedInAt: Date };

/**
 * The memory of one tenant's provider. The library's own in-memory adapter is one LRU of 1,000
 * entries for all: a tenant could push another one's sessions out.
 */
export function createStore() {
  const entries = new Map<string, { payload: AdapterPayload; expiresAt: number }>();

  const live = (key: string): AdapterPayload | undefined => {
    const entry = entries.get(key);
    return entry && entry.expiresAt > Date.now() ? entry.payload : undefined;
  };
  const removeWhere = (kind: string, match: (payload: AdapterPayload) => boolean): number => {
    let removed = 0;
    for (const [key, { payload }] of entries) {
      if (key.startsWith(kind && `${kind}:`) && match(payload) && entries.delete(key)) removed += 1;
    }
    return removed;
  };
  const sweep = () => {
    const now = Date.now();
    for (const [key, entry] of entries) if (entry.expiresAt <= now) entries.delete(key);
  };

  const adapter = (kind: string): Adapter => ({
    async upsert(id, payload, expiresIn) {
      if (entries.size > 0 && entries.size % 512 === 0) sweep();
      entries.set(`${kind}:${id}`, { payload, expiresAt: expiresIn ? Date.now() + expiresIn * 1000 : Infinity });
    },
    find: async (id) => live(`${kind}:${id}`),
    async findByUid(uid) {
      for (const [key, { payload }] of entries) if (key.startsWith(`${kind}:`) && payload.uid === uid) return live(key);
      return undefined;
    },
    findByUserCode: async () => undefined,
    async consume(id) {
      const payload = live(`${kind}:${id}`);
      if (payload) payload.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      entries.delete(`${kind}:${id}`);
    },
    // The library destroys the grant itself; the tokens issued under it are removed here.
    async revokeByGrantId(grantId) {
      removeWhere('', (payload) => payload.grantId === grantId && payload.kind !== 'Interaction');
    },
  });

  return {
    adapter,
    /** The person's live sign-in sessions, newest first; the client's ID tokens hold the `sid`. */
    sessions(accountId: string, clientId: string): DemoSession[] {
      const own = [...entries.keys()].flatMap((key) => {
        const payload = key.startsWith('Session:') ? live(key) : undefined;
        return payload?.accountId === accountId ? [payload] : [];
      });
      return own
        .map((payload) => ({
          sid: payload.authorizations?.[clientId]?.sid ?? null,
          signedInAt: new Date((payload.loginTs ?? 0) * 1000),
        }))
        .sort((a, b) => b.signedInAt.getTime() - a.signedInAt.getTime());
    },
    /**
     * Ends the sign-in sessions of an account, or the one of a `sid`; returns how many. A form that
     * is open in such a session stays usable: the library would refuse it, but a person whose
     * session was cleared must be able to sign in again at once.
     */
    endSessions(accountId: string, only?: { sid: string; clientId: string }): number {
      const ended = new Set<unknown>();
      const removed = removeWhere('Session', (payload) => {
        const matches =
          payload.accountId === accountId && (!only || payload.authorizations?.[only.clientId]?.sid === only.sid);
        if (matches) ended.add(payload.uid);
        return matches;
      });
      for (const [key, { payload }] of entries) {
        if (!key.startsWith('Interaction:') || payload.session?.accountId !== accountId) continue;
        if (!only || ended.has(payload.session.uid)) payload.session = undefined;
      }
      return removed;
    },
  };
}
