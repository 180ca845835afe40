import Table from 'cli-table3';
import { names } from './contenders.ts';
import type { Figures } from './measure.ts';

export type SizeResult = Readonly<{
  size: number;
  revocation: readonly Figures[];
  read: readonly Figures[];
  missing: Readonly<Record<string, string>>;
}>;
export type Results = Readonly<{
  sizes: readonly SizeResult[];
  /** The endpoint alone, all sizes in turn within the same rounds. */
  acrossSizes: readonly Readonly<{ size: number; figures: Figures }>[];
  /** The endpoint in an organisation of its own, without and with notifications. */
  organisation: Readonly<{ sessions: number; silent: Figures; told: Figures }>;
}>;

export const count = (value: number) => value.toLocaleString('en');
export const ms = (value: number | null) =>
  value === null ? '–' : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
export const times = (value: number) =>
  `${value >= 100 ? count(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2)} ×`;

/** The tables of one size: revocations, and who-am-I; the last column compares with row 1. */
export function sizeReport({ size, revocation, read, missing }: SizeResult): string {
  const lines = [
    `\nRevoking one person with 5 live sessions; ${count(size)} live sessions in each store`,
    figuresTable(revocation, 'p50 against the endpoint', (of, first) => of.p50 / first.p50),
  ];
  for (const [peer, reason] of Object.entries(missing)) lines.push(`${peer} is not compared with: ${reason}`);
  lines.push(
    `\nGET /api/users/me with a session cookie, and with an access token; ${count(size)} live sessions in each store`,
    figuresTable(
      read,
      'throughput of the product against it',
      (of, first) => (first.perSecond ?? 0) / (of.perSecond ?? 1),
    ),
  );
  return lines.join('\n');
}

function figuresTable(
  all: readonly Figures[],
  ratio: string,
  compare: (of: Figures, first: Figures) => number,
): string {
  const first = all[0] as Figures;
  const rows = all.map((of) => [
    of.name,
    ms(of.p50),
    ms(of.p99),
    of.perSecond === null ? '–' : count(Math.round(of.perSecond)),
    ms(of.cpu),
    of === first ? '' : times(compare(of, first)),
  ]);
  return table(['', 'p50 ms', 'p99 ms', 'a second, 16 conn.', 'CPU ms each', ratio], rows);
}

/** The aims, the measured values, and whether each was met. Nothing fails: machines differ. */
export function aimsReport({ sizes, acrossSizes, organisation }: Results): string {
  const rows: string[][] = [];
  const aim = (what: string, goal: string, measured: number, met: boolean, shown = times(measured)) =>
    rows.push([what, goal, shown, met ? 'yes' : 'not here']);
  const [smallest, largest] = [acrossSizes[0], acrossSizes.at(-1)];
  if (smallest && largest && smallest !== largest) {
    const growth = largest.figures.p50 / smallest.figures.p50;
    aim(`p50 at ${count(largest.size)} against its own at ${count(smallest.size)}`, '≤ 1.3 ×', growth, growth <= 1.3);
  }
  for (const { size, revocation, read } of sizes) {
    const p50 = (name: string) => named(revocation, name).p50;
    const parts = p50(names.endpoint) / (p50(names.statement) + p50(names.keyLookup) + p50(names.barePost));
    aim(`p50 against statement + key look-up + bare POST, at ${count(size)}`, '≤ 2 ×', parts, parts <= 2);
    const perSecond = named(revocation, names.endpoint).perSecond ?? 0;
    aim(
      `revocations a second, at ${count(size)}`,
      '≥ 3,000',
      perSecond,
      perSecond >= 3000,
      count(Math.round(perSecond)),
    );
    const scan = p50(names.scan) / p50(names.endpoint);
    if (size === 1_000_000) aim("the workshop's scan takes longer, at 1,000,000", '≥ 800 ×', scan, scan >= 800);
    const me = named(read, names.me).perSecond ?? 0;
    const usual = me / (named(read, names.usualMe).perSecond ?? 1);
    aim(`users/me a second against the usual stack, at ${count(size)}`, '≥ 6 ×', usual, usual >= 6);
    const byToken = me / (named(read, names.meByToken).perSecond ?? 1);
    aim(
      `users/me by access token: its time against the cookie's, at ${count(size)}`,
      '≤ 1.3 ×',
      byToken,
      byToken <= 1.3,
    );
    const withGrants = p50(names.withGrants) / p50(names.endpoint);
    aim(`p50 with 5 grants too against 5 sessions alone, at ${count(size)}`, '≤ 1.5 ×', withGrants, withGrants <= 1.5);
    const byJwt = p50(names.byJwt) / p50(names.endpoint);
    aim(`p50 of a JWT caller against the API key's, at ${count(size)}`, '< 2 ×', byJwt, byJwt < 2);
  }
  const across = acrossSizes.map(({ size, figures }) => [count(size), ms(figures.p50), ms(figures.p99)]);
  // These were measured earlier, on another database.
  for (const { name, p50, p99 } of [organisation.silent, organisation.told])
    across.push([`${count(organisation.sessions)} of one organisation, ${name}`, ms(p50), ms(p99)]);
  return [
    '\nThe endpoint, one after another, all sizes in turn within the same rounds',
    table(['live sessions', 'p50 ms', 'p99 ms'], across),
    '\nAims',
    table(['what', 'aim', 'measured', 'met'], rows),
  ].join('\n');
}

function named(all: readonly Figures[], name: string): Figures {
  const found = all.find((figures) => figures.name === name);
  if (!found) throw new Error(`nothing was measured under the name "${name}"`);
  return found;
}

export function table(head: string[], rows: string[][]): string {
  const drawn = new Table({
    head,
    colAligns: head.map((_, index) => (index === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  drawn.push(...rows);
  return drawn.toString();
}
