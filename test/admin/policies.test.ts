import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { api, refresh, tokensOf } from '../tokens/support.ts';

const path = '/api/orgs/current/policies';
let product: Product;
let owner: Browser;
/** An owner of the other org, who must never be reached. */
let twin: Browser;
beforeAll(async () => {
  product = await startProduct({ processes: 1 });
  await product.context.prisma.user.updateMany({ data: { role: 'owner' } });
  owner = await product.signIn();
  twin = await product.signIn('metacortex');
});
afterAll(() => product.stop());
afterEach(async () => {
  const { status } = await change({ ...defaults, eventActions: everyEvent(null), rotateAfter: everyInitiator(null) });
  expect(status).toBe(200);
});

const lifetimes = {
  ...{ sessionIdleSeconds: null, sessionAbsoluteSeconds: null, grantIdleSeconds: null, grantAbsoluteSeconds: null },
};
const switches = {
  globalLogout: false,
  apiKeyCallers: true,
  jwtCallers: true,
  createUsers: true,
  keepNamesOfRemoved: false,
};
const defaults = {
  ...{ ...lifetimes, ...switches, adminReauthenticationSeconds: 3600, auditRetentionDays: null },
  refreshGraceSeconds: 10,
  helpText: null,
  maxSessions: 100,
  maxGrants: 100,
};
const events = [
  ...['session-revoked', 'credential-change', 'account-disabled', 'account-purged', 'credential-compromise'],
  ...['sessions-revoked', 'tokens-revoked'],
];
const everyInitiator = (value: boolean | null) =>
  Object.fromEntries(['idp', 'admin', 'user', 'scim', 'signal', 'policy', 'operator'].map((name) => [name, value]));
const everyEvent = (action: string | null) => Object.fromEntries(events.map((event) => [event, action]));

async function patch(browser: Browser, json: unknown) {
  const response = await browser.open('PATCH', path, { json });
  return { status: response.status, body: (await response.json()) as Answer };
}
type Policy = { name: string; value: unknown; default: unknown; choices: { does: string }[]; bounds: unknown };
type Answer = { items: Policy[]; detail?: string };
const change = (json: unknown) => patch(owner, json);
const valuesOf = ({ items }: Answer) => Object.fromEntries(items.map(({ name, value }) => [name, value]));
const recorded = async (orgId = product.orgs.whiterabbit.id) =>
  (
    await product.context.prisma.auditEvent.findMany({
      where: { orgId, action: 'policy.changed' },
      orderBy: { at: 'asc' },
    })
  ).map(({ actorId, ip, requestId, detail }) => ({ actorId, from: ip !== null && requestId !== null, detail }));

describe('the policies', () => {
  it('are listed with what each choice does, their bounds and their defaults', async () => {
    const listed = await owner.get(path);
    expect(listed.status).toBe(200);
    const answer = listed.json<Answer>();
    expect(valuesOf(answer)).toEqual({
      ...defaults,
      eventActions: { ...everyEvent('revoke'), 'account-disabled': 'revoke_and_deactivate' },
      rotateAfter: { ...everyInitiator(true), user: false, policy: false },
    });
    for (const { choices, bounds } of answer.items) expect(choices.length > 0 || bounds !== null).toBe(true);
    const byName = new Map(answer.items.map((one) => [one.name, one]));
    expect(byName.get('globalLogout')?.choices.map(({ does }) => does)).toEqual([
      expect.stringContaining('all sessions and all apps'),
      expect.stringContaining('only the session'),
    ]);
    expect(byName.get('sessionIdleSeconds')).toMatchObject({
      default: 43_200,
      bounds: { min: 300, max: 43_200, unit: 'seconds' },
    });
  });

  it('are changed by those above alone, each change recorded with before and after', async () => {
    const before = (await recorded()).length;
    const wanted = {
      globalLogout: true,
      sessionIdleSeconds: 900,
      createUsers: true,
      eventActions: { 'account-purged': 'record' },
    };
    const { status, body } = await change(wanted);
    expect(status).toBe(200);
    expect(valuesOf(body)).toMatchObject({
      ...{ globalLogout: true, sessionIdleSeconds: 900, createUsers: true, sessionAbsoluteSeconds: null },
      eventActions: { 'account-purged': 'record', 'session-revoked': 'revoke' },
    });
    expect(valuesOf((await owner.get(path)).json<Answer>())).toEqual(valuesOf(body));
    const by = { actorId: product.orgs.whiterabbit.userId, from: true };
    const changes = [
      { policy: 'globalLogout', before: false, after: true },
      { policy: 'sessionIdleSeconds', before: null, after: 900 },
      { policy: 'eventActions.account-purged', before: 'revoke', after: 'record' },
    ];
    // They are of one transaction, and so of one moment: none comes first.
    const events = (await recorded()).slice(before);
    expect(events).toHaveLength(changes.length);
    expect(events).toEqual(expect.arrayContaining(changes.map((detail) => ({ ...by, detail }))));
    // Again: nothing differs, so nothing is recorded.
    expect((await change(wanted)).status).toBe(200);
    expect(await recorded()).toHaveLength(before + changes.length);
    // The other org has its own.
    expect(valuesOf((await twin.get(path)).json<Answer>())).toMatchObject({
      globalLogout: false,
      sessionIdleSeconds: null,
    });
    expect(await recorded(product.orgs.metacortex.id)).toEqual([]);
  });

  it.each(['admin', 'member'] as const)('are not changed by an %s', async (role) => {
    const where = { id: product.orgs.whiterabbit.userId };
    await product.context.prisma.user.updateMany({ where, data: { role } });
    const refused = await change({ globalLogout: true });
    await product.context.prisma.user.updateMany({ where, data: { role: 'owner' } });
    expect(refused).toMatchObject({ status: 403, body: { type: expect.stringMatching(/\/forbidden$/) } });
    expect(valuesOf((await owner.get(path)).json<Answer>()).globalLogout).toBe(false);
  });

  it.each<[string, unknown, RegExp]>([
    ['an unknown name', { globallogout: true }, /globallogout/],
    ['a text for a switch', { globalLogout: 'true' }, /globalLogout/],
    ['null for a switch', { apiKeyCallers: null }, /apiKeyCallers/],
    ['too short an idle time', { sessionIdleSeconds: 299 }, /sessionIdleSeconds.*300/],
    ['more than the deployment allows', { sessionIdleSeconds: 43_201 }, /sessionIdleSeconds.*43200/],
    ['more than the deployment allows apps', { grantAbsoluteSeconds: 7_776_001 }, /grantAbsoluteSeconds.*7776000/],
    ['a fraction', { grantIdleSeconds: 700.5 }, /grantIdleSeconds/],
    [
      'an idle time above the absolute',
      { sessionIdleSeconds: 901, sessionAbsoluteSeconds: 900 },
      /must not be greater/,
    ],
    ['too long a grace', { refreshGraceSeconds: 61 }, /refreshGraceSeconds.*60/],
    ['a grace below none', { refreshGraceSeconds: -1 }, /refreshGraceSeconds.*0/],
    ['no grace for none', { refreshGraceSeconds: null }, /refreshGraceSeconds/],
    ['too young an authentication', { adminReauthenticationSeconds: 59 }, /adminReauthenticationSeconds.*60/],
    ['too short a record', { auditRetentionDays: 29 }, /auditRetentionDays.*30/],
    ['too long a help text', { helpText: 'x'.repeat(301) }, /helpText.*300/],
    ['an empty help text', { helpText: ' \n ' }, /helpText/],
    ['a help text that moves the cursor', { helpText: 'a\u001b[2Jb' }, /helpText.*plain text/],
    ['a help text that turns its direction', { helpText: 'a\u202eb' }, /helpText.*plain text/],
    ['an unknown event', { eventActions: { constructor: 'record' } }, /constructor/],
    ['an unknown action', { eventActions: { 'account-purged': 'delete' } }, /account-purged/],
    ['an unknown initiator', { rotateAfter: { neo: true } }, /neo/],
    ['a word for yes or no', { rotateAfter: { user: 'on' } }, /rotateAfter.*user/],
    ['a list', [], /expected object/],
    ['one good and one bad', { globalLogout: true, sessionIdleSeconds: 1 }, /sessionIdleSeconds/],
  ])('refuse %s with the reason, and change nothing', async (_name, body, reason) => {
    const before = await recorded();
    const refused = await change(body);
    expect(refused.status).toBe(400);
    expect(refused.body.detail).toMatch(reason);
    expect(await recorded()).toEqual(before);
    expect(valuesOf((await owner.get(path)).json<Answer>())).toMatchObject(defaults);
  });

  it('keep the lines of a help text, and nothing else of its form', async () => {
    const { status, body } = await change({ helpText: ' Help desk\r\n\r\n+1 555 0100 👩‍💻\r' });
    expect(status).toBe(200);
    expect(body.items.find(({ name }) => name === 'helpText')).toMatchObject({
      ...{ value: 'Help desk\n\n+1 555 0100 👩‍💻', default: null },
      bounds: { min: 1, max: 300, unit: 'characters' },
    });
    expect((await recorded()).at(-1)?.detail).toMatchObject({ policy: 'helpText', before: null });
    expect(valuesOf((await twin.get(path)).json<Answer>()).helpText).toBeNull();
    expect((await change({ helpText: 'x'.repeat(300) })).status).toBe(200);
  });

  it('say by initiator whose sign-outs change passwords of shared accounts, each on record', async () => {
    const before = (await recorded()).length;
    const { status, body } = await change({ rotateAfter: { user: true, signal: false, admin: true } });
    expect(status).toBe(200);
    expect(valuesOf(body).rotateAfter).toEqual({ ...everyInitiator(true), policy: false, signal: false });
    expect((await recorded()).slice(before).map(({ detail }) => detail)).toEqual(
      expect.arrayContaining([
        { policy: 'rotateAfter.user', before: false, after: true },
        { policy: 'rotateAfter.signal', before: true, after: false },
      ]),
    );
    expect(await recorded()).toHaveLength(before + 2);
    const { rows } = await product.context.pool.query('SELECT rotate_after::text[] AS stored FROM orgs WHERE id = $1', [
      product.orgs.whiterabbit.id,
    ]);
    expect(rows[0].stored).toEqual(['idp', 'admin', 'user', 'scim', 'operator']);
    expect(valuesOf((await twin.get(path)).json<Answer>()).rotateAfter).toMatchObject({ user: false, signal: true });
    expect(valuesOf((await change({ rotateAfter: { user: null } })).body).rotateAfter).toMatchObject({ user: false });
  });

  it('hold an idle time against the absolute one that was set before', async () => {
    expect((await change({ sessionAbsoluteSeconds: 3600 })).status).toBe(200);
    expect((await change({ sessionIdleSeconds: 3601 })).status).toBe(400);
    expect((await change({ sessionIdleSeconds: 3600 })).status).toBe(200);
    expect((await change({ sessionAbsoluteSeconds: 3599 })).status).toBe(400);
  });

  it('lose none of many changes at the same moment', async () => {
    const changes: object[] = [
      ...events.map((event) => ({ eventActions: { [event]: 'record' } })),
      ...[{ globalLogout: true }, { jwtCallers: false }, { auditRetentionDays: 400 }, { sessionIdleSeconds: 3000 }],
    ];
    const before = (await recorded()).length;
    expect(new Set((await Promise.all(changes.map(change))).map(({ status }) => status))).toEqual(new Set([200]));
    expect(valuesOf((await owner.get(path)).json<Answer>())).toMatchObject({
      ...{ globalLogout: true, jwtCallers: false, auditRetentionDays: 400, sessionIdleSeconds: 3000 },
      eventActions: everyEvent('record'),
    });
    expect(await recorded()).toHaveLength(before + changes.length);
  });
});

describe('lifetimes', () => {
  const age = (table: 'sessions' | 'grants', id: string, column: 'created_at' | 'last_seen_at', seconds: number) =>
    product.context.pool.query(
      `UPDATE ${table} SET ${column} = now() - make_interval(secs => $2) WHERE ${table === 'sessions' ? 'user_id' : 'id'} = $1`,
      [id, seconds],
    );
  const everywhere = (headers: Record<string, string>) =>
    Promise.all(
      product.nodes.map(async (node) => {
        const response = await fetch(`${node}/api/users/me`, { headers });
        const body = (await response.json()) as { type?: string; detail?: string };
        return [response.status, body.type?.split('/').at(-1)];
      }),
    );
  const live = [
    [200, undefined],
    [200, undefined],
  ];
  const expired = [
    [401, 'session_expired'],
    [401, 'session_expired'],
  ];

  const session = async () => {
    const [user] = await plantUsers(product, 1);
    return { table: 'sessions' as const, id: user?.id ?? '', headers: { cookie: user?.cookies[0] ?? '' } };
  };
  const grant = async () => {
    const { id: orgId, userId } = product.orgs.whiterabbit;
    const [planted] = await plantGrants(product, { orgId, userId }, 1);
    return {
      table: 'grants' as const,
      id: planted?.id ?? '',
      headers: { authorization: `Bearer ${planted?.accessToken}` },
    };
  };

  describe.each([
    ['sessionIdleSeconds', 'last_seen_at', session],
    ['sessionAbsoluteSeconds', 'created_at', session],
    ['grantIdleSeconds', 'last_seen_at', grant],
    ['grantAbsoluteSeconds', 'created_at', grant],
  ] as const)('%s', (name, column, plant) => {
    it('shorter, ends what is older at the next request, on every node; longer again, brings nothing back', async () => {
      const [asked, unasked, young] = [await plant(), await plant(), await plant()];
      await age(asked.table, asked.id, column, 1200);
      await age(unasked.table, unasked.id, column, 1200);
      await age(young.table, young.id, column, 300);
      expect([await everywhere(young.headers)]).toEqual([live]);
      // Asking is being seen: aged anew.
      await age(asked.table, asked.id, column, 1200);
      await change({ [name]: 900 });
      expect(await everywhere(asked.headers)).toEqual(expired);
      expect(await everywhere(young.headers)).toEqual(live);
      await change({ [name]: null });
      // Nobody asked for the second one meanwhile.
      expect([await everywhere(asked.headers), await everywhere(unasked.headers)]).toEqual([expired, expired]);
      expect(await everywhere(young.headers)).toEqual(live);
    });

    it('does nothing in the other org', async () => {
      const one = await plant();
      await age(one.table, one.id, column, 700);
      expect((await patch(twin, { [name]: 600 })).status).toBe(200);
      expect(await everywhere(one.headers)).toEqual(live);
      expect((await patch(twin, { [name]: null })).status).toBe(200);
    });
  });

  it('of the org stand on what a sign-in makes and a request prolongs, never above the deployment’s', async () => {
    await change({
      sessionIdleSeconds: 600,
      sessionAbsoluteSeconds: 3000,
      grantIdleSeconds: 700,
      grantAbsoluteSeconds: 4000,
    });
    const browser = await product.signIn();
    const tokens = await tokensOf(product, {}, browser);
    const spans = async (table: 'sessions' | 'grants') => {
      const { rows } = await product.context.pool.query(
        `SELECT extract(epoch FROM expires_at - created_at)::int AS absolute,
                extract(epoch FROM idle_expires_at - last_seen_at)::int AS idle
         FROM ${table} ORDER BY created_at DESC LIMIT 1`,
      );
      return rows[0];
    };
    expect(await spans('sessions')).toEqual({ absolute: 3000, idle: 600 });
    expect(await spans('grants')).toEqual({ absolute: 4000, idle: 700 });
    await change({ sessionIdleSeconds: 400, grantIdleSeconds: 650 });
    const back = `last_seen_at = last_seen_at - interval '2 minutes', idle_expires_at = idle_expires_at - interval '2 minutes'`;
    await product.context.pool.query(`UPDATE sessions SET ${back}`);
    await product.context.pool.query(`UPDATE grants SET ${back}`);
    expect((await browser.get('/api/users/me')).status).toBe(200);
    expect((await api(product, tokens.access_token)).status).toBe(200);
    expect((await spans('sessions')).idle).toBe(400);
    // A request that meets a lock on the row leaves that to the next one.
    while ((await spans('grants')).idle === 700) expect((await api(product, tokens.access_token)).status).toBe(200);
    expect((await spans('grants')).idle).toBe(650);
  });

  it('a grace for refresh tokens counts from the next use on, on every node', async () => {
    const tokens = await tokensOf(product, {}, owner);
    const use = (node: number) => refresh(product, tokens.refresh_token, { at: product.nodes[node] as string });
    expect([(await use(0)).status, (await use(1)).status]).toEqual([200, 200]);
    const before = await recorded();
    expect(valuesOf((await change({ refreshGraceSeconds: 0 })).body)).toMatchObject({ refreshGraceSeconds: 0 });
    expect((await recorded()).slice(before.length)).toMatchObject([
      { detail: { policy: 'refreshGraceSeconds', before: 10, after: 0 } },
    ]);
    expect((await use(1)).body.error).toBe('invalid_grant');
  });

  it('end an app’s refresh token with its grant', async () => {
    const tokens = await tokensOf(product, {}, owner);
    const { rows } = await product.context.pool.query('SELECT id FROM grants ORDER BY created_at DESC LIMIT 1');
    await age('grants', rows[0].id, 'last_seen_at', 1200);
    await change({ grantIdleSeconds: 900 });
    expect(await refresh(product, tokens.refresh_token, { at: product.nodes[1] })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(await api(product, tokens.access_token)).toMatchObject({
      status: 401,
      body: { type: expect.stringMatching(/session_expired$/) },
    });
    await change({ grantIdleSeconds: null });
    expect((await refresh(product, tokens.refresh_token)).status).toBe(400);
  });
});
