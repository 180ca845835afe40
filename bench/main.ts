import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../src/postgres/embedded-postgres.ts';
import { measureAccounts } from './accounts.ts';
import { accountsReport } from './accounts-report.ts';
import { type Child, killChildren, startChild } from './child.ts';
import { readContenders, revocationContenders } from './contenders.ts';
import { floodReport, isBroken, measureFloods } from './flood.ts';
import { measureForwards } from './forwards.ts';
import { forwardsReport, isUnheard } from './forwards-report.ts';
import { compareHeld, heldReport } from './held.ts';
import { installPeers } from './install-peers.ts';
import { measure } from './measure.ts';
import { measureOrganisation } from './organisation.ts';
import { organisationReport } from './organisation-report.ts';
import { isUntold, measurePages, pagesReport } from './pages.ts';
import { aimsReport, type Results, type SizeResult, sizeReport } from './report.ts';
import { openStore, type Store } from './store.ts';
import { measureVeryLarge, veryLargeReport } from './very-large.ts';
import { compareLists, compareWays, waysReport } from './ways.ts';

const usage = `npm run bench -- [--sizes 10000,100000,1000000] [--quick] [--only organisation]

  --sizes   live sessions in each store, multiples of 10,000; default 10000,100000,1000000
  --quick   two rounds in place of five, and a small organisation
  --only    organisation: what administration costs, and nothing else
            ways: the endpoint beside how it was before, and nothing else
            floods: revocations of one org while another floods the node. It fails where an answer
            isn't 204, or where the node ends
            pages: open pages on one node, and how soon the right ones are told
            forwards: what passing sign-outs on to apps costs, how soon it is done, and how much
            accounts: what shared accounts cost a revocation, and how soon an old password is refused

  A size above 1,000,000 fills only the product, and compares the endpoint with its own at 10,000.`;

/** People of the org that floods; those of its neighbour; seconds of a flood for each way to revoke. */
const largeFlood = { people: 200_000, neighbours: 20_000, seconds: 4 };
const smallFlood = { people: 10_000, neighbours: 4_000, seconds: 0.5 };

/** Open pages, and how many of their people are revoked. */
const manyPages = { pages: 10_000, revoked: 50 };
const fewPages = { pages: 1_000, revoked: 20 };
/** People of the org that is signed out as a whole, forwards to drain, revocations one by one. */
const manyForwards = { people: 100_000, drained: 10_000, single: 200 };
const fewForwards = { people: 5_000, drained: 2_000, single: 40 };
/** Revocations with accounts and without; people with one account at each system; accounts of one person. */
const manyAccounts = { revocations: 200, single: 100, many: 1_000 };
const fewAccounts = { revocations: 40, single: 10, many: 100 };
/** Live sessions: with more of them only the product is filled. */
const mostForPeers = 1_000_000;

/** People with ten sessions each; events on record; single requests of each kind. */
const largeOrganisation = { people: 100_000, events: 1_000_000, trials: 20 };
const smallOrganisation = { people: 10_000, events: 100_000, trials: 5 };

const started = performance.now();
const progress = (text: string) =>
  process.stderr.write(`[${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s] ${text}\n`);

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string' },
    quick: { type: 'boolean' },
    only: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const sizes = (options.sizes ?? '10000,100000,1000000').split(',').map(Number);
const wrongSize = sizes.some((size) => !Number.isInteger(size) || size < 10_000 || size % 10_000 !== 0);
const veryLarge = sizes.filter((size) => size > mostForPeers);
const wrongUse =
  wrongSize ||
  (options.only !== undefined &&
    !['organisation', 'ways', 'floods', 'pages', 'forwards', 'accounts'].includes(options.only));
if (options.help || wrongUse) {
  process.stdout.write(`${usage}\n`);
  process.exit(wrongUse ? 2 : 0);
}

if (!options.only && veryLarge.length < sizes.length) installPeers(progress);
const postgres = await startEmbeddedPostgres({
  dataDir: mkdtempSync(path.join(os.tmpdir(), 'universal-logout-bench-')),
  keep: false,
});
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () =>
    killChildren()
      .then(() => postgres.stop())
      .finally(() => process.exit(1)),
  );
try {
  await run(options.quick ? 2 : 5);
} catch (error) {
  // The stop ends connections of what was under way, whose errors would hide this one.
  console.error(error);
  process.exitCode = 1;
} finally {
  await killChildren();
  await postgres.stop();
}

async function run(rounds: number): Promise<void> {
  const load = startChild('load.ts');
  const stores: Store[] = [];
  const results: SizeResult[] = [];
  process.stdout.write(`${machine()}\n`);
  if (options.only === 'ways') {
    for (const size of sizes) {
      const store = await openStore(postgres.databaseUrl, size, progress);
      process.stdout.write(await reportWays(store, load, rounds));
      await store.stopPeers();
      await store.close();
    }
    return load.stop();
  }
  if (options.only === 'floods') {
    const size = options.quick ? smallFlood : largeFlood;
    const floods = await measureFloods(postgres.databaseUrl, load, size, progress);
    process.stdout.write(`${floodReport(floods, size.people)}\n`);
    save({ machine: machine(), floods });
    if (floods.some(isBroken)) process.exitCode = 1;
    return load.stop();
  }
  if (options.only === 'pages') {
    const pages = await measurePages(postgres.databaseUrl, load, options.quick ? fewPages : manyPages, progress);
    process.stdout.write(`${pagesReport(pages)}\n`);
    save({ machine: machine(), pages });
    if (isUntold(pages)) process.exitCode = 1;
    return load.stop();
  }
  if (options.only === 'forwards') {
    const size = { rounds, ...(options.quick ? fewForwards : manyForwards) };
    const forwards = await measureForwards(postgres.databaseUrl, load, size, progress);
    process.stdout.write(`${forwardsReport(forwards)}\n`);
    save({ machine: machine(), rounds, forwards });
    if (isUnheard(forwards)) process.exitCode = 1;
    return load.stop();
  }
  if (options.only === 'accounts') {
    const size = options.quick ? fewAccounts : manyAccounts;
    const accounts = await measureAccounts(postgres.databaseUrl, load, size, progress);
    process.stdout.write(`${accountsReport(accounts)}\n`);
    save({ machine: machine(), accounts });
    return load.stop();
  }
  for (const size of veryLarge) {
    const result = await measureVeryLarge(postgres.databaseUrl, load, { size, rounds }, progress);
    process.stdout.write(`${veryLargeReport(result)}\n`);
    save({ machine: machine(), rounds, veryLarge: result });
  }
  if (veryLarge.length === sizes.length) return load.stop();
  const organisation = await measureOrganisation(
    postgres.databaseUrl,
    load,
    { rounds, ...(options.quick ? smallOrganisation : largeOrganisation) },
    progress,
  );
  process.stdout.write(`${organisationReport(organisation)}\n`);
  if (options.only) {
    save({ machine: machine(), rounds, organisation });
    return load.stop();
  }
  for (const size of sizes.filter((each) => each <= mostForPeers)) {
    const store = await openStore(postgres.databaseUrl, size, progress);
    stores.push(store);
    const result = await compare(store, load, rounds);
    results.push(result);
    process.stdout.write(`${sizeReport(result)}\n`);
    progress('comparing the ways to end access');
    process.stdout.write(await reportWays(store, load, rounds));
    await store.stopPeers();
  }
  progress('the endpoint at all sizes in turn');
  const acrossSizes = await compareSizes(stores, load, rounds + 2);
  process.stdout.write(`${aimsReport({ sizes: results, acrossSizes, organisation })}\n`);
  save({ machine: machine(), rounds, organisation, sizes: results, acrossSizes });
  for (const store of stores) await store.close();
  await load.stop();
}

async function reportWays(store: Store, load: Child, rounds: number): Promise<string> {
  const ways = waysReport(store.size, await compareWays(store, load, rounds), await compareLists(store, rounds));
  return `${ways}\n${heldReport(await compareHeld(store, load, rounds))}\n`;
}

async function compare(store: Store, load: Child, rounds: number): Promise<SizeResult> {
  progress(`measuring revocations (${rounds} rounds after one to warm up)`);
  const revocation = await measure(revocationContenders(store, load), { rounds, afterRound: store.tidy });
  progress('measuring GET /api/users/me');
  const read = await measure(readContenders(store, load), { rounds });
  return { size: store.size, revocation, read, missing: store.missing };
}

async function compareSizes(stores: readonly Store[], load: Child, rounds: number): Promise<Results['acrossSizes']> {
  const endpoints = stores.map((store) => revocationContenders(store, load)[0]).filter((each) => each !== undefined);
  const figures = await measure(endpoints, { rounds, sequentialOnly: true });
  return figures.map((each, index) => ({ size: stores[index]?.size ?? 0, figures: each }));
}

function machine(): string {
  const cpus = os.cpus();
  const load = os.loadavg()[0] ?? 0;
  const busy =
    load > cpus.length / 2
      ? `\nThe machine is busy (load average ${load.toFixed(1)}): trust the ratios, not the times`
      : '';
  return `${cpus.length} × ${cpus[0]?.model.trim()}, ${process.platform} ${process.arch}, Node ${process.versions.node}; PostgreSQL from npm with fsync on, servers and load generator on the same machine${busy}`;
}

function save(results: object): void {
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  progress(`wrote ${path.relative(process.cwd(), file)}`);
}
