import { clientNetwork } from '../http/client-address.ts';
import type { NotedCall } from './noted-call.ts';

/** What a journal holds at most: calls, their characters, and of callers who aren't known here. */
const most = { calls: 10_000, characters: 64 * 2 ** 20, strangers: 200, ofStrangersNetwork: 20 };
/**
 * A known caller, and all callers of an org, take at most these parts of what is still free. So a
 * flood of one caller leaves room for its org, and a flood of an org's many keys for other orgs.
 */
const shares = { caller: 1 / 10, org: 1 / 5 };

type Held = Readonly<{ calls: number; characters: number }>;
const nothing: Held = { calls: 0, characters: 0 };

export type Room = ReturnType<typeof createRoom>;

/** Who has taken how much of a journal. */
export function createRoom() {
  const held = new Map<string, Held>();
  const heldBy = (name: string) => held.get(name) ?? nothing;

  function count(call: NotedCall, sign: 1 | -1): void {
    for (const name of ['all', ...takersOf(call)]) {
      const { calls, characters } = heldBy(name);
      if (calls + sign === 0) held.delete(name);
      else held.set(name, { calls: calls + sign, characters: characters + sign * sizeOf(call) });
    }
  }

  return {
    hasRoomFor(call: NotedCall): boolean {
      const free = {
        calls: most.calls - heldBy('all').calls,
        characters: most.characters - heldBy('all').characters,
      };
      const size = sizeOf(call);
      if (free.calls < 1 || free.characters < size) return false;
      const [own, every] = takersOf(call).map(heldBy) as [Held, Held];
      if (call.orgId === null) return own.calls < most.ofStrangersNetwork && every.calls < most.strangers;
      const isWithin = ({ calls, characters }: Held, share: number) =>
        calls < free.calls * share && characters + size <= free.characters * share;
      return isWithin(own, shares.caller) && isWithin(every, shares.org);
    },

    take: (call: NotedCall): void => count(call, 1),
    giveBack: (call: NotedCall): void => count(call, -1),
  };
}

const sizeOf = ({ body, credential }: NotedCall) =>
  body.length + (credential.type === 'jwt' ? credential.token.length : 0);

/** Whose room a call takes: of a caller and its org; of a stranger's network and of all strangers. */
function takersOf({ credential, orgId, ip }: NotedCall): [string, string] {
  if (orgId === null) return [`network ${clientNetwork(ip ?? undefined)}`, 'strangers'];
  const caller = credential.type === 'api_key' ? credential.hash : credential.verified?.connection;
  return [`caller ${orgId} ${caller}`, `org ${orgId}`];
}
