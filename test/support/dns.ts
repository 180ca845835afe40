import type { AddressInfo } from 'node:net';
import DNS from 'dns2';

/**
 * What a name server says of a name: the texts of its TXT records, that there is no such name, a
 * failure, or nothing.
 */
export type Spoken = string[] | 'NXDOMAIN' | 'SERVFAIL' | 'silence';

/** A name server on a free port. Of names that it wasn't told of there is nothing. */
export async function startDns() {
  const names = new Map<string, Spoken>();
  const asked: string[] = [];
  const rcodes = { NXDOMAIN: 3, SERVFAIL: 2 };
  const server = DNS.createServer({
    udp: true,
    handle: (request, send) => {
      const response = DNS.Packet.createResponseFromRequest(request);
      const name = request.questions[0]?.name ?? '';
      asked.push(name);
      const spoken = names.get(name) ?? 'NXDOMAIN';
      if (spoken === 'silence') return;
      if (typeof spoken === 'string') Object.assign(response.header, { rcode: rcodes[spoken] });
      else
        for (const data of spoken)
          response.answers.push({ name, type: DNS.Packet.TYPE.TXT, class: DNS.Packet.CLASS.IN, ttl: 1, data } as never);
      send(response);
    },
  });
  await server.listen({ udp: { port: 0, address: '127.0.0.1' } });
  const { udp } = server.addresses() as { udp: AddressInfo };
  return {
    address: `127.0.0.1:${udp.port}`,
    asked,
    say: (name: string, spoken: Spoken) => names.set(name, spoken),
    stop: () => server.close(),
  };
}
