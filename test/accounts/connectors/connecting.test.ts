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
  settings: (host: string, port: number) => Record<string, unknown>;
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

const at = (host: string, port: number) => ({ host, port });
const verify = (host: string, port: number) => ({
  url: `https://${host}:${port}/login`,
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
    settings: (host, port) => ({ ...at(host, port), tls: 'starttls' }),
    async begin(socket) {
      const [, length] = await take(socket, 2);
      const message = await take(socket, length as number);
      const done = [...message.subarray(0, 3), 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0];
      socket.write(Buffer.from([0x30, done.length, ...done]));
    },
  },
  scim: { settings: (host, port) => ({ baseUrl: `https://${host}:${port}/v2`, verify: verify(host, port) }) },
  http: {
    settings: (host, port) => ({
      method: 'PUT',
      url: `https://${host}:${port}/users/{{user}}`,
      body: { type: 'json', template: '{"to": "{{new}}"}' },
      accepted: { statuses: [204] },
      verify: verify(host, port),
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

const config = {
  mode: 'development',
  accountNetworks: ['127.0.0.0/8', '::1/128'],
  databaseUrl: 'postgresql://-',
  directDatabaseUrl: 'postgresql://-',
} as const;

describe.each(Object.entries(secured))('%s', (name, way) => {
  const soon = () => AbortSignal.timeout(20_000);
  const kind = name.split(',')[0] as string;
  const { save, verifyAdmin } = createConnectors({ config }).connectorOf(kind);

  /** Whatever a connector does there. `answers`: what the name leads to, each time that it is asked about. */
  async function doAll(
    shown: Identity,
    ca: string | undefined,
    { host = 'localhost', answers }: Readonly<{ host?: string; answers?: () => readonly string[] }> = {},
  ) {
    const server = await show(shown, way);
    const lookUp = answers && (async () => answers().map((address) => ({ address })));
    const connector = createConnectors({ config, ...(lookUp && { lookUp }) }).connectorOf(kind);
    const settings = { ...way.settings(host, server.port), ...(ca !== undefined && { ca }) };
    expect(connector.settings.safeParse(settings).error).toBeUndefined();
    const admin = { userName: 'cn=admin,dc=org', password: 'of-the-administrator' };
    const target = { userName: 'cn=app,dc=org', settings, admin };
    const outcomes = {
      set: await connector.set(target, { password: 'new', old: 'old' }, soon()),
      verify: await connector.verify(target, 'old', soon()),
      verifyAdmin: await connector.verifyAdmin?.(target, soon()),
      save: await connector.save?.(target, soon()),
      ended: await connector.endConnections?.(target, soon()),
    };
    await server.close();
    return { outcomes, seen: server.seen() };
  }
  const refusedFor = (error: string) => ({
    set: { result: 'unavailable', error },
    verify: { result: 'unavailable', error },
    verifyAdmin: verifyAdmin && { result: 'unavailable', error },
    save: save && 'unavailable',
    ended: expect.toBeOneOf([{ ended: null }, { error }]),
  });

  describe('a certificate', () => {
    test.each([
      ['of an authority that nobody named', () => certificates, () => undefined],
      ['of another authority', () => others, () => certificates.ca],
      ['of another host', () => ofAnother, () => certificates.ca],
    ])('%s is refused before anything is sent', async (_, shown, ca) => {
      const { outcomes, seen } = await doAll(shown(), ca());
      expect(outcomes).toEqual(refusedFor('certificate'));
      expect(seen).toEqual({ connections: expect.toSatisfy((count) => count >= 2), received: 0 });
    });

    test('that is right is spoken to', async () => {
      const { outcomes, seen } = await doAll(certificates, certificates.ca);
      expect(JSON.stringify(outcomes)).not.toContain('certificate');
      expect(seen.received).toBeGreaterThan(0);
    });
  });

  // Only the look-up of the check knows the name: who asked again by themselves would learn of nothing.
  describe('a name', () => {
    const host = 'elsewhere.example';

    test('is dialled where it led when it was checked, however it answers then', async () => {
      let asked = 0;
      const answers = () => {
        asked += 1;
        return [asked % 2 === 1 ? '127.0.0.1' : '192.0.2.1'];
      };
      const { outcomes, seen } = await doAll(ofAnother, certificates.ca, { host, answers });
      const refused = Object.values(outcomes).filter((each) => JSON.stringify(each)?.includes('address_refused'));
      expect(refused.length).toBeGreaterThan(0);
      expect(seen.connections).toBe(Math.ceil(asked / 2));
      // The certificate is one of the name, and what was dialled is spoken to.
      expect(seen.received).toBeGreaterThan(0);
    });

    test.each([[['127.0.0.1', '192.0.2.1']], [['192.0.2.1', '127.0.0.1']], [['127.0.0.1', '169.254.169.254']]])(
      'that leads to %j is not dialled at all',
      async (addresses) => {
        const { outcomes, seen } = await doAll(ofAnother, certificates.ca, { host, answers: () => addresses });
        expect(outcomes).toEqual(refusedFor('address_refused'));
        expect(seen.connections).toBe(0);
      },
    );
  });
});
