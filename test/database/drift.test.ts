import { afterAll, beforeAll, expect, test } from 'vitest';
import { schemaDrift } from '../../prisma/schema-engine.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let shadow: TestDatabase;
beforeAll(async () => {
  shadow = await createTestDatabase({ empty: true });
});
afterAll(() => shadow.drop());

test('schema.prisma and the migrations say the same', async () => {
  // What is printed on failure is the SQL that a new migration needs: node prisma/new-migration.ts
  // <name>
  expect(await schemaDrift(shadow.url)).toBe('');
});
