import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** An OpenID provider with the device flow and GET /api/users/me, as far as the command line needs them. */
export async function startAppServer() {
  let handle: Parameters<typeof createServer>[1] = () => {};
  const server = createServer((req, res) => handle?.(req, res as never)).listen(0);
  await once(server, 'listening');
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, {
    clients: [
      {
        client_id: 'cli',
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        response_types: [],
        redirect_uris: [],
      },
    ],
    scopes: ['openid', 'offline_access'],
    claims: { openid: ['sub'], email: ['email'], profile: ['name'] },
    features: { deviceFlow: { enabled: true }, revocation: { enabled: true }, devInteractions: { enabled: false } },
    ttl: { AccessToken: 300, RefreshToken: 3600, Grant: 3600, DeviceCode: 600, IdToken: 300 },
    rotateRefreshToken: true,
    findAccount: (_ctx, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
  });
  provider.on('server_error', (_ctx, error) => console.error(error));
  const ended = new Map<string, { code: string; signedOutAt?: string }>();
  let unavailable = false;
  let refreshes = 0;
  const callback = provider.callback();
  handle = async (req, res) => {
    if (unavailable) return void res.writeHead(503).end('{}');
    if (req.url === '/token') refreshes += 1;
    if (req.url !== '/api/users/me') return void callback(req, res);
    const token = await provider.AccessToken.find(String(req.headers.authorization).replace('Bearer ', ''));
    const grant = token?.grantId ? await provider.Grant.find(token.grantId) : undefined;
    res.setHeader('content-type', 'application/json');
    if (grant)
      return void res.end(
        JSON.stringify({
          ...{ id: 'usr_1', name: 'Trinity', email: 'trinity@whiterabbit.fake' },
          ...{ orgId: 'org_1', org: 'White Rabbit', orgSlug: 'whiterabbit', role: 'member' },
        }),
      );
    res.writeHead(401).end(JSON.stringify(ended.get('why') ?? { code: 'invalid_token' }));
  };
  const grants: string[] = [];
  return {
    url,
    refreshes: () => refreshes,
    setUnavailable(on: boolean) {
      unavailable = on;
    },
    async approve(userCode: string) {
      const code = await provider.DeviceCode.findByUserCode(userCode.replaceAll('-', ''), { ignoreExpiration: true });
      const scope = String(code?.params?.scope);
      if (!code) throw new Error(`no code ${userCode}`);
      const grant = new provider.Grant({ accountId: 'usr_1', clientId: 'cli' });
      grant.addOIDCScope(scope);
      const grantId = await grant.save();
      grants.push(grantId);
      Object.assign(code, { accountId: 'usr_1', grantId, scope, authTime: 1, claims: {} });
      await code.save();
    },
    async deny(userCode: string) {
      const code = await provider.DeviceCode.findByUserCode(userCode.replaceAll('-', ''), { ignoreExpiration: true });
      Object.assign(code ?? {}, { error: 'access_denied' });
      await code?.save();
    },
    /** Ends every grant; what the next request hears. */
    async revoke(why: { code: string; signedOutAt?: string }) {
      ended.set('why', why);
      for (const id of grants) await (await provider.Grant.find(id))?.destroy();
    },
    liveGrants: async () => (await Promise.all(grants.map((id) => provider.Grant.find(id)))).filter(Boolean).length,
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}
