import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeAccess } from '../../src/revocation/revoke-access.ts';
import { waitForLock } from '../support/locks.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const byEmail = { format: 'email', email: trinity.email };
const post = (body: unknown, key: string | null = product.orgs.whiterabbit.apiKey) => {
  const call = request(product.url).post('/global-token-revocation');
  return (key === null ? call : call.set('Authorization', `Bearer ${key}`)).send(body as object);
};
const code = (body: { code?: string }) => body.code;

describe('what it does', () => {
  it('ends every session of the person before it answers, and says why to each', async () => {
    const phone = await product.signIn();
    const laptop = await product.signIn();
    const answer = await post({ sub_id: byEmail });
    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    for (const browser of [phone, laptop]) {
      const me = await browser.get('/api/users/me');
      expect(me.status).toBe(401);
      expect(me.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(me.headers.get('cache-control')).toBe('no-store');
      expect(me.json()).toMatchObject({
        type: `${product.url}/problems/session_revoked`,
        status: 401,
        signedOutAt: expect.stringMatching(/^\d{4}-.*Z$/),
      });
    }
  });

  it('leaves the person of the same address in another org alone, and everyone else', async () => {
    const other = await product.signIn('metacortex');
    const neo = await product.signIn('whiterabbit', { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' });
    expect((await post({ sub_id: byEmail })).status).toBe(204);
    expect((await other.get('/api/users/me')).status).toBe(200);
    expect((await neo.get('/api/users/me')).status).toBe(200);
  });

  it('is done again when asked again, and for an inactive person', async () => {
    expect((await post({ sub_id: byEmail })).status).toBe(204);
    expect((await post({ sub_id: byEmail })).status).toBe(204);
    const neo = { format: 'email', email: 'neo@whiterabbit.fake' };
    await product.signIn('whiterabbit', { email: neo.email, password: 'Neo-and-123$' });
    await product.context.prisma.user.updateMany({ where: { emailKey: neo.email }, data: { active: false } });
    expect((await post({ sub_id: neo })).status).toBe(204);
  });

  it('records the revocation and its audit event with caller, subject, count and request id', async () => {
    await product.signIn();
    const answer = await post({ sub_id: byEmail });
    const requestId = answer.headers['x-request-id'] as string;
    const revocation = await product.context.prisma.revocation.findFirstOrThrow({ where: { requestId } });
    expect(revocation).toMatchObject({
      initiator: 'idp',
      sessionsEnded: 1,
      subject: byEmail,
      orgId: product.orgs.whiterabbit.id,
    });
    const event = await product.context.prisma.auditEvent.findFirstOrThrow({ where: { requestId } });
    expect(event).toMatchObject({
      action: 'access.revoked',
      actorType: 'api_key',
      targetId: product.orgs.whiterabbit.userId,
    });
    expect(event.actorId).toBe(revocation.callerId);
  });

  it('counts only the sessions that were alive', async () => {
    const [user] = await plantUsers(product, 1, { sessions: 4 });
    const { pool, prisma } = product.context;
    const sessions = await prisma.session.findMany({ where: { userId: user?.id ?? '' }, select: { id: true } });
    await pool.query(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE id = $1`, [sessions[0]?.id]);
    await fetch(`${product.url}/api/signout`, { method: 'POST', headers: { cookie: user?.cookies[1] as string } });
    const counted = async () => {
      const answer = await post({ sub_id: { format: 'opaque', id: user?.id } });
      const requestId = answer.headers['x-request-id'] as string;
      return (await prisma.revocation.findFirstOrThrow({ where: { requestId } })).sessionsEnded;
    };
    const alive =
      sessions.length - 1 - (await prisma.session.count({ where: { userId: user?.id ?? '', endedAt: { not: null } } }));
    expect([alive, await counted(), await counted()]).toEqual([2, 2, 0]);
  });

  it('is tried again when PostgreSQL breaks a deadlock with it', async () => {
    const [user] = await plantUsers(product, 1);
    const blocker = await product.context.pool.connect();
    await blocker.query('BEGIN');
    // The other way round than a revocation: the session first, then the user.
    await blocker.query(`SET LOCAL deadlock_timeout = '60s'`);
    await blocker.query('SELECT FROM sessions WHERE user_id = $1 FOR UPDATE', [user?.id]);
    const [orgId, id] = [product.orgs.whiterabbit.id, user?.id as string];
    const revoking = revokeAccess(product.context.pool, {
      orgId,
      subject: { userIds: [id] },
      initiator: 'operator',
      by: byOperator,
    });
    await waitForLock(product);
    await blocker.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]);
    await blocker.query('COMMIT');
    blocker.release();
    expect(await revoking).toMatchObject({ result: 'revoked', userId: id });
  });

  it('erases the data of the sessions it ends', async () => {
    await product.signIn();
    await product.context.prisma.session.updateMany({ where: { revokedAt: null }, data: { data: { basket: 'full' } } });
    await post({ sub_id: byEmail });
    const left = await product.context.prisma.session.findMany({ where: { userId: product.orgs.whiterabbit.userId } });
    expect(left.length).toBeGreaterThan(0);
    for (const session of left)
      expect(session).toMatchObject({ data: {}, revocationId: expect.stringMatching(/^rev_/) });
  });
});

describe('subject identifiers (RFC 9493)', () => {
  it.each([
    ['email', () => byEmail],
    ['email in another letter case', () => ({ format: 'email', email: 'TRINITY@WhiteRabbit.FAKE' })],
    ['account', () => ({ format: 'account', uri: `acct:${trinity.email}` })],
    ['opaque', () => ({ format: 'opaque', id: product.orgs.whiterabbit.userId })],
    ['iss_sub', () => ({ format: 'iss_sub', iss: product.orgs.whiterabbit.issuer, sub: 'whiterabbit-trinity' })],
    [
      'aliases of one person, unusable ones among them',
      () => ({
        format: 'aliases',
        identifiers: [
          byEmail,
          { format: 'opaque', id: product.orgs.whiterabbit.userId },
          { format: 'phone_number', phone_number: '+12065550100' },
          { format: 'email', email: 'nobody@whiterabbit.fake' },
        ],
      }),
    ],
  ])('finds a person by %s', async (_name, subject) => {
    const browser = await product.signIn();
    expect((await post({ sub_id: subject() })).status).toBe(204);
    expect((await browser.get('/api/users/me')).status).toBe(401);
  });

  it('takes "subject" of older drafts, beside an equal "sub_id" too, and ignores other members', async () => {
    expect((await post({ subject: byEmail })).status).toBe(204);
    expect((await post({ subject: byEmail, sub_id: { ...byEmail }, reason: 'x' })).status).toBe(204);
    const differing = await post({ subject: byEmail, sub_id: { format: 'email', email: 'neo@whiterabbit.fake' } });
    expect([differing.status, code(differing.body)]).toEqual([400, 'invalid_subject']);
  });

  it.each([
    ['nobody', { format: 'email', email: 'nobody@whiterabbit.fake' }],
    ['what is no address', { format: 'email', email: 'no address' }],
    ['an unknown id', { format: 'opaque', id: 'usr_0' }],
    ['an unknown subject', { format: 'iss_sub', iss: 'https://elsewhere.example', sub: 'whiterabbit-trinity' }],
    ['only unknown aliases', { format: 'aliases', identifiers: [{ format: 'opaque', id: 'x' }] }],
  ])('404 for %s', async (_name, subject) => {
    const answer = await post({ sub_id: subject });
    expect([answer.status, code(answer.body)]).toEqual([404, 'user_not_found']);
  });

  it.each([
    ['unknown format', { format: 'shoe_size', size: 42 }, 'invalid_subject'],
    ['a format out of the prototype', { format: 'constructor' }, 'invalid_subject'],
    ['no format', { email: trinity.email }, 'invalid_subject'],
    ['not an object', 'trinity', 'invalid_subject'],
    ['null', null, 'invalid_subject'],
    ['a member that the format does not describe', { ...byEmail, phone_number: '+1' }, 'invalid_subject'],
    ['an empty member', { format: 'email', email: '' }, 'invalid_subject'],
    ['a null member', { format: 'opaque', id: null }, 'invalid_subject'],
    ['a missing member', { format: 'iss_sub', iss: 'https://x.example' }, 'invalid_subject'],
    ['an array', { format: 'email', email: [trinity.email] }, 'invalid_subject'],
    ['a NUL character', { format: 'opaque', id: 'a\u0000b' }, 'invalid_subject'],
    ['half a surrogate pair', { format: 'opaque', id: 'a\ud800' }, 'invalid_request'],
    [
      'nested aliases',
      { format: 'aliases', identifiers: [{ format: 'aliases', identifiers: [byEmail] }] },
      'invalid_subject',
    ],
    ['no aliases', { format: 'aliases', identifiers: [] }, 'invalid_subject'],
    ['a phone number', { format: 'phone_number', phone_number: '+12065550100' }, 'unsupported_subject_format'],
    ['a did', { format: 'did', url: 'did:example:123456' }, 'unsupported_subject_format'],
    ['a uri', { format: 'uri', uri: 'https://user.example/trinity' }, 'unsupported_subject_format'],
    ['a malformed phone number', { format: 'phone_number', phone_number: 'twelve' }, 'invalid_subject'],
  ])('400 for %s', async (_name, subject, expected) => {
    const answer = await post({ sub_id: subject });
    expect([answer.status, code(answer.body)]).toEqual([400, expected]);
  });

  it('400 for aliases that name two people, and nobody is signed out', async () => {
    const neo = { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' };
    await product.context.prisma.user.updateMany({ where: { emailKey: neo.email }, data: { active: true } });
    const browsers = [await product.signIn(), await product.signIn('whiterabbit', neo)];
    const both = { format: 'aliases', identifiers: [byEmail, { format: 'email', email: neo.email }] };
    const answer = await post({ sub_id: both });
    expect([answer.status, code(answer.body)]).toEqual([400, 'ambiguous_subject']);
    for (const browser of browsers) expect((await browser.get('/api/users/me')).status).toBe(200);
  });

  it("takes another org's user id beside one's own address for unknown, not for a second person", async () => {
    const foreign = await product.signIn('metacortex');
    const mixed = {
      format: 'aliases',
      identifiers: [
        byEmail,
        { format: 'opaque', id: product.orgs.metacortex.userId },
        { format: 'iss_sub', iss: product.orgs.metacortex.issuer, sub: 'metacortex-trinity' },
      ],
    };
    expect((await post({ sub_id: mixed })).status).toBe(204);
    expect((await foreign.get('/api/users/me')).status).toBe(200);
  });

  it('keeps two orgs apart whose rows have equal ids', async () => {
    const { pool } = product.context;
    const twins: { slug: 'whiterabbit' | 'metacortex'; cookie: string }[] = [];
    const ids = { user: `usr_equal`, identity: 'idn_equal', connection: 'con_equal', session: 'ses_equal' };
    for (const slug of ['whiterabbit', 'metacortex'] as const) {
      const [planted] = await plantUsers(product, 1, { org: slug });
      const orgId = product.orgs[slug].id;
      await pool.query(
        `INSERT INTO connections (org_id, id, name, issuer, authorization_endpoint, token_endpoint, jwks_uri, client_id, client_secret)
         SELECT org_id, $2, name, 'https://equal.example', 'x', 'x', 'x', 'x', 'x' FROM connections WHERE org_id = $1 LIMIT 1`,
        [orgId, ids.connection],
      );
      await pool.query(
        `INSERT INTO users (org_id, id, email, email_key, name) VALUES ($1, $2, 'equal@equal.fake', 'equal@equal.fake', 'E')`,
        [orgId, ids.user],
      );
      await pool.query(
        `INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject)
         VALUES ($1, $2, $3, $4, 'https://equal.example', 'equal')`,
        [orgId, ids.identity, ids.connection, ids.user],
      );
      const sidHash = (await pool.query('DELETE FROM sessions WHERE user_id = $1 RETURNING sid_hash', [planted?.id]))
        .rows[0].sid_hash;
      await pool.query(
        `INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation,
                               idle_expires_at, expires_at)
         SELECT o.id, $2, $3, $4, $5, $6, 0, o.generation, now() + interval '1 hour', now() + interval '1 hour'
         FROM orgs o WHERE o.id = $1`,
        [orgId, ids.session, sidHash, ids.user, ids.connection, ids.identity],
      );
      twins.push({ slug, cookie: planted?.cookies[0] as string });
    }
    const rowsOf = (orgId: string) =>
      product.context.prisma.user.findUniqueOrThrow({
        where: { orgId_id: { orgId, id: ids.user } },
        include: { sessions: true },
      });
    const before = await rowsOf(product.orgs.metacortex.id);
    for (const sub_id of [
      { format: 'opaque', id: ids.user },
      { format: 'email', email: 'equal@equal.fake' },
      { format: 'iss_sub', iss: 'https://equal.example', sub: 'equal' },
    ])
      expect((await post({ sub_id })).status).toBe(204);
    expect(await rowsOf(product.orgs.metacortex.id)).toEqual(before);
    expect((await rowsOf(product.orgs.whiterabbit.id)).generation).toBe(3);
    expect(await statusOfMe(product.url, twins[0]?.cookie as string)).toBe(401);
    expect(await statusOfMe(product.url, twins[1]?.cookie as string)).toBe(200);
  });

  it("answers for another org's user as for nobody: status, headers and body", async () => {
    const shape = async (id: string) => {
      const { status, headers, body } = await post({ sub_id: { format: 'opaque', id } });
      const { 'x-request-id': _id, date: _date, ...rest } = headers;
      return { status, headers: rest, body: { ...body, requestId: null } };
    };
    const foreign = await product.signIn('metacortex');
    const nobody = await shape(`usr_${'0'.repeat(32)}`);
    expect(await shape(product.orgs.metacortex.userId)).toEqual(nobody);
    const subject = { format: 'iss_sub', iss: product.orgs.metacortex.issuer, sub: 'metacortex-trinity' };
    expect((await post({ sub_id: subject })).status).toBe(404);
    expect((await foreign.get('/api/users/me')).status).toBe(200);
  });
});

describe('callers', () => {
  it('401 without a credential, with a bare challenge (RFC 6750 §3)', async () => {
    const answer = await post({ sub_id: byEmail }, null);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="global-token-revocation"');
  });

  it.each([
    ['an unknown key', 'Bearer nope'],
    ['two words', 'Bearer a b'],
    ['another scheme', 'Basic MTMxMzEzOg=='],
    ['nothing behind Bearer', 'Bearer '],
    ['a very long one', `Bearer ${'x'.repeat(5000)}`],
  ])('401 invalid_token for %s', async (_name, header) => {
    const answer = await request(product.url).post('/global-token-revocation').set('Authorization', header).send({});
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(JSON.stringify(answer.body)).not.toContain('nope');
  });

  it('takes keys from the header only: not from the query, a form or JSON', async () => {
    const key = product.orgs.whiterabbit.apiKey;
    const query = await request(product.url)
      .post(`/global-token-revocation?access_token=${key}`)
      .send({ sub_id: byEmail });
    const form = await request(product.url).post('/global-token-revocation').type('form').send({ access_token: key });
    const json = await post({ access_token: key, sub_id: byEmail }, null);
    expect([query.status, form.status, json.status]).toEqual([401, 401, 401]);
    const both = await request(product.url)
      .post('/global-token-revocation?access_token=other')
      .set('Authorization', `Bearer ${key}`)
      .send({ sub_id: byEmail });
    expect(both.status).toBe(204);
  });

  it('401 for an expired and for a revoked key, 403 without the scope, and authentication comes before parsing', async () => {
    const { apiKeys } = product.context;
    const { id: orgId } = product.orgs.whiterabbit;
    const expired = await apiKeys.create(
      orgId,
      { name: 'expired', expiresAt: new Date(Date.now() - 1000) },
      byOperator,
    );
    const revoked = await apiKeys.create(orgId, { name: 'revoked' }, byOperator);
    expect((await post({ sub_id: byEmail }, revoked.apiKey)).status).toBe(204);
    expect(await apiKeys.revoke(product.orgs.metacortex.id, revoked.id, byOperator)).toBe(false);
    expect(await apiKeys.revoke(orgId, revoked.id, byOperator)).toBe(true);
    expect((await post({ sub_id: byEmail }, expired.apiKey)).status).toBe(401);
    expect((await post({ sub_id: byEmail }, revoked.apiKey)).status).toBe(401);
    const scim = await apiKeys.create(orgId, { name: 'scim', scopes: ['scim'] }, byOperator);
    const malformed = request(product.url)
      .post('/global-token-revocation')
      .set('Authorization', `Bearer ${scim.apiKey}`)
      .set('Content-Type', 'application/json')
      .send('{');
    expect((await malformed).status).toBe(403);
    expect((await malformed).headers['www-authenticate']).toContain('insufficient_scope');
  });

  it('keeps only a hash of the key, and notes its use', async () => {
    const { pool, apiKeys } = product.context;
    const { apiKey, id } = await apiKeys.create(product.orgs.whiterabbit.id, { name: 'noted' }, byOperator);
    await post({ sub_id: byEmail }, apiKey);
    const { rows } = await pool.query('SELECT api_keys::text AS row FROM api_keys WHERE id = $1', [id]);
    expect(rows[0].row).not.toContain(apiKey);
    // The note comes beside the answer.
    const usedAt = async () =>
      (await pool.query('SELECT last_used_at AS at FROM api_keys WHERE id = $1', [id])).rows[0].at;
    await expect.poll(usedAt).toBeInstanceOf(Date);
  });
});

describe('malformed requests', () => {
  const raw = (body: string, type = 'application/json') =>
    request(product.url)
      .post('/global-token-revocation')
      .set('Authorization', `Bearer ${product.orgs.whiterabbit.apiKey}`)
      .set('Content-Type', type)
      .send(body);

  it.each([
    ['broken JSON', '{"sub_id":', 'application/json'],
    ['no body', '', 'application/json'],
    ['an array', '[]', 'application/json'],
    ['a string', '"x"', 'application/json'],
    ['an empty object', '{}', 'application/json'],
    ['another media type', '{"sub_id":{"format":"opaque","id":"x"}}', 'text/plain'],
    ['a form', 'sub_id=x', 'application/x-www-form-urlencoded'],
    ['a character set that is not UTF-8', '{}', 'application/json; charset=utf-7'],
  ])('400 for %s', async (_name, body, type) => {
    const answer = await raw(body, type);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ status: 400, detail: expect.any(String), requestId: expect.any(String) });
  });

  it('413 for a body over 16 KB, compressed or not', async () => {
    expect((await raw(JSON.stringify({ sub_id: byEmail, filler: 'x'.repeat(20_000) }))).status).toBe(413);
    const { gzipSync } = await import('node:zlib');
    const bomb = await fetch(`${product.url}/global-token-revocation`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${product.orgs.whiterabbit.apiKey}`,
        'Content-Type': 'application/json',
        'Content-Encoding': 'gzip',
      },
      body: gzipSync(JSON.stringify({ filler: 'x'.repeat(50_000_000) })),
    });
    expect(bomb.status).toBe(413);
  });

  it.each(['gzip', 'br', 'deflate', 'zstd', 'klingon'])(
    '400 for a body that is not the %s it claims to be',
    async (encoding) => {
      const answer = await fetch(`${product.url}/global-token-revocation`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${product.orgs.whiterabbit.apiKey}`,
          'Content-Type': 'application/json',
          'Content-Encoding': encoding,
        },
        body: 'junk',
      });
      expect(answer.status).toBe(400);
    },
  );

  it('400 for a subject nested as deep as the limit allows, twice', async () => {
    const deep = `${'['.repeat(3900)}${']'.repeat(3900)}`;
    expect((await raw(`{"sub_id":${deep},"subject":${deep}}`)).status).toBe(400);
    const nested = `${'{"a":'.repeat(1300)}1${'}'.repeat(1300)}`;
    expect((await raw(`{"sub_id":${nested},"subject":${nested}}`)).status).toBe(400);
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('405 with Allow for %s', async (method) => {
    const answer = await fetch(`${product.url}/global-token-revocation`, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('keeps answering after all that', async () => {
    expect((await post({ sub_id: byEmail })).status).toBe(204);
  });
});

// Last: it uses up this network's failures.
describe('rate limit', () => {
  it('429 with Retry-After only for failed authentication; a valid credential is never locked out', async () => {
    const answers = [];
    for (let count = 0; count < 40; count += 1) answers.push(await post({ sub_id: byEmail }, 'wrong'));
    const last = answers.at(-1);
    expect(last?.status).toBe(429);
    expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0);
    expect((await post({ sub_id: byEmail })).status).toBe(204);
  });
});
