import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { developmentEnvironment, environment } from '../src/config.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const markdownIn = (folder: string) =>
  readdirSync(path.join(root, folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.join(folder, file));
const papers = ['.', 'docs', 'docs/decisions', 'bench', '.github'].flatMap(markdownIn);

/** Without blocks of code, in which nothing is a link. */
const proseOf = (file: string) => read(file).replaceAll(/^```.*?^```/gms, '');

/** What the host makes of a heading: `#to-change-something`. */
const anchorsOf = (file: string) =>
  [...proseOf(file).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe.each(papers)('%s', (paper) => {
  it('leads to files and headings that are there', () => {
    const links = [...proseOf(paper).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] as string);
    const shown = [...proseOf(paper).matchAll(/(?:src|srcset)="([^"]+)"/g)].map((match) => match[1] as string);
    const dead = [...links, ...shown]
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [file, anchor] = link.split('#') as [string, string?];
        const target = file === '' ? paper : path.join(path.dirname(paper), file);
        if (!existsSync(path.join(root, target))) return true;
        return anchor !== undefined && !anchorsOf(target).includes(anchor);
      });
    expect(dead).toEqual([]);
  });

  it('names paths that are there', () => {
    const named = [...proseOf(paper).matchAll(/`((?:src|test|prisma|bench|docs|bin|\.ci|\.github)\/[^`\s]+)`/g)].map(
      (match) => match[1] as string,
    );
    // What stands in angle brackets is for the reader to fill in.
    expect(named.filter((name) => !name.includes('<') && !existsSync(path.join(root, name)))).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  const text = read('ARCHITECTURE.md');
  const entries = readdirSync(path.join(root, 'src'), { withFileTypes: true });
  const rooms = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);

  it('has every room of src in its table, and no other', () => {
    const table = text.slice(text.indexOf('| room of `src`'), text.indexOf('Beside the rooms'));
    const listed = [...table.matchAll(/^\| `([\w-]+)` \|/gm)].map((match) => match[1]);
    expect(listed.toSorted()).toEqual(rooms.toSorted());
  });

  it('has every room in its picture, and no other', () => {
    const drawn = [...read('docs/layout.svg').matchAll(/class="room"[^>]*>([\w.-]+)</g)].map((match) => match[1]);
    expect(drawn.filter((name) => name !== 'PostgreSQL' && !name?.endsWith('.ts')).toSorted()).toEqual(
      rooms.toSorted(),
    );
  });
});

it('docs/decisions/README.md lists every decision', () => {
  const listed = [...read('docs/decisions/README.md').matchAll(/\]\(([\w-]+\.md)\)/g)].map((match) => match[1]);
  const pages = readdirSync(path.join(root, 'docs/decisions')).filter((file) => file !== 'README.md');
  expect(listed.toSorted()).toEqual(pages.toSorted());
});

it('docs/operators.md explains every setting and every figure', () => {
  const text = read('docs/operators.md');
  const settings = Object.keys({ ...environment, ...developmentEnvironment });
  expect(settings.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  const figures = read('src/metrics/metrics.ts').matchAll(/(?:\$\{prefix\}|gauge\(\s*')([a-z_]+)/g);
  const names = [...figures].map((match) => match[1] as string);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

it('CHANGELOG.md tells of the current version', () => {
  const { version } = JSON.parse(read('package.json'));
  const versions = [...read('CHANGELOG.md').matchAll(/^## (\S+)(?: - \d{4}-\d\d-\d\d)?$/gm)].map((match) => match[1]);
  expect(versions.slice(0, 2)).toEqual(['Unreleased', version]);
});
