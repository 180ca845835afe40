import { randomUUID } from 'node:crypto';
import { twin } from '../support/product.ts';
import type { Requests } from './requests.ts';
import type { World } from './world.ts';

const subject = { sub_id: { format: 'email', email: twin.email } };
const now = () => Math.floor(Date.now() / 1000);

/** What metacortex' IdP says, of its person trinity. */
function signed({ product }: World, typ: string, claims: Record<string, unknown>): Promise<string> {
  const tenant = product.idp.tenant('metacortex');
  return tenant.sign({ iss: tenant.issuer, iat: now(), jti: randomUUID(), ...claims }, { typ });
}

export const signalRequests: Requests = {
  async revokeGlobally({ ask, product }) {
    const { apiKey } = product.orgs.metacortex;
    await ask('revokeGlobally', { as: apiKey, body: subject });
    await ask('revokeGlobally', { as: apiKey, body: { sub_id: { format: 'email', email: 'nobody@nowhere.example' } } });
    await ask('revokeGlobally', { as: apiKey, body: { sub_id: { format: 'unheard of' } } });
    await ask('revokeGlobally', {
      as: apiKey,
      body: { sub_id: { format: 'phone_number', phone_number: '+12025550100' } },
    });
    await ask('revokeGlobally', { as: apiKey, body: 'neither' });
    await ask('revokeGlobally', { as: 'not-a-key', body: subject });
    await ask('revokeGlobally', { body: subject });
  },
  async revokeGloballyByConnection(world) {
    const { ask, product } = world;
    const { connectionId } = product.orgs.metacortex;
    const aud = `${product.url}/global-token-revocation/${connectionId}`;
    const jwt = await signed(world, 'global-token-revocation+jwt', { sub: 'metacortex-app', aud, exp: now() + 300 });
    const asked = { as: jwt, params: { connection: connectionId }, body: subject };
    await ask('revokeGloballyByConnection', asked);
    await ask('revokeGloballyByConnection', asked);
  },
  async logOutByBackchannel(world) {
    const logout_token = await signed(world, 'logout+jwt', {
      ...{ aud: 'metacortex-app', exp: now() + 120, sub: 'metacortex-trinity' },
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    await world.ask('logOutByBackchannel', { params: { org: 'metacortex' }, body: { logout_token } });
    await world.ask('logOutByBackchannel', { params: { org: 'metacortex' }, body: { logout_token: 'none' } });
  },
  async logOutByFrontchannel({ ask, product }) {
    const { issuer } = product.orgs.metacortex;
    const params = { org: 'metacortex' };
    await ask('logOutByFrontchannel', { params, query: { iss: issuer, sid: 'nobody knows' } });
    await ask('logOutByFrontchannel', { params, query: { sid: 'nobody knows' } });
    await ask('logOutByFrontchannel', { params, query: { iss: issuer } });
  },
  async receiveSecurityEvent(world) {
    const { connectionId: connection, issuer } = world.product.orgs.metacortex;
    const event = await signed(world, 'secevent+jwt', {
      ...{ aud: `${world.product.url}/ssf/events/${connection}`, txn: randomUUID() },
      sub_id: { format: 'iss_sub', iss: issuer, sub: 'metacortex-trinity' },
      events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} },
    });
    await world.ask('receiveSecurityEvent', { params: { connection }, body: event });
    await world.ask('receiveSecurityEvent', { params: { connection }, body: 'none' });
  },
};
