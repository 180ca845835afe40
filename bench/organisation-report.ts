import type { OrganisationResult } from './organisation.ts';
import { count, ms, table, times } from './report.ts';

/** The costs of an organisation's administration, each beside its aim. */
export function organisationReport(of: OrganisationResult): string {
  const rows: string[][] = [];
  const against = (what: string, measured: number, base: number, aim: number) => {
    const ratio = measured / base;
    rows.push([what, ms(measured), `${ms(base)} → ${times(ratio)}`, `≤ ${aim} ×`, ratio <= aim ? 'yes' : 'not here']);
  };
  against('a revocation, notifications and a webhook on, against none', of.told.p50, of.silent.p50, 1.3);
  against(`signing everyone out, ${count(of.sessions)} live sessions, against one person`, of.ofEveryone, of.ofOne, 3);
  against('a person with 10,000 sessions against one with 5', of.many, of.few, 3);
  const under = (what: string, measured: number) =>
    rows.push([what, ms(measured), '', '< 20 ms', measured < 20 ? 'yes' : 'not here']);
  under(`SCIM: a page of 100 of ${count(of.people)} people`, of.scimPage);
  under('SCIM: userName eq "…"', of.scimFilter);
  const { events, megabytes, seconds, memoryBefore, memoryPeak } = of.export;
  return [
    `\nAn organisation of ${count(of.people)} people with 10 live sessions each`,
    table(['p50', 'ms', 'against', 'aim', 'met'], rows),
    `The webhook got ${count(of.webhookMessages)} messages; at most ${of.relayedAfter.toFixed(1)} s after a round all of it had been told.`,
    `Asking what signing everyone out would end took ${ms(of.askedOfEveryone)} ms.`,
    `Exporting ${count(events)} events (${megabytes} MB): ${seconds.toFixed(1)} s; the process held ${memoryBefore} MB before and ${memoryPeak} MB at most.`,
  ].join('\n');
}
