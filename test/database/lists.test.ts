import { pino } from 'pino';
import { afterAll, beforeAll, expect, expectTypeOf, it } from 'vitest';
import { roles } from '../../src/api/permissions.ts';
import { actorTypes } from '../../src/by.ts';
import { Initiator, Role } from '../../src/database/generated/client.ts';
import { createPool } from '../../src/database/pool.ts';
import { missedOutcomes, outboxActions } from '../../src/notifications/kinds.ts';
import type { Revocation } from '../../src/revocation/revocation.ts';
import { deviceKinds } from '../../src/sessions/principal.ts';
import { refusals } from '../../src/sign-in/refusal.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let pool: ReturnType<typeof createPool>;
beforeAll(async () => {
  database = await createTestDatabase();
  const log = pino({ level: 'silent' });
  pool = createPool({ connectionString: database.url, max: 2, applicationName: 'test', log });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

it('the trigger puts into the outbox what makes notifications, and nothing else', async () => {
  const { rows } = await pool.query<{ text: string }>(
    `SELECT pg_get_triggerdef(oid) AS text FROM pg_trigger WHERE tgname = 'audit_events_outbox'`,
  );
  const literals = [...(rows[0]?.text ?? '').matchAll(/'([^']+)'::text/g)].map((match) => match[1] as string);
  const actions = literals.filter((literal) => literal.includes('.'));
  expect(actions.sort()).toEqual([...outboxActions].sort());
  const outcomes = literals.filter((literal) => literal.startsWith('subject_'));
  expect(outcomes).toEqual(missedOutcomes);
  const others = literals.filter(
    (literal) => !literal.includes('.') && !['reason', 'outcome', 'changed', ...outcomes].includes(literal),
  );
  const isActor = (literal: string) => (actorTypes as readonly string[]).includes(literal);
  // The last two are whoever gives a right to themself: the actor, and whom the detail names.
  expect(others.filter(isActor)).toEqual(['user', 'operator', 'user', 'user']);
  const reasons = others.filter((literal) => !isActor(literal));
  expect(reasons).toHaveLength(2);
  expect(Object.keys(refusals)).toEqual(expect.arrayContaining(reasons));
});

it('PostgreSQL knows the same roles and initiators', async () => {
  const { rows } = await pool.query<{ name: string; values: string[] }>(
    `SELECT typname AS name, array_agg(enumlabel::text ORDER BY enumsortorder) AS values
     FROM pg_enum JOIN pg_type t ON t.oid = enumtypid WHERE typname IN ('Role', 'Initiator') GROUP BY typname ORDER BY typname`,
  );
  expect(rows).toEqual([
    { name: 'Initiator', values: Object.values(Initiator) },
    { name: 'Role', values: Object.values(Role) },
  ]);
  expect(roles).toEqual(['member', 'admin', 'super_admin', 'owner']);
  expectTypeOf<Revocation['initiator']>().toEqualTypeOf<Initiator>();
});

it('every kind of device has a table, a view of what is alive in it, and lifetimes of its own', async () => {
  for (const kind of deviceKinds) {
    const { rows } = await pool.query(
      `SELECT to_regclass($1) IS NOT NULL AS table, to_regclass($2) IS NOT NULL AS view,
              (SELECT count(*)::int FROM information_schema.columns WHERE table_name = 'orgs' AND column_name = ANY ($3)) AS columns`,
      [`${kind}s`, `live_${kind}s`, [`${kind}_idle_seconds`, `${kind}_absolute_seconds`]],
    );
    expect(rows).toEqual([{ table: true, view: true, columns: 2 }]);
  }
});
