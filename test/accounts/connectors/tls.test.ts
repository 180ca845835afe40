import { once } from 'node:events';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectorKind, createConnectors } from '../../../src/accounts/connectors/all.ts';
import { makeCertificates } from './certificates.ts';
import { listen } from './hostile-server.ts';
import { greeting } from './mariadb-greeting.ts';

type Identity = Readonly<{ key: string; cert: string }>;
type Secured = Readonly<{
  settings: (port: number) => Record<string, unknown>;
  /** What the two say to each other before TLS begins, seen by the server. */
  begin?: (socket: Socket) => Promise<void>;
}>;

async function take(socket: Socket, bytes: number): Promise<Buffer> {
  for (;;) {
    const taken = socket.read(bytes) as Buffer | null;
    if (taken) return taken;
    await once(socket, 'readable');
  }
}

const at = (port: number) => ({ host: 'localhost', port });
const verify = (port: number) => ({
  url: `https://localhost:${port}/login`,
  body: { type: 'form', template: 'name={{user}}&password={{new}}' },
  accepted: { statuses: [200] },
  refused: { statuses: [401] },
});
/** Whatever speaks TLS: `tsc` asks for a line of each new kind. */
const secured: Readonly<Record<Exclude<ConnectorKind, 'manual'> | 'ldap, StartTLS', Secured>> = {
  postgresql: {
    settings: at,
    async begin(socket) {
      await take(socket, 8);
      socket.write('S');
    },
  },
  mariadb: {
    settings: at,
    async begin(socket) {
      socket.write(greeting('mysql_native_password', { tls: true }));
      await take(socket, 36);
    },
  },
  redis: { settings: at },
  ldap: { settings: at },
  'ldap, StartTLS': {
    settings: (port) => ({ ...at(port), tls: 'starttls' }),
    async begin(socket) {
      const [, length] = await take(socket, 2);
      const message = await take(socket, length as number);
      const done = [...message.subarray(0, 3), 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0];
      socket.write(Buffer.from([0x30, done.length, ...done]));
    },
  },
  scim: { settings: (port) => ({ baseUrl: `https://localhost:${port}/v2`, verify: verify(port) }) },
  http: {
    settings: (port) => ({
      method: 'PUT',
      url: `https://localhost:${port}/users/{{user}}`,
      body: { type: 'json', template: '{"to": "{{new}}"}' },
      accepted: { statuses: [204] },
      verify: verify(port),
    }),
  },
};

/** A server that shows a certificate, reads what it is sent behind it, and hangs up at the first of that. */
async function show({ key, cert }: Identity, { begin }: Secured) {
  let [connections, received] = [0, 0];
  const { port, close } = await listen(async (socket) => {
    connections += 1;
    await begin?.(socket);
    const inside = new TLSSocket(socket, { isServer: true, key, cert });
    inside.on('error', () => {});
    inside.on('data', ({ length }) => {
      received += length;
      inside.destroy();
    });
  });
  return { port, close, seen: () => ({ connections, received }) };
}

let certificates: ReturnType<typeof makeCertificates>;
let others: ReturnType<typeof makeCertificates>;
let ofAnother: Identity;
beforeAll(() => {
  certificates = makeCertificates();
  others = makeCertificates();
  ofAnother = certificates.ofAnother();
});
afterAll(() => {
  for (const made of [certificates, others]) made?.remove();
});

const { connectorOf } = createConnectors({
  config: {
    mode: 'development',
    accountNetworks: ['127.0.0.0/8', '::1/128'],
    databaseUrl: 'postgresql://-',
    directDatabaseUrl: 'postgresql://-',
  },
});

describe.each(Object.entries(secured))('%s', (name, way) => {
  const connector = connectorOf(name.split(',')[0] as string);
  const soon = () => AbortSignal.timeout(20_000);

  /** Whatever a connector does there. */
  async function doAll(shown: Identity, ca: string | undefined) {
    const server = await show(shown, way);
    const settings = { ...way.settings(server.port), ...(ca !== undefined && { ca }) };
    expect(connector.settings.safeParse(settings).error).toBeUndefined();
    const admin = { userName: 'cn=admin,dc=org', password: 'of-the-administrator' };
    const target = { userName: 'cn=app,dc=org', settings, admin };
    const outcomes = {
      set: await connector.set(target, { password: 'new', old: 'old' }, soon()),
      verify: await connector.verify(target, 'old', soon()),
      verifyAdmin: await connector.verifyAdmin?.(target, soon()),
      save: await connector.save?.(target, soon()),
      ended: await connector.endConnections(target, soon()),
    };
    await server.close();
    return { outcomes, seen: server.seen() };
  }

  test.each([
    ['of an authority that nobody named', () => certificates, () => undefined],
    ['of another authority', () => others, () => certificates.ca],
    ['of another host', () => ofAnother, () => certificates.ca],
  ])('a certificate %s is refused before anything is sent', async (_, shown, ca) => {
    const { outcomes, seen } = await doAll(shown(), ca());
    const refused = { result: 'unavailable', error: 'certificate' };
    expect(outcomes).toEqual({
      set: refused,
      verify: refused,
      verifyAdmin: connector.verifyAdmin && refused,
      save: connector.save && 'unavailable',
      ended: expect.toBeOneOf([{ ended: null }, { error: 'certificate' }]),
    });
    expect(seen).toEqual({ connections: expect.toSatisfy((count) => count >= 2), received: 0 });
  });

  test('the right one is spoken to', async () => {
    const { outcomes, seen } = await doAll(certificates, certificates.ca);
    expect(JSON.stringify(outcomes)).not.toContain('certificate');
    expect(seen.received).toBeGreaterThan(0);
  });
});
