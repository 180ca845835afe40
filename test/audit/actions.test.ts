import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { actions, targetTypes } from '../../src/audit/actions.ts';

const src = path.resolve(import.meta.dirname, '../../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith(path.join('database', 'generated')))
  .filter((file) => file !== path.join('audit', 'actions.ts'))
  .map((file) => ({ file, text: readFileSync(path.join(src, file), 'utf8') }));

// Elsewhere the compiler compares.
it('every action that stands in SQL is one of the list', () => {
  const inSql = files
    .filter(({ text }) => /(INTO|FROM) audit_events/.test(text))
    .flatMap(({ file, text }) => [...text.matchAll(/'([a-z_]+\.[a-z_]+)'/g)].map((match) => `${match[1]} in ${file}`));
  expect(inSql.length).toBeGreaterThan(10);
  expect(inSql.filter((found) => !actions.some((action) => found.startsWith(`${action} in `)))).toEqual([]);
});

it('every type of target that stands in the code is one of the list', () => {
  const written = files.flatMap(({ text }) =>
    [...text.matchAll(/\btarget(?: =|:) \{ type: '(\w+)'/g)].map((match) => match[1]),
  );
  expect(new Set(written).size).toBeGreaterThan(5);
  expect(written.filter((type) => !(targetTypes as readonly unknown[]).includes(type))).toEqual([]);
});

it('every action of the list is recorded somewhere', () => {
  // What tells of actions names them too.
  const writers = files.filter(({ file }) => !/notifications.(kinds|describe|notices)\.ts$/.test(file));
  // Of a domain's changes the names are put together.
  const isMade = (action: string) =>
    writers.some(({ text }) => text.includes(`'${action}'`)) || /^domain\.(verified|removed)$/.test(action);
  expect(actions.filter((action) => !isMade(action))).toEqual([]);
});
