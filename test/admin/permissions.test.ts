import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '../../src/api/operation.ts';
import { mayChangeRole, type Permission, permissions, roles } from '../../src/api/permissions.ts';
import { adminOperations } from '../../src/app.ts';
import type { Role } from '../../src/database/generated/client.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';

// Walks every operation of the administration, so that one which is added later is tried as well.
type Person = Awaited<ReturnType<typeof plantAdministrator>>;

let product: Product;
let operations: readonly Operation[];
let people: Record<Role, Person>;
/** An owner who authenticated long ago. */
let stale: Person;
beforeAll(async () => {
  product = await startProduct();
  operations = adminOperations(product.context);
  const planted = await Promise.all(
    roles.map(async (role) => [role, await plantAdministrator(product, role)] as const),
  );
  people = Object.fromEntries(planted) as Record<Role, Person>;
  stale = await plantAdministrator(product, 'owner');
  await product.context.pool.query(
    `UPDATE sessions SET authenticated_at = now() - interval '61 minutes' WHERE user_id = $1`,
    [stale.id],
  );
});
afterAll(() => product.stop());

const isRecent = ({ recent, method }: Operation) => recent ?? method !== 'get';

/**
 * Sends an operation to ids of nobody with an empty body; the answer's body is read only where it
 * is a problem.
 */
async function attempt({ method, path }: Operation, cookie: string | undefined, ids = 'nothing_1') {
  const response = await fetch(product.url + path.replaceAll(/\{\w+\}/g, ids), {
    method: method.toUpperCase(),
    headers: { ...(cookie ? { cookie } : {}), 'content-type': 'application/json' },
    ...(method === 'get' ? {} : { body: '{}' }),
  });
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
  const code = isProblem ? ((await response.json()) as { code: string }).code : null;
  if (!isProblem) await response.body?.cancel();
  return { status: response.status, code };
}

describe('the table of permissions', () => {
  it('is this one: a change here is a decision', () => {
    const table = Object.fromEntries(
      Object.entries(permissions).map(([permission, allowed]) => [permission, [...allowed]]),
    );
    const administrators = ['owner', 'super_admin', 'admin'];
    expect(table).toEqual({
      'org.read': administrators,
      'access.end': administrators,
      'access.end_everyone': ['owner'],
      'people.change': ['owner', 'super_admin'],
      'people.erase': ['owner'],
      'settings.change': ['owner', 'super_admin'],
      'apps.change': ['owner', 'super_admin'],
      'accounts.change': ['owner', 'super_admin'],
      'accounts.erase': ['owner'],
      'identity.change': ['owner'],
      'record.read': administrators,
      'record.export': ['owner', 'super_admin'],
    });
  });

  it('lets nobody raise themselves, nor touch or make anybody above them', () => {
    const changes = roles.flatMap((own) => roles.flatMap((from) => roles.map((to) => [own, from, to] as const)));
    const allowed = changes.filter(([own, from, to]) => mayChangeRole(own, from, to));
    // Owners 4 × 4, super admins 3 × 3, nobody else.
    expect(allowed).toHaveLength(16 + 9);
    for (const [own, from, to] of allowed) {
      expect(roles.indexOf(from)).toBeLessThanOrEqual(roles.indexOf(own));
      expect(roles.indexOf(to)).toBeLessThanOrEqual(roles.indexOf(own));
    }
  });
});

describe('each operation', () => {
  it('is there, and has its own address and name', () => {
    expect(operations.length).toBeGreaterThan(4);
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
    expect(new Set(operations.map(({ method, path }) => `${method} ${path}`)).size).toBe(operations.length);
  });

  it.each(roles)(
    'is open to the role %s or not, as the table says, before anything else is looked at',
    async (role) => {
      const wrong: unknown[] = [];
      for (const operation of operations) {
        const { status, code } = await attempt(operation, people[role].cookie);
        const allowed = (permissions[operation.permission as Permission] as readonly Role[]).includes(role);
        const refused = status === 403 && code === 'forbidden';
        const sound = allowed ? ![401, 403, 405].includes(status) && status < 500 : refused;
        if (!sound) wrong.push({ operation: operation.id, role, allowed, status, code });
      }
      expect(wrong).toEqual([]);
    },
  );

  it('tells somebody without the role nothing of a body that is malformed, nor of a thing that is there', async () => {
    const wrong: unknown[] = [];
    for (const operation of operations) {
      const url = product.url + operation.path.replaceAll(/\{\w+\}/g, people.owner.id);
      const response = await fetch(url, {
        method: operation.method.toUpperCase(),
        headers: { cookie: people.member.cookie, 'content-type': 'application/json' },
        ...(operation.method === 'get' ? {} : { body: '{"' }),
      });
      const { code } = (await response.json()) as { code: string };
      if (response.status !== 403 || code !== 'forbidden') wrong.push([operation.id, response.status, code]);
    }
    expect(wrong).toEqual([]);
  });

  it('is for nobody who is not signed in', async () => {
    const answers = await Promise.all(operations.map(async (one) => [one.id, await attempt(one, undefined)] as const));
    expect(answers).toEqual(operations.map(({ id }) => [id, { status: 401, code: 'not_signed_in' }]));
  });

  it('asks for a recent authentication where it changes something', async () => {
    const recent = operations.filter(isRecent);
    expect(recent.length).toBeGreaterThan(0);
    const answers = await Promise.all(recent.map(async (one) => [one.id, await attempt(one, stale.cookie)] as const));
    expect(answers).toEqual(recent.map(({ id }) => [id, { status: 401, code: 'reauthentication_required' }]));
    // The right is looked at first: whom nothing would help is not sent to sign in again.
    await product.context.pool.query('UPDATE sessions SET authenticated_at = NULL WHERE user_id = $1', [
      people.member.id,
    ]);
    for (const one of recent) expect((await attempt(one, people.member.cookie)).code).toBe('forbidden');
  });

  it('refuses a page of another origin where it changes something', async () => {
    const wrong: unknown[] = [];
    for (const operation of operations.filter(({ method }) => method !== 'get')) {
      const response = await fetch(product.url + operation.path.replaceAll(/\{\w+\}/g, 'nothing_1'), {
        method: operation.method.toUpperCase(),
        headers: {
          cookie: people.owner.cookie,
          origin: 'https://elsewhere.example',
          'content-type': 'application/json',
        },
        body: '{}',
      });
      const { code } = (await response.json()) as { code: string };
      if (code !== 'foreign_origin') wrong.push([operation.id, response.status, code]);
    }
    expect(wrong).toEqual([]);
  });
});

describe('another org’s ids', () => {
  it('get exactly the answer of ids that do not exist, from every operation', async () => {
    const { pool } = product.context;
    const stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const { id: orgId, connectionId, userId } = product.orgs.whiterabbit;
    // Something of every kind that an address can name: the first row of each tenant table.
    const { rows: tables } = await pool.query<{ name: string }>(
      `SELECT c.table_name AS name FROM information_schema.columns c
       JOIN information_schema.columns i ON i.table_schema = c.table_schema AND i.table_name = c.table_name AND i.column_name = 'id'
       JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
       WHERE c.table_schema = 'public' AND c.column_name = 'org_id' AND i.data_type = 'text' AND c.table_name <> 'spent'`,
    );
    const ids = new Set([connectionId, userId]);
    for (const { name } of tables) {
      const { rows } = await pool.query<{ id: string }>(`SELECT id FROM ${name} WHERE org_id = $1 LIMIT 1`, [orgId]);
      if (rows[0]) ids.add(rows[0].id);
    }
    expect(ids.size).toBeGreaterThan(5);
    const before = await fingerprint(orgId);
    const wrong: unknown[] = [];
    for (const operation of operations.filter(({ path }) => path.includes('{'))) {
      const answerTo = async (id: string) => {
        const response = await fetch(product.url + operation.path.replaceAll(/\{\w+\}/g, id), {
          method: operation.method.toUpperCase(),
          headers: { cookie: stranger.cookie, 'content-type': 'application/json' },
          ...(operation.method === 'get' ? {} : { body: '{}' }),
        });
        const { requestId: _requestId, ...body } = JSON.parse((await response.text()) || '{}');
        return JSON.stringify([response.status, body]).replaceAll(id, '<id>');
      };
      const nothing = await answerTo('nothing_1');
      for (const id of ids) {
        const answer = await answerTo(id);
        if (answer !== nothing) wrong.push([operation.id, id, answer, nothing]);
      }
    }
    expect(wrong).toEqual([]);
    expect(await fingerprint(orgId)).toBe(before);
  });
});

/** Of what an administrator could change in an org. */
async function fingerprint(orgId: string): Promise<string> {
  const { rows } = await product.context.pool.query(
    `SELECT md5(jsonb_build_array(
       (SELECT to_jsonb(o) FROM orgs o WHERE id = $1),
       (SELECT jsonb_agg(to_jsonb(u) ORDER BY id) FROM users u WHERE org_id = $1),
       (SELECT jsonb_agg(jsonb_build_array(id, revoked_at, ended_at) ORDER BY id) FROM sessions WHERE org_id = $1),
       (SELECT jsonb_agg(to_jsonb(c) ORDER BY id) FROM connections c WHERE org_id = $1),
       (SELECT jsonb_agg(to_jsonb(d) ORDER BY id) FROM domains d WHERE org_id = $1),
       (SELECT jsonb_agg(to_jsonb(a) ORDER BY domain_id, connection_id) FROM domain_connections a WHERE org_id = $1),
       (SELECT jsonb_agg(jsonb_build_array(id, revoked_at) ORDER BY id) FROM api_keys WHERE org_id = $1))::text) AS print`,
    [orgId],
  );
  return rows[0].print;
}
