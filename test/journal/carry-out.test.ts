import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { newId } from '../../src/database/ids.ts';
import { createCarryOut } from '../../src/journal/carry-out.ts';
import type { NotedCall } from '../../src/journal/noted-call.ts';
import { hashSecret } from '../../src/keyring.ts';
import { revokeAccess } from '../../src/revocation/revoke-access.ts';
import { type CallerBed, mallory, startCallerBed, statusOf } from '../revocation/caller-bed.ts';
import { type PlantedUser, plantUsers, statusOfMe } from '../support/planted-sessions.ts';

// What becomes of a noted call, without an outage: the note is made by hand.

let bed: CallerBed;
let carryOut: ReturnType<typeof createCarryOut>;
beforeAll(async () => {
  bed = await startCallerBed();
  const { context } = bed.product;
  carryOut = createCarryOut({ ...context, pool: context.endingPool, announce: () => {} });
});
afterAll(() => bed?.stop());

const whiterabbit = () => bed.product.orgs.whiterabbit;
const bodyOf = (subject: object) => JSON.stringify({ sub_id: subject });
const address = (email: string) => ({ format: 'email', email });

function note(credential: NotedCall['credential'], subject: object, changes: Partial<NotedCall> = {}): NotedCall {
  const made = { id: randomUUID(), revocationId: newId('revocation'), at: new Date() };
  const from = { connection: null, ip: '192.0.2.7', requestId: randomUUID(), orgId: null };
  return { ...made, ...from, credential, body: bodyOf(subject), ...changes };
}
const byKey = (subject: object, changes: Partial<NotedCall> & { key?: string } = {}) => {
  const { key = whiterabbit().apiKey, ...rest } = changes;
  return note({ type: 'api_key', hash: hashSecret(key).toString('base64url') }, subject, rest);
};
const byJwt = (token: string, subject: object, changes: Partial<NotedCall> = {}) =>
  note({ type: 'jwt', token, verified: null }, subject, changes);
const audited = (action: string, orgId: string) => bed.prisma.auditEvent.findMany({ where: { orgId, action } });
const revocationsOf = (userId: string) => bed.prisma.revocation.count({ where: { userId } });
const one = async () => (await plantUsers(bed.product, 1))[0] as PlantedUser;

describe('a noted call', () => {
  it('is carried out once, however often its file comes back', async () => {
    const person = await one();
    const call = byKey(address(person.email));
    for (let time = 1; time <= 3; time += 1) await carryOut.now(call);
    expect(await statusOfMe(bed.url, person.cookies[0] ?? '')).toBe(401);
    expect(await revocationsOf(person.id)).toBe(1);
    const events = await audited('call.carried_out', whiterabbit().id);
    expect(events.filter(({ targetId }) => targetId === person.id)).toHaveLength(1);
  });

  it('whose own statement had committed is known by its revocation: nobody is ended again', async () => {
    const person = await one();
    const call = byKey(address(person.email));
    const by = { actor: { type: 'api_key', id: 'key_x' }, ip: null, requestId: null } as const;
    const asked = { orgId: whiterabbit().id, initiator: 'idp', by, subject: { userIds: [person.id] } } as const;
    await revokeAccess(bed.pool, { ...asked, revocationId: call.revocationId });
    await carryOut.now(call);
    expect(await revocationsOf(person.id)).toBe(1);
    const { generation } = await bed.prisma.user.findFirstOrThrow({ where: { id: person.id } });
    expect(generation).toBe(1);
  });

  it('that names nobody is refused, also when it is sent again', async () => {
    const jwt = bed.jwt();
    const nobody = address('nobody@hostile.fake');
    await expect(carryOut.now(byJwt(jwt, nobody))).rejects.toMatchObject({ code: 'user_not_found' });
    expect((await bed.post(bed.shared, jwt, nobody)).status).toBe(401);
  });

  it('with a JWT that was used for another body before is refused, and so are its repeats', async () => {
    const browser = await bed.signedIn();
    const jwt = bed.jwt();
    expect((await bed.post(bed.shared, jwt, address('nobody@hostile.fake'))).status).toBe(404);
    // The row of the JWT outlives the longest time for which a call may be noted.
    const [spent] = await bed.prisma.spent.findMany({ where: { orgId: bed.org.id }, orderBy: { expiresAt: 'desc' } });
    expect((spent?.expiresAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(25 * 3_600_000);
    await expect(carryOut.now(byJwt(jwt, mallory))).rejects.toMatchObject({ reason: 'replayed' });
    expect((await bed.post(bed.shared, jwt, mallory)).status).toBe(401);
    expect(await statusOf(browser)).toBe(200);
  });

  it('is judged by the keys that it was verified with: other keys, or another org’s, look again', async () => {
    const browser = await bed.signedIn();
    const { jwksUri } = await bed.prisma.connection.findFirstOrThrow({ where: { id: bed.connectionId } });
    const verified = { orgId: bed.org.id, connection: bed.connectionId, jwksUri };
    const forged = bed.jwt({ signer: 'foreign' });
    for (const changed of [
      { ...verified, orgId: whiterabbit().id },
      { ...verified, connection: 'con_other' },
      { ...verified, jwksUri: `${jwksUri}?old` },
    ])
      await expect(
        carryOut.now(note({ type: 'jwt', token: forged, verified: changed }, mallory)),
      ).rejects.toBeInstanceOf(Error);
    expect(await statusOf(browser)).toBe(200);
    await carryOut.now(note({ type: 'jwt', token: bed.jwt(), verified }, mallory));
    expect(await statusOf(browser)).toBe(401);
  });

  it('of a key that was revoked since is on record for the org, with what was asked', async () => {
    const { apiKeys } = bed.product.context;
    const { id, apiKey: key } = await apiKeys.create(whiterabbit().id, { name: 'leaked' }, byOperator);
    await apiKeys.revoke(whiterabbit().id, id, byOperator);
    const call = byKey(address('trinity@whiterabbit.fake'), { key });
    await expect(carryOut.now(call)).rejects.toMatchObject({ reason: 'api_key' });
    const events = await audited('call.refused', whiterabbit().id);
    expect(events.find(({ targetId }) => targetId === id)?.detail).toMatchObject({ reason: 'api_key_revoked' });
  });

  it('that lapses is told once, and not at all if it had been carried out', async () => {
    const person = await one();
    const done = byKey(address(person.email));
    await carryOut.now(done);
    const late = byKey(address('trinity@whiterabbit.fake'));
    for (const call of [done, late, late]) await carryOut.giveUp(call);
    expect(await audited('call.lapsed', whiterabbit().id)).toHaveLength(1);
  });
});
