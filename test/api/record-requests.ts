import type { Requests } from './requests.ts';

export const recordRequests: Requests = {
  async listRefusedCalls({ ask, owner, product }) {
    await product.revoke({ format: 'email', email: 'nobody@whiterabbit.fake' });
    const { json } = await ask('listRefusedCalls', { as: owner, query: { code: 'user_not_found', limit: '1' } });
    if (json.items.length !== 1) throw new Error('the refused call is not listed');
    await ask('listRefusedCalls', { as: owner, query: { caller: 'key nobody' } });
    await ask('listRefusedCalls');
  },
  async listAuditEvents({ ask, owner }) {
    const { json } = await ask('listAuditEvents', { as: owner, query: { action: 'sign_in.', limit: '1' } });
    if (json.items.length !== 1) throw new Error('no sign-in is on record');
    await ask('listAuditEvents', { as: owner, query: { order: 'asc', cursor: 'none' } });
    await ask('listAuditEvents');
  },
  async getAuditEvent({ ask, owner }) {
    const { json } = await ask('listAuditEvents', { as: owner });
    await ask('getAuditEvent', { as: owner, params: { id: json.items[0].id } });
    await ask('getAuditEvent', { as: owner, params: { id: 'evt_nobody' } });
  },
  async exportAuditEvents({ ask, owner }) {
    const { text } = await ask('exportAuditEvents', { as: owner, query: { action: 'sign_in.' } });
    if (!text.includes('sign_in.succeeded')) throw new Error('no sign-in was exported');
    await ask('exportAuditEvents', { as: owner, query: { format: 'csv' } });
    await ask('exportAuditEvents', { as: owner, query: { format: 'xml' } });
  },
};
