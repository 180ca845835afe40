import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Connector, SaveOutcome } from '../../src/accounts/connectors/connector.ts';

/** What the system does with the next passwords that it is given; `as usual` is the end of the list. */
type Behaviour =
  | 'refuses the password'
  | 'refuses the administrator'
  | 'says yes and sets nothing'
  | 'sets it and says no'
  | 'sets it and says nothing'
  | 'is away';

/**
 * A real server with one account, which can have bad days; and a connector for it. It counts what
 * reaches it.
 */
export async function startSystem(first: string) {
  const state = {
    password: first,
    admin: 'the administrator',
    accepts: [] as string[],
    behaviours: [] as Behaviour[],
    /** Of verifying: nobody can ask it. */
    provesNothing: false,
    /** What came of writing to its own store what was set. */
    saves: 'saved' as SaveOutcome,
    /** When connections are ended it loses what was set, as if killed before it wrote it down: this is back. */
    losesItFor: null as string | null,
    /** Each time. */
    losesItAlways: false,
    away: false,
    /** What comes of the next times that connections are ended. */
    endings: [] as (number | null)[],
    sets: [] as string[],
    tries: [] as { password: string; right: boolean; at: number }[],
  };
  const hanging: ServerResponse[] = [];
  const set = (response: ServerResponse, body: { admin: string | null; old: string | null; password: string }) => {
    const behaviour = state.behaviours.shift();
    if (behaviour === 'is away') return response.destroy();
    state.sets.push(body.password);
    if (behaviour === 'refuses the administrator') return response.writeHead(403).end();
    if (body.admin === null ? body.old !== state.password : body.admin !== state.admin)
      return response.writeHead(403).end();
    if (behaviour === 'refuses the password') return response.writeHead(422).end();
    if (behaviour !== 'says yes and sets nothing') state.password = body.password;
    if (behaviour === 'sets it and says nothing') return hanging.push(response);
    return response.writeHead(behaviour === 'sets it and says no' ? 500 : 204).end();
  };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (state.away) return response.destroy();
    const body = JSON.parse(Buffer.concat(chunks).toString());
    if (request.url === '/set') return set(response, body);
    const right = body.password === state.password || state.accepts.includes(body.password);
    state.tries.push({ password: body.password, right, at: performance.now() });
    return response.writeHead(state.provesNothing ? 204 : right ? 200 : 401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const post = async (path: string, body: object, signal: AbortSignal) => {
    const { status } = await fetch(`http://127.0.0.1:${port}/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal,
    });
    return status;
  };
  const connector: Connector<unknown> = {
    kind: 'system',
    needsAdmin: false,
    settings: z.unknown(),
    async set({ admin }, { password, old }, signal) {
      try {
        const status = await post('set', { admin: admin?.password ?? null, old, password }, signal);
        if (status === 204) return { result: 'set' };
        if (status === 403) return { result: 'denied', error: 'wrong_administrator' };
        if (status === 422) return { result: 'rejected', error: 'password_rules' };
        return { result: 'unknown', error: 'unexpected_answer' };
      } catch {
        return state.away ? { result: 'unavailable', error: 'no_answer' } : { result: 'unknown', error: 'no_answer' };
      }
    },
    async verify(_, password, signal) {
      try {
        const status = await post('verify', { password }, signal);
        if (status === 204) return { result: 'unproven', error: 'cannot_ask' };
        return { result: status === 200 ? 'accepted' : 'refused' };
      } catch {
        return { result: 'unavailable', error: 'no_answer' };
      }
    },
    save: async () => state.saves,
    endConnections: async () => {
      state.password = state.losesItFor ?? state.password;
      if (!state.losesItAlways) state.losesItFor = null;
      const ended = state.endings.length > 0 ? state.endings.shift() : 0;
      return typeof ended === 'number' ? { ended } : { error: 'connection_lost' };
    },
  };
  return {
    state,
    connector,
    async stop() {
      for (const response of hanging) response.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type System = Awaited<ReturnType<typeof startSystem>>;
