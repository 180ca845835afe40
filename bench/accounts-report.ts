import type { Waits } from './account-refusals.ts';
import { type AccountsResult, others } from './accounts.ts';
import { count, ms, table, times } from './report.ts';

export function accountsReport({ withAccounts, without, systems, many, load }: AccountsResult): string {
  const shown = ({ p50, p99, most }: Waits) => `${ms(p50)} / ${p99 === null ? `${ms(most)} (max)` : ms(p99)}`;
  const refusals = systems.map((system) =>
    'samples' in system
      ? [system.name, shown(system.atSystem), shown(system.done), count(system.samples)]
      : [system.name, 'not installed', '', ''],
  );
  const [before, after] = load.map((each) => each.toFixed(1));
  return [
    `\nShared accounts (load average ${before} at the beginning, ${after} at the end)`,
    '\nFrom the 204 to the refusal of the old password, ms, p50 / p99',
    table(['', 'by the system', 'rotation done', 'samples'], refusals),
    table(
      ['', 'measured', 'aim'],
      [
        [
          `a revocation, p50 ms: an org with ${count(others)} accounts / without`,
          `${ms(withAccounts)} / ${ms(without)}`,
          '',
        ],
        ['the same, ratio', times(withAccounts / without), '≤ 1.1 ×'],
        [
          `${count(many.accounts)} accounts of one person at one PostgreSQL, seconds until all are done`,
          many.seconds.toFixed(1),
          '',
        ],
        [
          'a revocation of another org meanwhile, ms, p50 / max',
          `${ms(many.meanwhile.p50)} / ${ms(many.meanwhile.most)}`,
          '',
        ],
      ],
    ),
  ].join('\n');
}
