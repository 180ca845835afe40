import type { ForwardsResult, Waits } from './forwards.ts';
import { count, ms, table, times } from './report.ts';

export function forwardsReport(of: ForwardsResult): string {
  const { none, three, drained, everyone } = of;
  const perMinute = (drained.forwards / drained.seconds) * 60;
  const waits = (what: string, { p50, p99, most, untold }: Waits, goal = '') => [
    what,
    `${ms(p50)} / ${ms(p99)} / ${ms(most)}${untold > 0 ? `, ${untold} untold` : ''}`,
    goal,
  ];
  const rows = [
    ['a revocation, p50 ms: three apps / none, one at a time', `${ms(of.threeAlone)} / ${ms(of.noneAlone)}`, ''],
    ['the same, ratio', times(of.threeAlone / of.noneAlone), '≤ 1.1 ×'],
    ['back to back while forwards are sent', `${ms(three.p50)} / ${ms(none.p50)}: ${times(three.p50 / none.p50)}`, ''],
    waits('from the 204 to the app, idle queue: p50 / p99 / most, ms', of.idle, 'p99 < 1 s'),
    waits('the same beside an app that hangs', of.besideHanging),
    waits('of another organisation meanwhile', of.otherOrg),
    [`${count(drained.forwards)} forwards to one app, a minute`, count(Math.round(perMinute)), '≥ 10,000'],
    ['CPU of the node for each, ms', ms(drained.cpuMs), ''],
    [`everyone of ${count(everyone.people)} signed out, seconds until all are told`, everyone.seconds.toFixed(0), ''],
    [
      'memory of the node before / at most, MB',
      `${everyone.memoryBefore.toFixed(0)} / ${everyone.memoryPeak.toFixed(0)}`,
      '',
    ],
    ['forwards that waited at most', count(everyone.mostWaiting), ''],
    waits('single people of it meanwhile: p50 / p99 / most, ms', everyone.single),
  ];
  return [`\nPassing sign-outs on (load average ${of.load.toFixed(1)})`, table(['', 'measured', 'aim'], rows)].join(
    '\n',
  );
}

/** Somebody wasn't told. */
export const isUnheard = ({ idle, besideHanging, otherOrg, everyone }: ForwardsResult): boolean =>
  [idle, besideHanging, otherOrg, everyone.single].some(({ untold }) => untold > 0);
