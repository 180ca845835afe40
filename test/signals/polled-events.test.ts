import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createEventPolls, type EventPollRow, type EventPolls } from '../../src/signals/event-polls.ts';
import { startNode, stopProcess } from '../support/product.ts';
import { type SignalBed, startSignalBed } from './support.ts';

let bed: SignalBed;
let polls: EventPolls;
beforeAll(async () => {
  bed = await startSignalBed();
  await bed.signIn();
  polls = createEventPolls(bed.product.context);
});
afterAll(() => bed?.stop());

type Body = {
  ack?: string[];
  setErrs?: Record<string, { err: string }>;
  maxEvents: number;
  returnImmediately: boolean;
};
type Answer = { status: number; sets?: Record<string, unknown>; more?: boolean; hold?: Promise<void> };

/** A transmitter that is polled: it keeps what it was asked, and gives what it was told to, once. */
async function startTransmitter() {
  const waiting: Answer[] = [];
  const asked: (Body & { authorization: string })[] = [];
  const open = { now: 0, most: 0 };
  let otherwise: Answer = { status: 200 };
  const server = createServer(async (req, res) => {
    const text = (await Array.fromAsync(req)).join('');
    const body = JSON.parse(text) as Body;
    asked.push({ ...body, authorization: req.headers.authorization ?? '' });
    const answer = body.maxEvents === 0 ? { status: 200 } : (waiting.shift() ?? otherwise);
    open.now += 1;
    open.most = Math.max(open.most, open.now);
    await answer.hold;
    open.now -= 1;
    res.writeHead(answer.status, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify({ sets: answer.sets ?? {}, moreAvailable: answer.more ?? false }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/poll`,
    asked,
    open,
    give: (...answers: Answer[]) => void waiting.push(...answers),
    always: (answer: Answer) => {
      otherwise = answer;
    },
    acks: () => asked.flatMap(({ ack = [] }) => ack),
    errors: () => Object.assign({}, ...asked.map(({ setErrs = {} }) => setErrs)) as Record<string, { err: string }>,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
type Transmitter = Awaited<ReturnType<typeof startTransmitter>>;

const transmitters: Transmitter[] = [];
afterEach(async () => {
  await polls.remove(bed.org.id, bed.connection.id, byOperator);
  for (const transmitter of transmitters.splice(0)) transmitter.stop();
  bed.hostile.reset();
});
async function polled(prepare: (transmitter: Transmitter) => void = () => {}): Promise<Transmitter> {
  const transmitter = await startTransmitter();
  transmitters.push(transmitter);
  prepare(transmitter);
  const form = { endpoint: transmitter.url, auth: { method: 'bearer' }, credential: 'the-token' } as const;
  await polls.set(bed.org.id, bed.connection.id, form, byOperator);
  return transmitter;
}
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
const state = async () => (await polls.find(bed.org.id, bed.connection.id)) as EventPollRow;

describe('events that are fetched', () => {
  it('do what pushed ones do, and are acknowledged behind it', async () => {
    const browser = await bed.signIn();
    const transmitter = await polled(({ give }) =>
      give({ status: 200, sets: { one: bed.eventToken('session-revoked') } }),
    );
    await until(() => transmitter.acks().includes('one'));
    expect(await bed.me(browser)).toBe(401);
    expect((await bed.audited('signal.received')).at(-1)).toMatchObject({
      actorType: 'connection',
      actorId: bed.connection.id,
      detail: { type: 'session-revoked', outcome: 'revoked' },
    });
    expect(transmitter.asked[0]).toMatchObject({
      authorization: 'Bearer the-token',
      maxEvents: 50,
      returnImmediately: false,
    });
    expect(await state()).toMatchObject({ failures: 0, error: null });
  });

  it('that came before end nothing twice, and are acknowledged again', async () => {
    const token = bed.eventToken('session-revoked');
    expect((await bed.pushEvent(token)).status).toBe(202);
    const browser = await bed.signIn();
    const transmitter = await polled(({ give }) => give({ status: 200, sets: { again: token } }));
    await until(() => transmitter.acks().includes('again'));
    expect(await bed.me(browser)).toBe(200);
  });

  it('that are not its identity provider’s are refused one by one, on record, and keep no other from being taken', async () => {
    const browser = await bed.signIn();
    const sets = {
      junk: 'not a token',
      foreign: bed.eventToken('session-revoked', { claims: { iss: 'https://elsewhere.example' } }),
      'for-others': bed.eventToken('session-revoked', { claims: { aud: 'https://elsewhere.example' } }),
      good: bed.eventToken('session-revoked'),
    };
    const transmitter = await polled(({ give }) => give({ status: 200, sets }));
    await until(() => transmitter.acks().includes('good'));
    expect(transmitter.acks()).toEqual(['good']);
    expect(transmitter.errors()).toMatchObject({
      junk: { err: 'invalid_request' },
      foreign: { err: 'invalid_issuer' },
      'for-others': { err: 'invalid_audience' },
    });
    expect(await bed.me(browser)).toBe(401);
    await until(async () => (await bed.audited('call.refused')).length > 0);
  });

  it('that are too long, or no text at all, are refused alone', async () => {
    const browser = await bed.signIn();
    const good = bed.eventToken('session-revoked');
    const sets = {
      long: 'x'.repeat(20_001),
      longer: `${good}${'x'.repeat(100_000)}`,
      none: [good],
      '': { toString: 7 },
      good,
    };
    const transmitter = await polled(({ give }) => give({ status: 200, sets }));
    await until(() => transmitter.acks().length > 0);
    expect(transmitter.acks()).toEqual(['good']);
    const wrong = { err: 'invalid_request' };
    expect(transmitter.errors()).toMatchObject({ long: wrong, longer: wrong, none: wrong, '': wrong });
    expect(await bed.me(browser)).toBe(401);
    expect(await state()).toMatchObject({ failures: 0, error: null });
  });

  it('are not acknowledged while they cannot be carried out, and are when they come again', async () => {
    const browser = await bed.signIn();
    const token = bed.eventToken('session-revoked');
    const { pool } = bed.product.context;
    await pool.query(`ALTER TABLE revocations ADD CONSTRAINT no_more CHECK (reason IS DISTINCT FROM 'stop') NOT VALID`);
    const stopped = bed.eventToken('session-revoked', { details: { reason_admin: { en: 'stop' } } });
    const other = bed.eventToken('verification');
    const transmitter = await polled(({ give }) => give({ status: 200, sets: { stopped, other } }));
    await until(async () => (await state()).error === 'unavailable_here');
    expect([transmitter.acks(), transmitter.errors()]).toEqual([['other'], {}]);
    await pool.query('ALTER TABLE revocations DROP CONSTRAINT no_more');
    transmitter.give({ status: 200, sets: { stopped, token } });
    await pool.query('UPDATE event_polls SET due_at = now()');
    await until(() => transmitter.acks().length === 3);
    expect(await bed.me(browser)).toBe(401);
  });
});

/** Seconds from the last answer until the next poll. */
const rest = async () => {
  const { rows } = await bed.product.context.pool.query(
    'SELECT extract(epoch FROM due_at - answered_at)::float8 AS seconds FROM event_polls',
  );
  return rows[0].seconds as number;
};

describe('many events', () => {
  it('that find no turn are left after the first, and come again', async () => {
    const browser = await bed.signIn();
    const { inTurn } = bed.product.context;
    const held = Promise.withResolvers<void>();
    const holding = [1, 2].map(() => inTurn('endings', bed.org.id, () => held.promise));
    const { refused } = inTurn.count().endings;
    const sets = Object.fromEntries([1, 2, 3].map((n) => [`set-${n}`, bed.eventToken('session-revoked')]));
    const transmitter = await polled(({ give }) => give({ status: 200, sets }));
    await until(async () => (await state()).error === 'unavailable_here');
    expect(inTurn.count().endings.refused).toBe(refused + 1);
    expect([transmitter.acks(), transmitter.errors()]).toEqual([[], {}]);
    held.resolve();
    await Promise.all(holding);
    transmitter.give({ status: 200, sets });
    await bed.product.context.pool.query('UPDATE event_polls SET due_at = now()');
    await until(() => transmitter.acks().length === 3);
    expect(await bed.me(browser)).toBe(401);
  });

  it('are asked for again without a rest as long as they are new', async () => {
    const hold = Promise.withResolvers<void>();
    await polled(({ give, always }) => {
      give({ status: 200, sets: { one: bed.eventToken('verification') } });
      always({ status: 200, hold: hold.promise });
    });
    await until(async () => (await state()).answeredAt !== null);
    expect(await rest()).toBeLessThan(1);
    hold.resolve();
  });
});

describe('a transmitter', () => {
  it.each([
    ['nothing, and says that there is more', () => ({ sets: {}, more: true })],
    ['what was acknowledged long ago', (repeat: string) => ({ sets: { repeat }, more: true })],
    ['what was refused', () => ({ sets: { junk: 'junk' }, more: true })],
  ])('that answers at once with %s is asked after a rest', async (_, answer) => {
    const token = bed.eventToken('verification');
    expect((await bed.pushEvent(token)).status).toBe(202);
    await polled(({ always }) => always({ status: 200, ...answer(token) }));
    await until(async () => (await state()).answeredAt !== null);
    expect(await rest()).toBeGreaterThanOrEqual(5);
  });

  it('that fails is asked ever less often, and not to wait, until it is back', async () => {
    const transmitter = await polled(({ always }) => always({ status: 500 }));
    await until(async () => (await state()).failures === 1);
    const dueIn = async () => {
      const { rows } = await bed.product.context.pool.query(
        'SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM event_polls',
      );
      return rows[0].seconds as number;
    };
    expect(await dueIn()).toBeGreaterThan(3);
    for (let failures = 2; failures <= 4; failures += 1) {
      await bed.product.context.pool.query('UPDATE event_polls SET due_at = now()');
      await until(async () => (await state()).failures === failures);
    }
    expect(await dueIn()).toBeGreaterThan(30);
    expect(transmitter.asked.map(({ returnImmediately }) => returnImmediately)).toEqual([false, true, true, true]);
    expect(await state()).toMatchObject({ error: 'unavailable' });
    transmitter.always({ status: 200 });
    await bed.product.context.pool.query('UPDATE event_polls SET due_at = now()');
    await until(async () => (await state()).failures === 0);
    expect(await state()).toMatchObject({ error: null, answeredAt: expect.any(Date) });
  });

  it.each([
    [401, 'not_authorized'],
    [404, 'refused'],
    [302, 'redirect'],
  ])('that answers %i is told of as %s', async (status, error) => {
    await polled(({ always }) => always({ status }));
    await until(async () => (await state()).failures === 1);
    expect(await state()).toMatchObject({ error });
  });

  it('is asked by one node at a time, and by none for a connection that is off', async () => {
    const node = await startNode(bed.product.env);
    const hold = Promise.withResolvers<void>();
    const transmitter = await polled(({ always }) => always({ status: 200, hold: hold.promise }));
    await until(() => transmitter.open.now === 1);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(transmitter.open.most).toBe(1);
    await bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { active: false } });
    hold.resolve();
    await until(async () => (await state()).answeredAt !== null);
    const { length } = transmitter.asked;
    await bed.product.context.pool.query('UPDATE event_polls SET due_at = now()');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(transmitter.asked).toHaveLength(length);
    await bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { active: true } });
    await until(() => transmitter.asked.length > length);
    await stopProcess(node.process);
  });
});

describe('an access token', () => {
  async function byClient(answers: { status: number; token?: string }[]) {
    const asked: { authorization: string; form: Record<string, string> }[] = [];
    const server = createServer(async (req, res) => {
      const text = (await Array.fromAsync(req)).join('');
      asked.push({
        authorization: req.headers.authorization ?? '',
        form: Object.fromEntries(new URLSearchParams(text)),
      });
      const { status, token } = answers[Math.min(asked.length, answers.length) - 1] as (typeof answers)[number];
      res.writeHead(status).end(JSON.stringify({ access_token: token, expires_in: 3600 }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const tokenEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    const transmitter = await startTransmitter();
    transmitters.push(transmitter, { ...transmitter, stop: () => void server.close() });
    const auth = { method: 'client_credentials', tokenEndpoint, clientId: 'us:1', scope: 'ssf.read' } as const;
    const begin = () =>
      polls.set(bed.org.id, bed.connection.id, { endpoint: transmitter.url, auth, credential: 'a+b' }, byOperator);
    return { transmitter, asked, begin };
  }

  it('is had by the client secret, kept, and had anew where it is refused', async () => {
    const { transmitter, asked, begin } = await byClient([
      { status: 200, token: 'token-1' },
      { status: 200, token: 'token-2' },
    ]);
    transmitter.give({ status: 200, sets: { one: bed.eventToken('verification') } }, { status: 401 });
    await begin();
    await until(async () => (await state()).error === 'not_authorized');
    await bed.product.context.pool.query('UPDATE event_polls SET due_at = now()');
    await until(async () => (await state()).error === null);
    expect(asked).toEqual(
      [1, 2].map(() => ({
        authorization: `Basic ${Buffer.from('us%3A1:a%2Bb').toString('base64')}`,
        form: { grant_type: 'client_credentials', scope: 'ssf.read' },
      })),
    );
    const shown = transmitter.asked.map(({ authorization }) => authorization);
    expect(shown.slice(0, 4)).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
  });

  it.each([
    { status: 400, token: 'token' },
    { status: 200, token: 'two words' },
    { status: 200, token: 'a\r\nx: line' },
    { status: 200 },
  ])('that is none is shown to nobody: $status $token', async (answer) => {
    const { transmitter, begin } = await byClient([answer]);
    await begin();
    await until(async () => (await state()).failures === 1);
    expect(await state()).toMatchObject({ error: 'no_token' });
    expect(transmitter.asked).toEqual([]);
  });
});

describe('the settings', () => {
  it('are of a connection of the org, and a credential goes to no address that it was not given for', async () => {
    const form = { endpoint: 'https://idp.example/poll', auth: { method: 'bearer' } } as const;
    const { id } = bed.connection;
    await expect(polls.set(bed.org.id, id, form, byOperator)).rejects.toMatchObject({ code: 'invalid_request' });
    await polls.set(bed.org.id, id, { ...form, credential: 'k' }, byOperator);
    await polls.set(bed.org.id, id, { ...form, endpoint: 'https://IDP.example:443/poll' }, byOperator);
    for (const endpoint of ['https://evil.example/poll', 'https://idp.example/other', 'https://idp.example/poll?of=2'])
      await expect(polls.set(bed.org.id, id, { ...form, endpoint }, byOperator)).rejects.toMatchObject({
        code: 'invalid_request',
      });
    const inside = { ...form, endpoint: 'http://10.0.0.1/poll', credential: 'k' };
    await expect(polls.set(bed.org.id, id, inside, byOperator)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await polls.set('org_other', id, { ...form, credential: 'k' }, byOperator)).toBeNull();
    expect(await polls.find('org_other', id)).toBeNull();
    expect(await polls.remove('org_other', id, byOperator)).toBe(false);
    const { rows } = await bed.product.context.pool.query('SELECT credential FROM event_polls');
    expect(rows[0].credential).not.toBe('k');
  });

  it('show a client secret, or its token, to no other customer of the same host', async () => {
    const { id } = bed.connection;
    const auth = {
      method: 'client_credentials',
      tokenEndpoint: 'https://idp.example/1/token',
      clientId: 'us',
    } as const;
    const form = { endpoint: 'https://idp.example/1/poll', auth: { ...auth, scope: 'ssf.read' } };
    await polls.set(bed.org.id, id, { ...form, credential: 'k' }, byOperator);
    const other = { ...form, auth: { ...form.auth, scope: 'ssf.poll' } };
    expect(await polls.set(bed.org.id, id, other, byOperator)).toMatchObject({ auth: { scope: 'ssf.poll' } });
    const turned = [
      { ...form, endpoint: 'https://idp.example/2/poll' },
      { ...form, auth: { ...form.auth, tokenEndpoint: 'https://idp.example/2/token' } },
      { ...form, auth: { ...form.auth, clientId: 'them' } },
      { ...form, auth: { method: 'bearer' } as const },
    ];
    for (const each of turned) {
      await expect(polls.set(bed.org.id, id, each, byOperator)).rejects.toMatchObject({ code: 'invalid_request' });
      expect(await polls.set(bed.org.id, id, { ...each, credential: 'other' }, byOperator)).not.toBeNull();
      await polls.set(bed.org.id, id, { ...form, credential: 'k' }, byOperator);
    }
  });
});
