import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SignInBed, startSignInBed } from '../sign-in/support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterAll(() => bed?.stop());

const events = (action: string, orgId: string) =>
  bed.prisma.auditEvent.findMany({ where: { orgId, action }, orderBy: [{ at: 'asc' }, { id: 'asc' }] });
/** Where a request came from is in the event, and which request it was. */
const ofRequest = (requestId: unknown = expect.stringMatching(/^[0-9a-f-]{36}$/)) => ({
  ip: expect.stringMatching(/^(::ffff:)?127\.0\.0\.1$|^::1$/),
  requestId,
});

describe('what is recorded of a person', () => {
  it('a first sign-in that adds them, and that they signed in', async () => {
    const { me } = await bed.attempt();
    expect(me.status).toBe(200);
    const userId = me.json().id;
    const { connectionId } = await bed.prisma.identity.findFirstOrThrow({ where: { orgId: bed.org.id } });
    const [added] = await events('user.added', bed.org.id);
    expect(added).toMatchObject({ actorType: 'connection', actorId: connectionId, targetId: userId, ...ofRequest() });
    const [signedIn] = await events('sign_in.succeeded', bed.org.id);
    expect(signedIn).toMatchObject({ actorType: 'user', actorId: userId, ...ofRequest(added?.requestId) });
  });

  it('that a known person was linked with their identity', async () => {
    await bed.product.signIn();
    const [linked] = await events('identity.linked', bed.product.orgs.whiterabbit.id);
    const { userId, connectionId } = bed.product.orgs.whiterabbit;
    expect(linked).toMatchObject({ actorType: 'connection', actorId: connectionId, targetId: userId, ...ofRequest() });
  });

  it('signing out, with the request that did it', async () => {
    const { browser, me } = await bed.attempt();
    const out = await browser.post('/api/signout');
    expect(out.status).toBe(204);
    expect((await browser.get('/api/users/me')).json().code).toBe('session_ended');
    const ended = (await events('session.ended', bed.org.id)).at(-1);
    expect(ended).toMatchObject({
      ...{ actorType: 'user', actorId: me.json().id, targetType: 'session' },
      ...ofRequest(out.headers.get('x-request-id')),
    });
  });

  it('that a new sign-in in the same browser ended the former session, with the request that did it', async () => {
    const { browser } = await bed.attempt();
    const before = (await events('session.ended', bed.org.id)).length;
    const { me } = await bed.attempt(browser);
    expect(me.status).toBe(200);
    const ended = (await events('session.ended', bed.org.id)).slice(before);
    const signedIn = (await events('sign_in.succeeded', bed.org.id)).at(-1);
    expect(ended).toMatchObject([{ actorId: me.json().id, ...ofRequest(signedIn?.requestId) }]);
  });

  it('a sign-in that failed', async () => {
    bed.hostile.setIdToken({ claims: { nonce: 'another' } });
    const { page } = await bed.attempt();
    bed.hostile.reset();
    expect(page.status).toBe(403);
    const refused = (await events('sign_in.refused', bed.org.id)).at(-1);
    expect(refused).toMatchObject({ actorType: 'anonymous', ...ofRequest(page.headers.get('x-request-id')) });
  });
});
