import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const src = path.resolve(import.meta.dirname, '../src');

/**
 * Who may know whom: a room imports from rooms further up, and from its own row as long as no
 * circle comes of it.
 */
const rows = [
  ['errors.ts', 'config.ts', 'by.ts', 'html.ts', 'issues.ts', 'texts'],
  ['database', 'postgres', 'keyring.ts', 'http'],
  ['audit', 'signing'],
  // Rooms that keep.
  ['sessions', 'users', 'orgs', 'connections', 'todos', 'api', 'notifications', 'accounts'],
  // Rooms that act.
  ['revocation', 'web'],
  ['downstream', 'tokens', 'sign-in', 'signals', 'journal', 'me', 'admin', 'scim', 'metrics'],
  ['console'],
  ['log-output.ts', 'context.ts', 'app.ts', 'server.ts', 'start-failure.ts'],
  // The demo identity provider and the demo apps stand alone: only `npm run dev` starts them.
  ['demo-idp', 'demo-apps'],
  ['cli', 'main.ts'],
];
const rowOf = (room: string) => rows.findIndex((row) => row.includes(room));

const allImports = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith(path.join('database', 'generated')))
  .flatMap((file) => {
    const text = readFileSync(path.join(src, file), 'utf8');
    return [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) => {
      const target = path.relative(src, path.resolve(src, path.dirname(file), match[1] as string));
      return { file, target, from: roomOf(file), to: roomOf(target) };
    });
  });
const imports = allImports.filter(({ from, to }) => from !== to);

function roomOf(file: string): string {
  return file.split(path.sep)[0] as string;
}

it('every room has its place', () => {
  expect(imports.length).toBeGreaterThan(50);
  expect(readdirSync(src).filter((room) => rowOf(room) === -1)).toEqual([]);
});

it('arrows go one way: no room imports from a row below its own', () => {
  const against = imports
    .filter(({ from, to }) => rowOf(to) > rowOf(from))
    .map(({ file, target }) => `${file} → ${target}`);
  expect(against).toEqual([]);
});

it.each(['demo-idp', 'demo-apps'])('only the command line knows %s, and it knows only how to escape HTML', (room) => {
  expect(imports.filter(({ to, from }) => to === room && from !== 'cli')).toEqual([]);
  expect(imports.filter(({ from, to }) => from === room && to !== 'html.ts')).toEqual([]);
});

it('texts know nothing of what shows them', () => {
  expect(imports.filter(({ from }) => from === 'texts')).toEqual([]);
});

it('no two rooms know each other', () => {
  const known = new Set(imports.map(({ from, to }) => `${from} ${to}`));
  const circles = [...known].filter((pair) => known.has(pair.split(' ').reverse().join(' ')));
  expect(circles.filter((pair) => !pair.includes('.ts'))).toEqual([]);
});

it('no file leads back to itself', () => {
  const targets = Map.groupBy(allImports, ({ file }) => file);
  const next = (file: string) => (targets.get(file) ?? []).map(({ target }) => target);
  const reaches = (from: string) => {
    const seen = new Set<string>();
    const waiting = next(from);
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      waiting.push(...next(file));
    }
    return seen;
  };
  expect([...targets.keys()].filter((file) => reaches(file).has(file))).toEqual([]);
});

const forDevelopment = [path.join('cli', 'start-dev.ts'), path.join('demo-apps', 'wiki.ts')];

it('what production loads is installed for production', () => {
  const { dependencies } = JSON.parse(readFileSync(path.join(src, '../package.json'), 'utf8'));
  const missing = readdirSync(src, { recursive: true, encoding: 'utf8' })
    // `npm run dev` alone may use what is installed for development.
    .filter((file) => file.endsWith('.ts') && !forDevelopment.includes(file))
    .flatMap((file) => {
      const text = readFileSync(path.join(src, file), 'utf8').replace(/^import type .*?;$/gms, '');
      const names = [...text.matchAll(/(?:^(?:import|export|\}).* from |\bimport\()'([^'.][^']*)'/gm)].map(
        (match) => match[1] as string,
      );
      return names
        .filter((name) => !name.startsWith('node:'))
        .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] as string)
        .filter((name) => !(name in dependencies))
        .map((name) => `${file} → ${name}`);
    });
  expect(missing).toEqual([]);
});

it('nothing in src imports what stands outside of it', () => {
  expect(imports.filter(({ target }) => target.startsWith('..'))).toEqual([]);
});

it('neither TypeScript nor what tests and benchmarks is installed for production', () => {
  const root = path.join(src, '..');
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  type Locked = { name?: string; dev?: boolean };
  const installed = Object.entries(packages as Record<string, Locked>)
    .filter(([location, { dev }]) => location !== '' && dev !== true)
    .map(([location, { name }]) => name ?? location.replace(/^.*node_modules\//, ''));
  expect(installed).toContain('express');
  expect(installed.filter((name) => /^@?typescript\b/.test(name))).toEqual([]);
  // What a dependency of ours brings along anyway. TypeScript would be among it under its own name,
  // as an optional peer of some: so package.json calls it tsc.
  const shared = ['@prisma/driver-adapter-utils', '@types/node', '@types/pg', 'ajv'];
  expect(installed.filter((name) => name in devDependencies && !shared.includes(name))).toEqual([]);
});

it('only the edge reads process.env', () => {
  const readers = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith(path.join('database', 'generated')))
    .filter((file) => readFileSync(path.join(src, file), 'utf8').includes('process.env'))
    .filter((file) => file !== 'main.ts' && file !== 'config.ts' && roomOf(file) !== 'cli');
  expect(readers).toEqual([]);
});
