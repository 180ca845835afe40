import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import {
  beginWith,
  type ConnectionChanges,
  createConnections,
  type NewConnection,
} from '../../src/connections/connections.ts';
import type { PrismaClient } from '../../src/database/generated/client.ts';
import { createPool, createPrisma } from '../../src/database/pool.ts';
import { connectionSecretPurpose } from '../../src/database/sealed-places.ts';
import { createKeyring, type Keyring } from '../../src/keyring.ts';
import { createDomains } from '../../src/orgs/domains.ts';
import { createOrgs } from '../../src/orgs/orgs.ts';
import { createUsers } from '../../src/users/users.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const connection: NewConnection = {
  issuer: 'https://idp.example',
  authorizationEndpoint: 'https://idp.example/a',
  tokenEndpoint: 'https://idp.example/t',
  jwksUri: 'https://idp.example/keys',
  clientId: 'app',
  clientSecret: 'shown to nobody',
};

let database: TestDatabase;
let pool: pg.Pool;
let prisma: PrismaClient;
let keyring: Keyring;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({
    connectionString: database.url,
    max: 8,
    applicationName: 'test',
    log: pino({ level: 'silent' }),
  });
  prisma = createPrisma(pool);
  keyring = createKeyring([randomBytes(32)]);
});

afterAll(async () => {
  await prisma.$disconnect();
  await pool.end();
  await database.drop();
});

const orgs = () => createOrgs({ prisma });
const domains = () => createDomains({ prisma });
const connections = () => createConnections({ prisma, keyring });
const users = () => createUsers({ prisma });

describe('orgs', () => {
  it('are made whole or not at all', async () => {
    await orgs().createOrg({ name: 'One', slug: 'one', domains: [{ domain: 'one.fake', verified: true }] }, byOperator);
    const before = await prisma.auditEvent.count();
    const both = [
      { domain: 'new.fake', verified: true },
      { domain: 'one.fake', verified: true },
    ];
    await expect(
      orgs().createOrg({ name: 'Two', domains: both }, byOperator, beginWith(keyring, connection, byOperator)),
    ).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await prisma.org.count({ where: { name: 'Two' } })).toBe(0);
    expect(await prisma.connection.count({ where: { clientId: 'app' } })).toBe(0);
    expect(await prisma.auditEvent.count()).toBe(before);
  });

  it('let one win when many claim a verified domain at the same moment', async () => {
    const claims = Array.from({ length: 8 }, (_, index) =>
      orgs().createOrg({ name: `Claim ${index}`, domains: [{ domain: 'contested.fake', verified: true }] }, byOperator),
    );
    const results = await Promise.allSettled(claims);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
    expect(await prisma.org.count({ where: { name: { startsWith: 'Claim' } } })).toBe(1);
    const found = await orgs().findOrg('Contested.fake');
    expect(found?.name).toMatch(/^Claim/);
  });

  it('have slugs that nobody guesses unless one is chosen', async () => {
    const made = await orgs().createOrg({ name: 'Random' }, byOperator);
    expect(made.slug).toMatch(/^[0-9a-f]{20}$/);
    for (const slug of ['', '-a', 'A', 'a_b', 'a.b', 'a'.repeat(64)])
      await expect((async () => orgs().createOrg({ name: 'x', slug }, byOperator))()).rejects.toMatchObject({
        code: 'invalid_request',
      });
  });
});

describe('domains and connections', () => {
  it('the first connection is authoritative for the domains, later ones are not', async () => {
    const org = await orgs().createOrg({ name: 'A', domains: [{ domain: 'a.fake', verified: true }] }, byOperator);
    const first = await connections().addConnection(org.id, connection, byOperator);
    const second = await connections().addConnection(org.id, { ...connection, clientId: 'second' }, byOperator);
    await domains().addDomain(org.id, { domain: 'b.fake', verified: true }, byOperator);
    const chosen = { domain: 'c.fake', verified: true, connectionIds: [second.id] };
    await domains().addDomain(org.id, chosen, byOperator);
    const owned = await domains().listDomains(org.id);
    expect(owned.map(({ domain, connectionId }) => [domain, connectionId])).toEqual([
      ['a.fake', first.id],
      ['b.fake', first.id],
      ['c.fake', second.id],
    ]);
    // After a move the first is off; where all are, a new domain is still led to it.
    const led = async (domain: string) =>
      (await domains().addDomain(org.id, { domain, verified: true }, byOperator)).connectionIds;
    await connections().updateConnection(org.id, first.id, { active: false }, byOperator);
    expect(await led('moved.fake')).toEqual([second.id]);
    await connections().updateConnection(org.id, second.id, { active: false }, byOperator);
    expect(await led('off.fake')).toEqual([first.id]);
    const other = await orgs().createOrg({ name: 'B' }, byOperator);
    const foreign = { domain: 'd.fake', verified: true, connectionIds: [first.id] };
    await expect(domains().addDomain(other.id, foreign, byOperator)).rejects.toMatchObject({ code: 'not_found' });
    await expect(
      connections().updateConnection(other.id, first.id, { active: false }, byOperator),
    ).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await connections().listConnections(other.id)).toEqual([]);
    expect(await domains().listDomains(other.id)).toEqual([]);
  });

  it('a domain that is claimed first can be vouched for later, and never loses that', async () => {
    const org = await orgs().createOrg({ name: 'C', domains: [{ domain: 'later.fake', verified: false }] }, byOperator);
    expect(await orgs().findOrg('later.fake')).toBeNull();
    const verified = await domains().addDomain(org.id, { domain: 'later.fake', verified: true }, byOperator);
    const again = await domains().addDomain(org.id, { domain: 'later.fake', verified: false }, byOperator);
    expect(again).toEqual(verified);
    expect((await orgs().findOrg('later.fake'))?.id).toBe(org.id);
  });

  it('the client secret is sealed for its own row', async () => {
    const org = await orgs().createOrg({ name: 'D' }, byOperator, beginWith(keyring, connection, byOperator));
    const [view] = await connections().listConnections(org.id);
    const id = view?.id ?? '';
    expect(view).not.toHaveProperty('clientSecret');
    const row = await prisma.connection.findUniqueOrThrow({ where: { orgId_id: { orgId: org.id, id } } });
    const purpose = connectionSecretPurpose(org.id, id);
    expect(await keyring.decrypt(row.clientSecret, purpose)).toBe('shown to nobody');
    await expect(keyring.decrypt(row.clientSecret, connectionSecretPurpose(org.id, 'con_x'))).rejects.toThrow();
    await connections().updateConnection(org.id, id, { clientSecret: 'another' }, byOperator);
    const changed = await prisma.connection.findUniqueOrThrow({ where: { orgId_id: { orgId: org.id, id } } });
    expect(await keyring.decrypt(changed.clientSecret, purpose)).toBe('another');
    const events = await prisma.auditEvent.findMany({ where: { orgId: org.id } });
    expect(JSON.stringify(events)).not.toMatch(/another|shown to nobody/);
  });
});

describe('two active connections of one client id in one org', () => {
  const other = 'https://other.example';
  const conflict = {
    code: 'conflict',
    detail: expect.stringMatching(/^The active connection con_\w+ .+ switch it off/),
  };
  const make = async () => {
    const org = await orgs().createOrg({ name: 'Twins' }, byOperator, beginWith(keyring, connection, byOperator));
    const [first] = await connections().listConnections(org.id);
    const add = (changes: Partial<NewConnection>) =>
      connections().addConnection(org.id, { ...connection, ...changes }, byOperator);
    const update = (id: string, changes: ConnectionChanges) =>
      connections().updateConnection(org.id, id, changes, byOperator);
    return { org, first: first?.id ?? '', add, update };
  };

  it.each<[string, Partial<NewConnection>]>([
    ['the same issuer', {}],
    ['an issuer that is accepted beside', { issuer: other, acceptedIssuers: [connection.issuer] }],
  ])('with %s are refused: when one is added, changed or switched on', async (_name, twin) => {
    const { org, first, add, update } = await make();
    await expect(add(twin)).rejects.toMatchObject(conflict);
    expect(await connections().listConnections(org.id)).toHaveLength(1);
    const { id } = await add({ ...twin, clientId: 'b' });
    await expect(update(id, { clientId: 'app' })).rejects.toMatchObject(conflict);
    await update(id, { active: false });
    await update(id, { clientId: 'app' });
    await expect(update(id, { active: true })).rejects.toMatchObject(conflict);
    await update(first, { active: false });
    await update(id, { active: true });
    await expect(update(first, { active: true })).rejects.toMatchObject(conflict);
  });

  it('are refused also by what the other one accepts, and are two of two IdPs', async () => {
    const { first, add, update } = await make();
    const second = await add({ issuer: other });
    await expect(update(first, { acceptedIssuers: [other] })).rejects.toMatchObject(conflict);
    await expect(update(second.id, { issuer: connection.issuer })).rejects.toMatchObject(conflict);
    await update(second.id, { name: 'Another name', clientSecret: 's' });
    await update(first, { acceptedIssuers: ['https://third.example'] });
    await expect(update(second.id, { issuer: 'https://third.example' })).rejects.toMatchObject(conflict);
  });

  it('are one when both are added at the same moment, and two in two orgs', async () => {
    const org = await orgs().createOrg({ name: 'Race' }, byOperator);
    const added = await Promise.allSettled(
      Array.from({ length: 6 }, () => connections().addConnection(org.id, connection, byOperator)),
    );
    expect(added.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of added) if (each.status === 'rejected') expect(each.reason).toMatchObject(conflict);
    const another = await orgs().createOrg({ name: 'Another' }, byOperator, beginWith(keyring, connection, byOperator));
    expect(await connections().listConnections(another.id)).toHaveLength(1);
  });
});

describe('users', () => {
  it('are found in their own org only, by any spelling of their address', async () => {
    const [one, two] = [
      await orgs().createOrg({ name: 'E' }, byOperator),
      await orgs().createOrg({ name: 'F' }, byOperator),
    ];
    const user = await users().addUser(one.id, { email: ' Neo@Matrix.fake ' }, byOperator);
    expect(user).toMatchObject({ email: 'Neo@Matrix.fake', emailKey: 'neo@matrix.fake', name: 'Neo', role: 'member' });
    for (const ref of ['NEO@matrix.FAKE', user.id]) {
      expect((await users().findUser(one.id, ref))?.id).toBe(user.id);
      expect(await users().findUser(two.id, ref)).toBeNull();
    }
    const twin = await users().addUser(two.id, { email: 'neo@matrix.fake' }, byOperator);
    expect(twin.id).not.toBe(user.id);
    await expect(users().addUser(one.id, { email: 'NEO@MATRIX.FAKE' }, byOperator)).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await users().listUsers(one.id)).toHaveLength(1);
  });
});
